"""What the reader of YAML found wrong, in our words: its own are English, and speak to who wrote it. Pure."""

from __future__ import annotations

import yaml

from senim.languages import Hint

_MOST = 200
"""Characters of the library's own words that are quoted, where there are none of ours."""

_BROKEN = {
    "found undefined alias": Hint("yaml-alias"),
    "did not find expected alphabetic or numeric character": Hint("yaml-anchor"),
    "second occurrence": Hint("yaml-anchor-twice"),
    "did not find expected comment or line break": Hint("yaml-block"),
    "found an indentation indicator equal to 0": Hint("yaml-block"),
    "did not find expected ',' or ']'": Hint("yaml-bracket", mark="]"),
    "did not find expected ',' or '}'": Hint("yaml-bracket", mark="}"),
    "found character that cannot start any token": Hint("yaml-character"),
    "could not find expected ':'": Hint("yaml-colon"),
    "control characters are not allowed": Hint("yaml-control"),
    "special characters are not allowed": Hint("yaml-control"),
    "did not find expected '-' indicator": Hint("yaml-dash"),
    "block sequence entries are not allowed in this context": Hint("yaml-dash"),
    "exceeded maximum nesting depth": Hint("yaml-deep"),
    "could not find expected directive name": Hint("yaml-directive"),
    "found unexpected non-alphabetical character": Hint("yaml-directive"),
    "found unknown directive name": Hint("yaml-directive"),
    "found duplicate %YAML directive": Hint("yaml-directive"),
    "but found another document": Hint("yaml-documents"),
    "found unknown escape character": Hint("yaml-escape"),
    "did not find expected hexdecimal number": Hint("yaml-escape"),
    "found invalid Unicode character escape code": Hint("yaml-escape"),
    "did not find expected key": Hint("yaml-key"),
    "mapping keys are not allowed in this context": Hint("yaml-no-key"),
    "mapping values are not allowed in this context": Hint("yaml-no-key"),
    "did not find expected <document start>": Hint("yaml-outside"),
    "found unexpected document indicator": Hint("yaml-quote"),
    "found unexpected end of stream": Hint("yaml-quote"),
    "found a tab character that violates indentation": Hint("yaml-tab"),
    "found a tab character where an indentation space is expected": Hint("yaml-tab"),
    "found undefined tag handle": Hint("yaml-tag"),
    "did not find expected tag URI": Hint("yaml-tag"),
    "did not find the expected '>'": Hint("yaml-tag"),
    "did not find URI escaped octet": Hint("yaml-tag"),
    "did not find expected node content": Hint("yaml-value"),
    "found incompatible YAML document": Hint("yaml-version"),
}
"""What libyaml and PyYAML say most, and what to do about it."""


def why(error: yaml.YAMLError | RecursionError) -> Hint:
    """What is wrong with a file that is no YAML; the words of the library are quoted where we have none."""
    if isinstance(error, RecursionError):
        return Hint("yaml-deep")
    problem, context = str(getattr(error, "reason", error)), ""
    if isinstance(error, yaml.MarkedYAMLError):
        problem, context = error.problem or "", error.context or ""
    says = " ".join(filter(None, (context, problem))).partition("\n")[0][:_MOST]
    return _BROKEN.get(problem) or Hint("yaml", says=says)
