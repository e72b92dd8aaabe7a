"""Pages in a real browser: Debian's Chromium through Playwright, on pages served at loopback by a thread of the test.

A test takes ``served`` (a stage with its address) and ``visit``; nothing but that address is reached: a request to
anywhere else fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import ThreadedWSGIServer

from senim.testing import FixedClock, Stage, platform
from senim.web.site import site
from tests.console import account, cookie
from tests.loopback import address, launched, serving

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}
LANGUAGES = {"kk": "kk-KZ", "ru": "ru-RU", "en": "en-GB"}
expect.set_options(timeout=20_000)  # a machine that others use may stand still for some seconds
_NAMES = "--host-resolver-rules=MAP *.example 127.0.0.1"
"""Sites of tests have names, and stand at loopback."""


@dataclass(slots=True)
class Served:
    """A platform whose pages are served."""

    stage: Stage
    server: ThreadedWSGIServer
    elsewhere: list[str] = field(default_factory=list)
    """Addresses beyond the service that a page asked for."""

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return address(self.server)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of a module: as long as it is there, its event loop runs in the thread of the tests."""
    with launched(_NAMES) as started:
        yield started


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serves a stage, or any policy on SQLite."""
    with ExitStack() as opened:

        def start(stage: Stage | None = None, *, policy: bytes = b"", now: Callable[[], Any] | None = None) -> Served:
            stage = stage or opened.enter_context(platform(policy, now=now))
            application = site(stage.platform)  # type: ignore[arg-type]  # the stage's platform is a whole Senim
            server = opened.enter_context(serving(application))
            return Served(stage, server)

        yield start


@pytest.fixture
def served(serve: Callable[..., Served], mini: bytes, clock: FixedClock) -> Served:
    """The small policy, served."""
    return serve(policy=mini, now=clock)


@pytest.fixture
def visit(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Opens pages in a browser of its own: language, size, with or without scripts."""
    contexts: list[BrowserContext] = []

    def open_page(
        path: str = "/", *, language: str = "en", size: dict[str, int] | None = None, scripts: bool = True, **more: Any
    ) -> Page:
        context = browser.new_context(
            locale=LANGUAGES[language],
            viewport=size or PHONE,  # type: ignore[arg-type]  # a dict of two numbers
            java_script_enabled=scripts,
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda asked: _watch(served, asked.url))
        page.goto(served.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert served.elsewhere == []


@pytest.fixture
def console(served: Served, visit: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a page of the console as somebody of the staff: ``console("/requests", role="desk")``."""

    def open_page(path: str = "/", *, role: str = "responsible", **more: Any) -> Page:
        senim: Any = served.stage.platform
        language = more.get("language", "en")
        name, value, _ = cookie(senim, account(senim, role=role, language=language).token)
        kept = [{"name": name, "value": value, "domain": "127.0.0.1", "path": "/console"}]
        return visit(f"/console{path}", storage_state={"cookies": kept, "origins": []}, **more)

    return open_page


def _watch(served: Served, address: str) -> None:
    if not address.startswith((served.url, "data:", "blob:", "about:")):
        served.elsewhere.append(address)
