"""Refusals: seven kinds, each with a stable code, none with anybody's value."""

from __future__ import annotations

import pickle

import pytest

from senim.errors import (
    Code,
    Held,
    Invalid,
    NotAllowed,
    NotFound,
    NotPromised,
    Reason,
    SenimError,
    Stale,
    Tampered,
    Unavailable,
    of_disk,
)

KINDS = (NotFound, NotAllowed, NotPromised, Invalid, Held, Tampered, Unavailable)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_strangers_to_each_other(kind: type[SenimError]) -> None:
    """A door that catches one kind catches no other."""
    assert [one for one in KINDS if issubclass(kind, one)] == [kind]
    assert issubclass(kind, SenimError)


def test_an_error_carries_its_code_and_its_place() -> None:
    """Code and place are what is told; without other reasons they are the reason."""
    error = Invalid(Code.INVALID_VALUE, "contact.email")
    assert (error.code, error.where, str(error)) == (
        Code.INVALID_VALUE, "contact.email", "invalid_value: contact.email",
    )  # fmt: skip
    assert error.reasons == (Reason(Code.INVALID_VALUE, "contact.email"),)
    assert str(NotFound(Code.NOT_FOUND)) == "not_found"


def test_an_error_carries_all_its_reasons() -> None:
    """The first reason gives the code; the others are not lost."""
    reasons = [Reason(Code.TERM_OVER, "orders", "mini-2", "12(2)"), Reason(Code.SUBJECT_BLOCKED, "subject")]
    error = NotPromised(reasons[0].code, reasons[0].where, reasons=iter(reasons))
    assert error.reasons == tuple(reasons)


def test_stale_is_a_clash_that_is_tried_again() -> None:
    """Who loses a race is told as a clash if it keeps happening."""
    assert isinstance(Stale(), Held)
    assert Stale().code is Code.CHANGED_MEANWHILE


def test_codes_are_words() -> None:
    """Codes are small words with underscores, each once: outsiders rely on them."""
    assert len({code.value for code in Code}) == len(Code)
    assert all(code.value.replace("_", "").isalpha() and code.value.islower() for code in Code)
    assert all(code.name.lower() == code.value for code in Code)


@pytest.mark.parametrize(
    "word",
    ["category_undeclared", "field_not_needed", "purpose_undeclared", "consent_missing", "consent_unproven",
     "recipient_undeclared", "operation_not_entrusted", "country_not_allowed", "subject_blocked", "subject_stopped",
     "term_over", "role_not_allowed", "human_read_forbidden", "attestation_missing", "special_category", "card_number",
     "reason_missing", "store_outside_country", "not_found", "invalid_value"],
)  # fmt: skip
def test_words_that_outsiders_know(word: str) -> None:
    """The words that the contract names stay."""
    assert Code(word).value == word


@pytest.mark.parametrize(("number", "code"), [(28, Code.STORAGE_FULL), (5, Code.STORAGE_FAILED)])
def test_errors_of_the_disk(number: int, code: Code) -> None:
    """A full disk is told as that; the machine's text and paths stay in the cause."""
    cause = OSError(number, "text of the machine", "/secret/path")
    error = of_disk(cause, "checkpoint")
    assert error.code is code
    assert error.__cause__ is cause
    assert "secret" not in f"{error} {error.detail}"


def test_reasons_can_be_compared_and_sent() -> None:
    """Reasons are plain values."""
    reason = Reason(Code.TERM_OVER, "orders", "mini-2", "12(2)")
    assert pickle.loads(pickle.dumps(reason)) == reason
    assert len({reason, Reason(Code.TERM_OVER, "orders", "mini-2", "12(2)")}) == 1
