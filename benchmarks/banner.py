"""(l) The banner: bytes as they are sent, time until it can be read, shifts and requests, beside three from npm.

All stand on the same page on the same server at loopback, with comparable texts in Kazakh, Russian and English and
three kinds of cookies, cold cache, processor slowed four times. Each rival is set up as its own papers say.
"""

from __future__ import annotations

import gzip
import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser
from tests.loopback import Quiet, address, chromium, launched, serving

from benchmarks.figures import Figure, Spread, in_turns
from benchmarks.ground import Ground
from benchmarks.load import CannotMeasure
from senim.cli.folder import profile
from senim.policy.cookies import configuration
from senim.testing import platform
from senim.web.public.script import banner

PACKAGES = ("vanilla-cookieconsent", "klaro", "tarteaucitronjs")
MOST = 10 * 1024
SLOWED = 4

_PAGE = """<!doctype html><html lang="ru"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Shop</title>{head}</head>
<body><h1>Shop</h1>{text}</body></html>"""
_PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"
_TEXT = "<p>Tickets for concerts, theatres and museums, today and on every other day of the year.</p>" * 12
_WATCH = """
window.senimSeen = 0; window.senimShift = 0;
new PerformanceObserver(list => { for (const one of list.getEntries()) senimShift += one.value })
  .observe({type: 'layout-shift', buffered: true});
const found = () => { for (const [outer, inner] of WHERE) {
  const host = document.querySelector(outer);
  const one = host && (inner ? host.shadowRoot?.querySelector(inner) : host);
  if (one) return one; } };
const look = () => {
  let one = document.body && found(), clear = 1;
  if (one && one.getClientRects().length && getComputedStyle(one).visibility === 'visible') {
    for (let up = one; up; up = up.parentElement) clear *= getComputedStyle(up).opacity;
    if (clear > .95) { senimSeen = performance.now(); return }
  }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """A banner as a page loads it: its files by path, what stands in the head, and where it is on the page."""

    name: str
    files: dict[str, bytes]
    head: str
    where: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Seen:
    """What was seen of each in all its loads."""

    shifts: dict[str, float] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)


def measure(ground: Ground) -> Iterator[Figure]:
    """Ours and three others."""
    with tempfile.TemporaryDirectory(prefix="senim-npm-") as name, platform(profile("tickets")) as stage:
        fetched = Path(name)
        _fetch(fetched)
        told: dict[str, Any] = configuration(stage.promises)
        ours = banner(stage.promises).plain
        tools = [_senim(ours), *_rivals(fetched / "node_modules", told)]
        sent = {tool.name: _packed(tool) for tool in tools}
        yield from _bytes(sent)
        yield from _times(tools, ground.size.repetitions)


def _fetch(place: Path) -> None:
    """Fetch the others from the registry that npm is set up for. Raises CannotMeasure."""
    if not shutil.which("npm") or not shutil.which("node"):
        raise CannotMeasure("The banner is measured beside others from npm: install node and npm.")
    command = ["npm", "install", "--prefix", str(place), "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMeasure(f"npm could not fetch {', '.join(PACKAGES)}")


def _senim(script: bytes) -> Tool:
    head = '<script src="/senim/senim.js" defer></script>'
    return Tool("senim", {"/senim/senim.js": script}, head, (("body > div", ".p"),))


def _rivals(modules: Path, told: dict[str, Any]) -> Iterator[Tool]:
    yield _vanilla(modules / "vanilla-cookieconsent" / "dist", told)
    yield _klaro(modules / "klaro" / "dist", told)
    yield _tarteaucitron(modules / "tarteaucitronjs", told)


def _vanilla(dist: Path, told: dict[str, Any]) -> Tool:
    kinds = [kind[0] for kind in told["kinds"]]
    translations = {
        language: {
            "consentModal": {"title": say["title"], "description": " ".join(say["told"]), "acceptAllBtn": say["accept"],
                             "acceptNecessaryBtn": say["refuse"], "showPreferencesBtn": say["choose"]},
            "preferencesModal": {
                "title": say["title"], "acceptAllBtn": say["accept"], "acceptNecessaryBtn": say["refuse"],
                "savePreferencesBtn": say["save"], "closeIconLabel": say["close"],
                "sections": [{"title": name, "description": about, "linkedCategory": kind}
                             for kind, (name, about) in zip(kinds, say["kinds"], strict=True)]},
        }
        for language, say in told["texts"].items()
    }  # fmt: skip
    settings = {
        "guiOptions": {"consentModal": {"equalWeightButtons": True}, "preferencesModal": {"equalWeightButtons": True}},
        "categories": {kind[0]: {"enabled": bool(kind[1]), "readOnly": bool(kind[1])} for kind in told["kinds"]},
        "hideFromBots": False,  # Playwright's browser says that it is one
        "language": {"default": "ru", "autoDetect": "document", "translations": translations},
    }
    base = "/vanilla-cookieconsent"
    files = {
        f"{base}/cc.js": (dist / "cookieconsent.umd.js").read_bytes(),
        f"{base}/cc.css": (dist / "cookieconsent.css").read_bytes(),
        f"{base}/set.js": f"CookieConsent.run({_json(settings)})".encode(),
    }
    head = f'<link rel="stylesheet" href="{base}/cc.css"><script src="{base}/cc.js" defer></script>'
    return Tool(
        "vanilla-cookieconsent", files, f'{head}<script src="{base}/set.js" defer></script>', (("#cc-main .cm", ""),)
    )


def _klaro(dist: Path, told: dict[str, Any]) -> Tool:
    kinds = list(told["kinds"])
    translations = {
        language: {
            "consentNotice": {"description": " ".join(say["told"]), "learnMore": say["choose"]},
            "consentModal": {"title": say["title"], "description": " ".join(say["told"])},
            "acceptAll": say["accept"], "ok": say["accept"], "decline": say["refuse"], "save": say["save"],
            "privacyPolicyUrl": "/privacy",
            **{kind[0]: {"title": it[0], "description": it[1]} for kind, it in zip(kinds, say["kinds"], strict=True)},
        }
        for language, say in told["texts"].items()
    }  # fmt: skip
    services = [{"name": kind[0], "required": bool(kind[1]), "purposes": ["site"]} for kind in kinds]
    settings = {"version": 1, "translations": translations, "services": services, "acceptAll": True}
    files = {
        "/klaro/set.js": f"var klaroConfig = {_json(settings)}".encode(),
        "/klaro/klaro.js": (dist / "klaro.js").read_bytes(),
    }
    head = '<script src="/klaro/set.js" defer></script><script src="/klaro/klaro.js" defer></script>'
    return Tool("klaro", files, head, ((".klaro .cookie-notice", ""), (".klaro .cookie-modal", "")))


def _tarteaucitron(package: Path, told: dict[str, Any]) -> Tool:
    """Its texts come with it, a file a language; Kazakh is not among them, so the page's own texts stand in for it."""
    say = told["texts"]["kk"]
    custom = {
        "alertBigPrivacy": " ".join(say["told"]),
        "acceptAll": say["accept"],
        "denyAll": say["refuse"],
        "personalize": say["choose"],
    }
    settings = {
        "hashtag": "#x",
        "cookieName": "x",
        "orientation": "bottom",
        "DenyAllCta": True,
        "AcceptAllCta": True,
        "useExternalCss": False,
    }
    services = [
        {"key": kind[0], "type": "analytic", "name": name, "needConsent": True, "cookies": kind[3]}
        for kind, (name, _) in zip(told["kinds"], say["kinds"], strict=True)
        if not kind[1]
    ]
    own = (
        f"if (document.documentElement.lang === 'kk') window.tarteaucitronCustomText = {_json(custom)};"
        f"tarteaucitron.init({_json(settings)});"
        f"for (const one of {_json(services)}) {{ tarteaucitron.services[one.key] = {{...one, js() {{}}}};"
        " (tarteaucitron.job = tarteaucitron.job || []).push(one.key) }"
    )
    names = ("tarteaucitron.min.js", "tarteaucitron.services.min.js", "advertising.min.js", "css/tarteaucitron.min.css")
    lang = ("lang/tarteaucitron.ru.min.js", "lang/tarteaucitron.en.min.js")
    files = {f"/tarteaucitronjs/{name}": (package / name).read_bytes() for name in (*names, *lang)}
    files["/tarteaucitronjs/set.js"] = own.encode()
    head = (
        '<script src="/tarteaucitronjs/tarteaucitron.min.js"></script><script src="/tarteaucitronjs/set.js"></script>'
    )
    return Tool("tarteaucitronjs", files, head, (("#tarteaucitronAlertBig", ""),))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _packed(tool: Tool) -> tuple[int, int]:
    """Bytes of all files, each packed by itself as a server sends it: gzip -9, and brotli 11 by node."""
    whole = sum(len(gzip.compress(one, 9, mtime=0)) for one in tool.files.values())
    program = (
        "const z=require('zlib'),c={params:{[z.constants.BROTLI_PARAM_QUALITY]:11}};let b=[];"
        "process.stdin.on('data',d=>b.push(d)).on('end',()=>console.log(z.brotliCompressSync(Buffer.concat(b),c).length))"
    )
    brotli = 0
    for one in tool.files.values():
        brotli += int(subprocess.run(["node", "-e", program], input=one, capture_output=True, check=True).stdout)
    return whole, brotli


def _bytes(sent: dict[str, tuple[int, int]]) -> Iterator[Figure]:
    others = {name: size for name, size in sent.items() if name != "senim"}
    best = min(others, key=lambda name: others[name][0])
    ours = Spread((float(sent["senim"][0]),))
    limit = Spread((float(others[best][0]),))
    yield Figure(
        part="l", what="banner with style and three languages, gzip", database="—", unit="bytes", measured=ours,
        limit=limit, limited_by=best, ratio=ours.over(limit), target=f"≤ {MOST:,}", met=ours.median <= MOST,
        how=f"one file; brotli {sent['senim'][1]:,}. The others: script, style, the same texts, and no log behind",
    )  # fmt: skip
    for name, (packed, brotli) in others.items():
        yield Figure(part="l", what=f"the same by {name}, gzip", database="—", unit="bytes",
                     measured=Spread((float(packed),)), how=f"brotli {brotli:,}")  # fmt: skip


def _times(tools: list[Tool], repetitions: int) -> Iterator[Figure]:
    seen = Seen()
    if chromium() is None:
        raise CannotMeasure("Chromium is missing: sh scripts/browser.sh")
    with _served(tools) as place, launched() as browser:
        loads: dict[str, Callable[[], float]] = {
            tool.name: partial(_load, browser, place, tool, seen) for tool in tools
        }
        for load in loads.values():
            load()  # the browser's own caches of compiled code are warm for all alike
        found = in_turns(max(5, repetitions * 3), loads)
    others = {name: spread for name, spread in found.items() if name != "senim"}
    best = min(others, key=lambda name: others[name].median)
    soonest = statistics.median(others[best].values)
    yield Figure(
        part="l", what="banner can be read after the page was asked for", database="—", unit="ms",
        measured=found["senim"], limit=others[best], limited_by=best, ratio=found["senim"].over(others[best]),
        target="sooner than the others", met=found["senim"].median < soonest,
        how=f"Chromium, processor slowed {SLOWED}×, cold cache, loopback; opaque, not only there",
    )  # fmt: skip
    for name, spread in others.items():
        yield Figure(part="l", what=f"the same by {name}", database="—", unit="ms", measured=spread,
                     how=f"layout shift {seen.shifts[name]:.3f}, {seen.requests[name]} requests by then")  # fmt: skip
    yield Figure(
        part="l", what="layout shift by the banner", database="—", unit="", measured=Spread((seen.shifts["senim"],)),
        target="0", met=seen.shifts["senim"] == 0, how="the worst of all loads, as Chromium counts it",
    )  # fmt: skip
    yield Figure(
        part="l", what="requests of the page before the choice", database="—", unit="", target="1",
        measured=Spread((float(seen.requests["senim"]),)), met=seen.requests["senim"] == 1, how="the script itself",
    )  # fmt: skip


def _load(browser: Browser, place: str, tool: Tool, seen: Seen) -> float:
    """Open the page anew; milliseconds until the banner can be read."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="ru-RU", user_agent=_PHONE)
    try:
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        page.add_init_script(_WATCH.replace("WHERE", _json(tool.where)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{place}/{tool.name}/", wait_until="load")
        try:
            page.wait_for_function("window.senimSeen > 0", timeout=15_000)
        except Exception as error:
            raise CannotMeasure(f"the banner of {tool.name} was not seen") from error
        page.wait_for_timeout(300)
        scripts = [one for one in asked if not one.endswith(("/favicon.ico", f"/{tool.name}/"))]
        seen.requests[tool.name] = max(seen.requests.get(tool.name, 0), len(scripts))
        seen.shifts[tool.name] = max(seen.shifts.get(tool.name, 0.0), float(page.evaluate("window.senimShift")))
        return float(page.evaluate("window.senimSeen"))
    finally:
        context.close()


class _KeptAlive(Quiet):
    protocol_version = "HTTP/1.1"


@contextmanager
def _served(tools: list[Tool]) -> Iterator[str]:
    """A server of pages and files, each packed once."""
    pages = {f"/{one.name}/": _PAGE.format(head=one.head, text=_TEXT).encode() for one in tools}
    files = {path: content for one in tools for path, content in one.files.items()}
    packed = {path: gzip.compress(content, 9, mtime=0) for path, content in {**pages, **files}.items()}
    kinds = {"js": "text/javascript", "css": "text/css"}

    def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        body = packed.get(path)
        if body is None:
            start("404 Not Found", [("Content-Length", "0")])
            return []
        kind = kinds.get(path.rpartition(".")[2], "text/html; charset=utf-8")
        start("200 OK", [("Content-Type", kind), ("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))])
        return [body]

    with serving(application, handler=_KeptAlive) as server:
        yield address(server)
