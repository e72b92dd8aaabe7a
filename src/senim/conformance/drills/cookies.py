"""The drill of cookies: visitors see a notice, choose for themselves, and what they chose can be proven."""

from __future__ import annotations

from typing import Any

from senim.audit.statements import open_statement
from senim.collection.cookie_rules import KIND, optional, origins
from senim.collection.cookies import VISITOR
from senim.collection.records import Choice, Chosen
from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Stage, listed
from senim.errors import Code
from senim.identity import new_id
from senim.languages import LANGUAGES, Hint
from senim.policy.cookies import Shown, kinds, shown


def cookies(stage: Stage) -> None:
    """Each kind is told in three languages; a choice holds for exactly what was chosen, is refused without the text."""
    known = optional(stage.promises)
    if not known:
        raise NothingDeclared(Hint("cookies-no-choice"))
    before = stage.platform.subjects.count(stage.platform.database)
    visitor = new_id()
    for language in LANGUAGES:
        text = next(one for one in shown(stage.promises, language) if one.variant == "banner")
        missing = [one.id for one in kinds(stage.promises, language) if one.about not in text.text]
        stage.expect(not missing, Hint("notice-silent", language=language, kinds=listed(missing)))
    _refused(stage, text, known)
    for how, allowed in (("refuse", ()), ("accept", known), ("choose", known[:1])):
        kept = _choose(stage, text, visitor, how=how, kinds=allowed)
        kind, told = open_statement(kept.receipt, stage.platform.jwk)
        stage.expect(kind == KIND and told["allowed"] == sorted(allowed), Hint("choice-proven-otherwise", how=how))
        stage.expect(told["shown"]["digest"] == text.digest, Hint("proof-of-other-text"))
        stage.expect(not set(told["allowed"]) & set(told["refused"]), Hint("kind-both"))
    frozen = stage.platform.policies.notice_shown(text.digest)
    stage.expect(frozen.content == text.text, Hint("shown-unkept"))
    _choose(stage, None, visitor, how="withdraw", kinds=())
    history = stage.platform.cookies.history(stage.platform.works.begin(VISITOR), visitor)
    found = [one.kinds for one in history]
    stage.expect(found == [(), tuple(sorted(known)), known[:1], ()], Hint("choices-unlogged"))
    after = stage.platform.subjects.count(stage.platform.database)
    stage.expect(before == after, Hint("visitor-on-file"))


def _choose(stage: Stage, text: Shown | None, visitor: str, *, site: str = "", **parts: Any) -> Chosen:
    given = {"id": new_id(), "visitor": visitor, "language": "en", "shown": text.digest if text else "", **parts}
    choice = Choice(**given)
    place = site or min(origins(stage.policy))
    kept: Chosen = stage.platform.run(VISITOR, lambda work: stage.platform.cookies.choose(work, choice, site=place))
    return kept


def _refused(stage: Stage, text: Shown, known: tuple[str, ...]) -> None:
    """What proves nothing is not taken."""
    other, visitor = Shown(text.version, text.variant, text.language, f"{text.text}\nand more"), new_id()
    tries: tuple[tuple[Code, Hint, Shown | None, dict[str, Any]], ...] = (
        (Code.NOTICE_OUTDATED, Hint("other-text"), other, {}),
        (Code.NOTICE_MISSING, Hint("without-text"), None, {}),
        (Code.ORIGIN_NOT_ALLOWED, Hint("other-site"), text, {"site": "https://elsewhere.example"}),
        (Code.INVALID_VALUE, Hint("undeclared-kind"), text, {"how": "choose", "kinds": ("undeclared",)}),
    )
    for code, what, seen, more in tries:
        given = {"how": "accept", "kinds": known, **more}
        stage.refused(code, lambda seen=seen, given=given: _choose(stage, seen, visitor, **given), what)  # type: ignore[misc]  # bound at once
