"""Who may change something in somebody's name: pages of this service, and no other site's.

A form of ours carries a token, and its cookie stays away from other sites; this is a wall of its own, which needs
neither. Browsers tell by themselves where a request comes from (``Sec-Fetch-Site``, ``Origin``), and no page can make
them say otherwise. What a door has for other sites is named by the door, and looks by itself at who sends it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Request, current_app

from senim.errors import Code, NotAllowed
from senim.web.shared.askers import from_proxy

HOME = "HOME"
"""Under which name an application keeps the address of the settings."""

_SAFE = ("GET", "HEAD", "OPTIONS")
_OURS = ("same-origin", "none")
_PORTS = {"http": ":80", "https": ":443"}


def own(asked: Request) -> None:
    """Raise NotAllowed (form_foreign) if what changes something is sent by another site's page.

    What says nothing of where it comes from was sent by no browser of today; it needs the token all the same.
    """
    if asked.method in _SAFE:
        return
    site, origin = asked.headers.get("Sec-Fetch-Site"), asked.headers.get("Origin")
    if site is not None and site not in _OURS:
        raise NotAllowed(Code.FORM_FOREIGN, "Sec-Fetch-Site")
    untold = origin is None or (origin == "null" and site is not None)  # a browser may keep it to itself
    if not untold and not _is_ours(asked, origin or ""):
        raise NotAllowed(Code.FORM_FOREIGN, "Origin")


def _is_ours(asked: Request, origin: str) -> bool:
    """Whether an origin is the address of the settings, or the one that the browser asked at.

    By host and port: before a proxy that ends TLS the browser's scheme is another than ours.
    """
    scheme, _, host = origin.lower().partition("://")
    if scheme not in _PORTS:
        return False
    forwarded = asked.headers.get("X-Forwarded-Host", "").split(",") if from_proxy(asked) else []
    ours = (urlsplit(current_app.config.get(HOME, "")).netloc, asked.host, *forwarded)
    return host in {one.strip().lower().removesuffix(_PORTS[scheme]) for one in ours if one}
