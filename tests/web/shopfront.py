"""An operator's site for browser tests: its pages, and a third party that it would call, each at a port of its own."""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import ThreadedWSGIServer, generate_adhoc_ssl_context

from senim.testing import FixedClock, Stage, platform
from senim.web.site import site
from tests.loopback import serving

STRICT = (
    "default-src 'none'; script-src 'nonce-n0nce' {senim}; connect-src {senim}; img-src 'self' {party};"
    " frame-src {party}; base-uri 'none'; form-action 'self' {senim};"
    " require-trusted-types-for 'script'; trusted-types senim"
)
"""What a careful site sends: no inline script without the nonce, no style at all, no text as a script."""

PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Shop</title>
<script src="{senim}/senim.js" defer nonce="n0nce"{more}></script></head><body><main><h1>Shop</h1>
<p>Tickets and more.</p><a href="/next">Next</a> <a href="#" data-senim-open>Cookies</a>
{parts}</main></body></html>"""

PARTS = """<script type="text/plain" data-senim="statistics" src="{party}/count.js" nonce="n0nce"></script>
<script type="text/plain" data-senim="statistics" nonce="n0nce">document.title = "Counted after " + counted</script>
<script type="text/plain" data-senim="offers" data-senim-src="{party}/offers.js" nonce="n0nce"></script>
<img data-senim="statistics" data-senim-src="{party}/pixel.gif" alt="" width="1" height="1">
<iframe data-senim="offers" data-senim-src="{party}/film" title="Film" width="320" height="320"></iframe>"""

_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


Answering = Callable[[str], tuple[str, bytes]]


@dataclass(slots=True)
class Host:
    """A server at loopback that remembers what it was asked for."""

    name: str
    server: ThreadedWSGIServer
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its origin."""
        return f"https://{self.name}:{self.server.server_port}"


@functools.cache
def _certificate() -> ssl.SSLContext:
    """A certificate of nobody, made once: these browsers take any."""
    return generate_adhoc_ssl_context()


class _Server(ThreadedWSGIServer):
    """Speaks TLS in the thread of each connection: one that a browser opens ahead keeps nobody waiting."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        with _certificate().wrap_socket(request, server_side=True) as safe:
            super().finish_request(safe, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a browser that goes away


def until(page: Page, holds: str) -> None:
    """Wait for an expression; a page's security policy may forbid the waiting that Playwright does inside of it."""
    late = time.monotonic() + 15
    while not page.evaluate(holds):
        assert time.monotonic() < late, f"never: {holds}"
        page.wait_for_timeout(30)


@contextmanager
def host(name: str, answering: Answering, headers: Callable[[], dict[str, str]] = dict) -> Iterator[Host]:
    """A server whose answers are made by a function of the path."""
    known: list[Host] = []

    def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        known[0].asked.append(path)
        kind, body = answering(path)
        start("200 OK", [("Content-Type", kind), *headers().items()])
        return [body]

    with serving(application, kind=_Server) as server:
        known.append(Host(name, server))
        yield known[0]


def third_party(path: str) -> tuple[str, bytes]:
    """What a tracker serves: it sets cookies on the page that lets it run."""
    if path.endswith(".gif"):
        return "image/gif", _PIXEL
    if path == "/film":
        return "text/html", b"<!doctype html><title>Film</title><p>A film</p>"
    name = {"/count.js": "_ga_X1", "/offers.js": "mini_offer"}.get(path, "")
    script = f"window.counted = (window.counted || 0) + 1; document.cookie = '{name}=1; path=/';" if name else ""
    script += f"localStorage.setItem('{name}', '1');" if name else ""
    return "text/javascript", script.encode()


@dataclass(slots=True)
class Shopfront:
    """A site with the script, the service behind it, and a third party."""

    stage: Stage
    senim: str
    shop: Host
    party: Host
    browser: Browser
    language: str = "en"
    more: str = ""
    parts: str = PARTS
    headers: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def page_for(self, path: str) -> tuple[str, bytes]:
        """Every page of the site."""
        filled = {"language": self.language, "senim": self.senim, "more": self.more}
        return "text/html", PAGE.format(
            **filled, parts=self.parts.format(party=self.party.url, senim=self.senim)
        ).encode()

    def context(self, **more: Any) -> BrowserContext:
        """A browser of its own; whatever a page complains of is remembered."""
        context = self.browser.new_context(
            ignore_https_errors=True, viewport=more.pop("viewport", {"width": 360, "height": 740}), **more
        )
        self.contexts.append(context)
        return context

    def visit(self, context: BrowserContext | None = None, path: str = "/") -> Page:
        """Open a page of the site."""
        page = (context or self.context()).new_page()
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(self.shop.url + path)
        until(page, "!!window.senim")
        return page

    def entries(self) -> list[Any]:
        """The choices on record."""
        self.stage.platform.tick()
        done = (one for _, one in self.stage.platform.log.entries() if one.act == "cookies.chosen")
        return [one for one in done if one.outcome == "done"]


@contextmanager
def shopfront(browser: Browser, policy: bytes, clock: FixedClock) -> Iterator[Shopfront]:
    """The site of the small policy, whose address is the site's own here."""
    front: list[Shopfront] = []
    with (
        host("mini.example", lambda path: front[0].page_for(path=path), lambda: front[0].headers) as shop,
        host("tracker.example", third_party, lambda: {"Access-Control-Allow-Origin": "*"}) as party,
        platform(
            policy.replace(b"address: https://mini.example", b"address: " + shop.url.encode()), now=clock
        ) as stage,
        serving(site(stage.platform), kind=_Server) as server,  # type: ignore[arg-type]  # the stage's platform is a whole Senim
    ):
        front.append(Shopfront(stage, f"https://privacy.mini.example:{server.server_port}", shop, party, browser))
        yield front[0]
        for context in front[0].contexts:
            context.close()
