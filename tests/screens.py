"""Every screen of a door, found as a person finds it: by following links, one page for each view."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from flask import Flask, template_rendered
from werkzeug.exceptions import HTTPException
from werkzeug.test import Client, TestResponse

from senim.app import Senim
from senim.web.console import console
from senim.web.portal import portal
from senim.web.public import public
from senim.web.site import site
from tests.console import Account, cookie, looking

MOST = 400
"""Pages that are looked at for one door."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One view of a door, and a page that it shows."""

    door: str
    view: str
    path: str
    signed_in: bool = True
    template: str = ""
    """What it is made of, of those that a door answers with."""
    answer: TestResponse | None = None
    """The page itself, where it answers a form: no address leads there."""

    def in_language(self, language: str) -> str:
        """The same page for somebody who reads another language."""
        path = re.sub(r"^/(privacy|cookies)/(kk|ru|en)\b", rf"/\1/{language}", self.path)
        return path if path != self.path or self.door == "public" else _with(path, f"language={language}")

    @property
    def name(self) -> str:
        """A name for a file, e.g. ``portal-choices``."""
        inner = self.view.removesuffix(".index").replace(".", "-").replace("_", "-")
        return f"{self.door}-{inner}"


def every_screen(senim: Senim, person: Client, me: Account, subject: str) -> list[Screen]:
    """The screens of all doors: for anybody, for ``person`` in the portal, for staff who looks at ``subject``."""
    anybody, staff = Client(site(senim)), Client(site(senim))
    name, value, _ = cookie(senim, me.token, **looking(senim, me, subject))
    staff.set_cookie(name, value, path="/console")
    doors = {"portal": portal(senim), "console": console(senim)}
    own = {"portal": person, "console": staff}
    entrances = [_entrance(anybody, door) for door in doors]
    found = list(screens(public(senim), anybody, door="public", begin=("/privacy/en", "/cookies/en")))
    looked = {"portal": (), "console": (f"/console/people/{subject}",)}
    for door, app in doors.items():
        found += screens(app, own[door], door=door, begin=(*looked[door], f"/{door}/", *_plain(app, f"/{door}")))
    return [*found, *entrances]


def _entrance(anybody: Client, door: str) -> Screen:
    with shown() as templates:
        anybody.get(path := f"/{door}/sign-in")
    return Screen(door, "sign-in", path, signed_in=False, template=templates[-1])


@contextmanager
def shown() -> Iterator[list[str]]:
    """The names of the templates that pages are made of from now on, the frames around them apart."""
    names: list[str] = []

    def note(_: Any, *, template: Any, **__: Any) -> None:
        names.append(template.name)

    template_rendered.connect(note)
    try:
        yield names
    finally:
        template_rendered.disconnect(note)


def _plain(app: Flask, prefix: str) -> list[str]:
    """Pages of a door that need nothing said: no link need lead there."""
    rules = (one for one in app.url_map.iter_rules() if "GET" in (one.methods or ()) and not one.arguments)
    return [f"{prefix}{one.rule}" for one in rules]


def screens(app: Flask, client: Client, *, door: str, begin: Iterable[str], language: str = "en") -> Iterator[Screen]:
    """The screens that are reached from where a door begins, each as soon as a link leads there."""
    prefix = f"/{door}" if door in ("portal", "console") else ""
    adapter = app.url_map.bind("127.0.0.1", path_info="/")
    waiting, seen, looked = deque(begin), set[str](), set[str]()
    while waiting and len(looked) < MOST:
        path = waiting.popleft()
        view = _view(adapter, path, prefix)
        if not view or view in seen or path in looked:
            continue
        looked.add(path)
        with shown() as templates:
            answer = client.get(path, headers={"Accept-Language": language})
        if answer.status_code in (302, 303):
            waiting.append(_inside(answer.location, path))
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        seen.add(view)
        yield Screen(door, view, path, template=templates[-1] if templates else "")
        links = _Links(path)
        links.feed(answer.text)
        waiting.extend(links.found)


def _view(adapter: Any, path: str, prefix: str) -> str:
    """Which view a path leads to; none if it is another door's, or not for reading."""
    bare = urlsplit(path).path
    if not bare.startswith(prefix) or (not prefix and bare.startswith(("/portal", "/console", "/v1"))):
        return ""
    try:
        view, _ = adapter.match(bare.removeprefix(prefix) or "/", method="GET")
    except HTTPException as moved:
        return "" if moved.code != 308 else _view(adapter, f"{bare}/", prefix)
    return "" if view == "static" else view


def _inside(address: str, base: str) -> str:
    """An address of the same site as a path; empty for another site's."""
    whole = urlsplit(urldefrag(urljoin(f"http://127.0.0.1{base}", address)).url)
    if whole.hostname not in ("127.0.0.1", "localhost"):
        return ""
    return f"{whole.path}?{whole.query}" if whole.query else whole.path


def _with(path: str, more: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{more}"


class _Links(HTMLParser):
    """The links of a page and the addresses of forms that only look."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "a" and (address := told.get("href")) and "download" not in told and "hreflang" not in told:
            self.found.append(_inside(address, self._base))
