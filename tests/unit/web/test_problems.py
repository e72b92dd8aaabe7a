"""A refusal as problem details, in the language of who asked."""

from __future__ import annotations

import pytest

from senim.errors import Code, Invalid
from senim.languages import Hint, Language
from senim.web.shared.problems import problem

HINT = Hint("faults", Hint("at-line", line=3, where="id", says=Hint("meant", name="x")), count=1)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("kk", "қате саны: 1; 3-жол: id: мүмкін, «x»?"),
        ("ru", "ошибок: 1; строка 3: id: может быть, «x»?"),
        ("en", "faults: 1; line 3: id: did you mean “x”?"),
    ],
)
def test_a_hint_is_a_detail_in_the_caller_s_language(language: Language, says: str) -> None:
    """Details that are names alone stay as they are, and without either there is none."""
    assert problem(Invalid(Code.POLICY_INVALID, hint=HINT), language)["detail"] == says
    assert problem(Invalid(Code.INVALID_VALUE, detail="a, b"), language)["detail"] == "a, b"
    assert "detail" not in problem(Invalid(Code.INVALID_VALUE), language)
