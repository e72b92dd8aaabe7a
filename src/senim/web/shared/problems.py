"""Refusals as HTTP statuses and as problem details (RFC 9457). Doors map kinds of errors, never features."""

from __future__ import annotations

from typing import Any

from senim.errors import (
    Code,
    Held,
    Invalid,
    NotAllowed,
    NotFound,
    NotPromised,
    Reason,
    SenimError,
    Tampered,
    Unavailable,
)
from senim.languages import Language, explain

_KINDS: tuple[tuple[type[SenimError], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (NotPromised, 403),
    (Invalid, 422),
    (Held, 409),
    (Tampered, 500),
    (Unavailable, 503),
)
_CODES = {
    Code.NOT_SIGNED_IN: 401,
    Code.SUBJECT_ERASED: 410,
    Code.BODY_MALFORMED: 400,
    Code.FORM_OUTDATED: 400,
    Code.CURSOR_WRONG: 400,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.BODY_TOO_LARGE: 413,
    Code.MEDIA_TYPE_WRONG: 415,
    Code.TOO_MANY_ATTEMPTS: 429,
    Code.STORAGE_FULL: 507,
    Code.INTERNAL: 500,
}


def status_of(error: SenimError) -> int:
    """The HTTP status of a refusal."""
    by_code = _CODES.get(error.code)
    return by_code or next(status for kind, status in _KINDS if isinstance(error, kind))


def reason_details(reason: Reason, language: Language = "en") -> dict[str, str]:
    """One ground of a decision."""
    return {
        "code": reason.code.value,
        "where": reason.where,
        "clause": reason.clause,
        "article": reason.article,
        "detail": reason.says(language),
    }


def problem(error: SenimError, language: Language = "en") -> dict[str, Any]:
    """A refusal as problem details, with every reason. Never a value of a person, never a text of the machine."""
    first = error.reasons[0]
    told: dict[str, Any] = {
        "type": f"urn:senim:problem:{error.code}",
        "title": explain(error.code, language),
        "status": status_of(error),
        "code": error.code.value,
        "where": error.where,
        "clause": first.clause,
        "article": first.article,
        "reasons": [reason_details(reason, language) for reason in error.reasons],
    }
    if said := error.says(language):
        told["detail"] = said
    return told
