"""Switching the language keeps the place, and what was typed there.

A page that was opened has a link to itself for each language. A page that answers a form has buttons instead, in a form
of their own that repeats what was sent: they open the place of the form anew, which does nothing, with what was typed
in it and what was wrong with it. An answer that has no place of its own, and does no harm when it is asked for once
more, says so by :func:`repeats`: then the buttons send the form itself again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import current_app, g, redirect, request, session, url_for
from werkzeug.exceptions import HTTPException

from senim.languages import LANGUAGES, Hint, Language

SWITCH = "switch-language"
"""The field by which a page that answers a form is asked for in another language."""

FAULT, FILES, REPEAT = "switch-fault", "switch-files", "switch-repeat"
"""What goes along with it: what was wrong, that there were files, that the form itself is sent again."""

LONGEST_FAULT = 2_000
"""Characters of one of them: hints within hints are followed only so far."""

MOST_FAULTS = 50
"""How many faults of a form are told again; more than a form of a policy has fields."""

OWN = ("csrf_token", SWITCH, FAULT, FILES, REPEAT)

SECRET = ("code", "password", "old", "new", "again", "credential", "again-password", "again-credential")
"""Fields that are typed anew each time: no page repeats them."""


class Wrong(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong with a form: a code or one of the door's words, the field that it is told beside, and a hint."""

    word: str
    where: str = ""
    """Empty: it is about the whole form, and told above it."""
    hint: Hint | None = None


_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Wrong).decode


def carried(faults: Iterable[Wrong]) -> list[tuple[str, str]]:
    """Faults as fields of the form of the switch."""
    return [(FAULT, _encode(one).decode()) for one in faults]


def brought() -> list[Wrong]:
    """The faults that came along with the switch; what cannot be one of ours is none."""
    return [one for text in request.form.getlist(FAULT)[:MOST_FAULTS] if (one := _fault(text))]


def _fault(text: str) -> Wrong | None:
    if len(text) > LONGEST_FAULT:
        return None
    try:
        found = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.hint is None or found.hint.fits else None


def language_chosen() -> Any:
    """``?language=kk`` is remembered, and leads back to the same place."""
    if request.method != "GET" or request.args.get("language") not in LANGUAGES:
        return None
    session["language"] = request.args["language"]
    return redirect(here(), 303)


def switching() -> Language | None:
    """The language that a button of a page that answers a form asks for."""
    chosen = request.form.get(SWITCH) if request.environ["REQUEST_METHOD"] == "POST" else None
    return next((one for one in LANGUAGES if one == chosen), None)


def reopened() -> None:
    """Open the place of a form, with what was typed in it: the view that shows it runs, none that does something."""
    if request.endpoint in g.door.others or (chosen := switching()) is None:
        return
    if g.door.name:  # public pages have their language in their address, and no session
        current_app.extensions["csrf"].protect()  # the place of a form may be one that takes none itself
        session["language"] = g.language = chosen
    if REPEAT in request.form:
        return
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None  # there is a request
    rule, values = adapter.match(method="GET", return_rule=True)
    request.url_rule, request.view_args = rule, dict(values)
    request.method, request.routing_exception = "GET", None
    g.reopened = True
    g.faults = brought()


def repeats(*along: tuple[str, str]) -> None:
    """This answer does no harm when it is asked for again: in another language its form is sent again as it is.

    ``along`` is sent in place of the form's fields.
    """
    g.repeats = along


def by_links() -> None:
    """This answer has nothing of a form to keep: another language is a link to its place."""
    g.linked = True


def typed(name: str, otherwise: str = "") -> str:
    """What was typed into a field of the form that this page answers; else what stands there."""
    return request.form.get(name, otherwise)


def along() -> list[tuple[str, str]] | None:
    """The fields that go along in another language; None for a page that was opened, which has links."""
    if request.environ["REQUEST_METHOD"] != "POST" or g.get("linked"):
        return None
    left_out = {*OWN, *SECRET, *g.get("untold", ())}
    sent = [(name, text) for name, text in request.form.items(multi=True) if name not in left_out]
    again = g.get("repeats")
    if again is not None:
        return [*(again or sent), (REPEAT, "1")]
    return [*sent, *carried(g.get("faults", ())), *([(FILES, "1")] if had_files() else [])]


def had_files() -> bool:
    """Whether files came with a form that is shown again: no browser gives them back to it."""
    return FILES in request.form or any(one.filename for one in request.files.values())


def here(**changed: str) -> str:
    """The address of this page, with changed parameters; the choice of language is not one that stays.

    What visitors put into an address is never given to ``url_for``: it takes ``_scheme`` and the like for its own.
    """
    kept = [(name, text) for name, text in request.args.items(multi=True) if name != "language" and name not in changed]
    if g.get("repeats") is not None and not changed:
        place = f"{request.script_root}{request.path}"
    elif shown := getattr(g, "place", ""):  # what a form came to is read at an address of its own
        place, kept = shown, []
    elif request.endpoint and opens(request.path):
        place = url_for(request.endpoint, **(request.view_args or {}))
    else:  # no page of ours, or one that only takes a form: the start of the door is the nearest
        place, kept = f"{request.script_root}/", []
    asked = urlencode([*kept, *changed.items()], safe="!$'()*,/:;?@")
    return f"{place}{'&' if '?' in place else '?'}{asked}" if asked else place


def opens(path: str) -> bool:
    """Whether a place of this door can be opened, and not only be sent a form."""
    if request.method == "GET" and path == request.path:
        return request.endpoint is not None
    try:
        current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]  # has a request
    except HTTPException:
        return False
    return True


def to_language(language: str) -> str:
    """The address of this page in another language, for a link or for the button of a form."""
    return here(language=language) if along() is None else here()
