"""What is shown once: codes, a first password, a key. It is kept nowhere, and can be read in another language.

The page itself carries what it shows, signed for this session and for a few minutes, in the form of the switch.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, current_app, render_template, request, session, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from senim.errors import Code, Invalid
from senim.web.console.guard import Answer, seated
from senim.web.shared.switching import repeats

pages = Blueprint("once", __name__, url_prefix="/shown")

_SECONDS = 900
_FIELD = "shown"


def once(template: str, **told: Any) -> str:
    """A page that is shown once, as the answer of a form. What it tells is text, or lists of texts."""
    return _page(_signer().dumps([template, told]), template, told)


@pages.post("/")
def again() -> Answer:
    """The same page in another language, for whoever has it."""
    signed = request.form.get(_FIELD, "")
    try:
        template, told = _signer().loads(signed, max_age=_SECONDS)
    except BadSignature as error:
        raise Invalid(Code.FORM_OUTDATED, _FIELD) from error
    return _page(signed, template, told)


def _page(signed: str, template: str, told: dict[str, Any]) -> str:
    repeats((_FIELD, signed))
    return render_template(template, **told, switch_to=lambda _: url_for("once.again"))


def _signer() -> URLSafeTimedSerializer:
    """Signs for this account and this session alone, whose cookie holds the root of the tokens of its forms."""
    seat = seated()
    assert seat is not None  # nothing is shown to nobody
    salt = f"once {seat.account.id} {session['csrf_token']}"
    return URLSafeTimedSerializer(cast("bytes", current_app.secret_key), salt=salt)
