"""Ways to put a mechanism out of order, for tests of what notices it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from senim.audit.statements import StatementSigner
from senim.subjects import Subjects
from senim.subjects.records import Standing
from senim.work import Work

Break = Callable[[pytest.MonkeyPatch], None]


def instead(target: str, replacement: Any) -> Break:
    """Put something else in a mechanism's place."""
    return lambda patch: patch.setattr(target, replacement)


def gives(target: str, value: Any) -> Break:
    """Let a function give the same whatever it is asked."""
    return instead(target, lambda *_, **__: value)


def forgets_a_no(patch: pytest.MonkeyPatch) -> None:
    """Withdrawals are logged and do not bind."""
    agree = Subjects.agree

    def only_yes(self: Subjects, work: Work, who: Standing, purpose: str, scope: str, agreed: Any) -> Standing:
        return agree(self, work, who, purpose, scope, agreed) if agreed.given else who

    patch.setattr(Subjects, "agree", only_yes)


def a_foreign_key(patch: pytest.MonkeyPatch) -> None:
    """Receipts signed with a key that nobody published."""
    sign, other = StatementSigner.sign, StatementSigner(bytes(32))
    patch.setattr(StatementSigner, "sign", lambda self, kind, payload: sign(other, kind, payload))


ALWAYS = gives("senim.gate.actions.decide", ())
"""A gate that always says yes."""
