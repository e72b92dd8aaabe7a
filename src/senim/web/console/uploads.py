"""Files that staff sends: larger than forms, never written to a disk in clear, sent back only to be saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from flask import Response, request

from senim.rights import Attached
from senim.rights.desk import MOST_PAPER
from senim.web.console.guard import seated
from senim.web.shared.media import media_of

MOST = MOST_PAPER + 1024 * 1024
"""Bytes of a form with a file in it."""

Paper = Literal["letter", "scan", "authority", "evidence", "signature"]


def allow_files(*endpoints: str) -> Callable[[str | None, dict[str, Any] | None], None]:
    """Lets views take a file from whoever is signed in; it has to be said before the form is looked at."""

    def allow(endpoint: str | None, _: dict[str, Any] | None) -> None:
        if endpoint in endpoints and request.method == "POST" and seated() is not None:
            request.max_content_length = MOST

    return allow


def sent(name: str, what: Paper) -> tuple[Attached, ...]:
    """The files that came under a name in the form; none if none was chosen."""
    contents = (one.read() for one in request.files.getlist(name)[:10])
    return tuple(Attached(what=what, media=media_of(one), content=one) for one in contents if one)


_ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "text/html": ".html"}
"""By what devices know with which program they open a file."""


def handed(content: bytes, media: str, name: str) -> Response:
    """A file to be saved: it is never shown within our pages, whatever it says it is."""
    name += "" if "." in name else _ENDINGS.get(media, "")
    answer = Response(content, content_type=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
