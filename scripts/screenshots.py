"""``python -m scripts.screenshots [--all] [--into FOLDER] [NAMES]``: pictures of every screen, of a filled operator.

Screens are found by following links (tests/screens.py), so a page that is added comes in by itself; what forms are
answered with is in a table (tests/answers), and a test tells what is in neither. Each is kept at a desk in the light,
and what links lead to on a phone in the dark; ``--all`` takes the others as well, to look at, and so do languages.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Route
from tests.answers.every import every_answer
from tests.doors.visitor import Visitor
from tests.filled import cookies, filled
from tests.loopback import address, launched, serving
from tests.screens import Screen, every_screen
from werkzeug.test import TestResponse

from senim.web.site import site

FOLDER = Path(__file__).parent.parent / "docs" / "images"
SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 720}}
KEPT = (("desk", "light"), ("phone", "dark"))
"""What stands in the docs."""
LOCALES = {"kk": "kk-KZ", "ru": "ru-RU", "en": "en-GB"}
TOLD_IN_ALL = ("public-current", "portal-seeing-start", "portal-choosing-choices", "console-start", "console-promises")
"""Screens that are kept in every language."""
MOST, MOST_OF_ALL = 150_000, 6_500_000
"""Bytes of a picture, and of the folder."""
COLOURS = 64
"""Colours of a picture: text on calm grounds needs few."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture to be taken."""

    screen: Screen
    language: str
    size: str
    scheme: str

    @property
    def name(self) -> str:
        """Of its file; English and the usual size go without saying."""
        parts = (self.screen.name, *(one for one in (self.language, self.size) if one not in ("en", "desk")))
        dark = ("dark",) if (self.size, self.scheme) == ("desk", "dark") else ()
        light = ("light",) if (self.size, self.scheme) == ("phone", "light") else ()
        return "-".join((*parts, *dark, *light)) + ".png"


def main() -> int:
    """Take the pictures. Exit code 1 if one of them, or all together, are too large."""
    asked = _arguments()
    into: Path = asked.into
    into.mkdir(parents=True, exist_ok=True)
    if into == FOLDER and not asked.names:
        for old in into.glob("*.png"):
            old.unlink()
    with filled() as made:
        made.senim.conformance.drill()
        visitor = Visitor(made.stage)
        visitor.sign_in(made.person)
        found = every_screen(made.senim, visitor.client, made.me, made.person.subject)
        with serving(site(made.senim)) as server, launched() as browser:
            for screens in (found, None):  # what is answered changes what is there, so it comes after the pictures
                shots = shots_of(screens or every_answer(made, visitor), everything=asked.all, names=asked.names)
                _take(browser, address(server), shots, cookies(made, visitor), into)
    return _check(into)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots", description="Take pictures of every screen.")
    parser.add_argument("names", nargs="*", metavar="NAMES", help="beginnings of screens' names; all if left out")
    parser.add_argument("--all", action="store_true", help="light and dark, phone and desk, every language")
    parser.add_argument("--into", type=Path, default=FOLDER, help="where to")
    return parser.parse_args()


def shots_of(screens: Iterable[Screen], *, everything: bool = False, names: Sequence[str] = ()) -> list[Shot]:
    """The pictures of screens that are kept, or that there can be: an answer is in one language."""
    return [
        Shot(screen, language, size, scheme)
        for screen in screens
        if not names or screen.name.startswith(tuple(names))
        for language in (_languages(screen, everything))
        for size, scheme in _ways(screen, everything)
    ]


def _languages(screen: Screen, everything: bool) -> tuple[str, ...]:
    in_all = screen.answer is None and (everything or screen.name in TOLD_IN_ALL)
    return tuple(LOCALES) if in_all else ("en",)


def _ways(screen: Screen, everything: bool) -> Sequence[tuple[str, str]]:
    if everything:
        return list(product(SIZES, ("light", "dark")))
    return KEPT if screen.answer is None else KEPT[:1]


def _take(browser: Browser, address: str, shots: list[Shot], cookies: list[dict[str, str]], into: Path) -> None:
    for shot in shots:
        context = browser.new_context(
            viewport=SIZES[shot.size],  # type: ignore[arg-type]  # a dict of two numbers
            color_scheme=shot.scheme,  # type: ignore[arg-type]  # light or dark
            locale=LOCALES[shot.language],
            reduced_motion="reduce",
        )
        if shot.screen.signed_in:
            context.add_cookies(cookies)  # type: ignore[arg-type]  # dicts of four words
        page = context.new_page()
        _open(page, address, shot)
        (into / shot.name).write_bytes(small(page.screenshot(animations="disabled")))
        context.close()


def _open(page: Page, address: str, shot: Shot) -> None:
    """Open what the picture is of; an answer is put where its form was sent, since it is there only once."""
    answer = shot.screen.answer
    if answer is None:
        page.goto(address + shot.screen.in_language(shot.language))
        return

    def give(route: Route) -> None:
        route.fulfill(status=answer.status_code, headers=_headers(answer), body=answer.get_data())

    page.route(address + shot.screen.path, give)
    page.goto(address + shot.screen.path)


def _headers(answer: TestResponse) -> dict[str, str]:
    return {name: text for name, text in answer.headers.items() if name not in ("Content-Length", "Set-Cookie")}


def small(picture: bytes) -> bytes:
    """A picture with few colours, packed as well as may be."""
    packed = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as whole:
        few = whole.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(packed, "PNG", optimize=True)
    return packed.getvalue()


def _check(into: Path) -> int:
    sizes = {path.name: path.stat().st_size for path in sorted(into.glob("*.png"))}
    print(f"{len(sizes)} pictures, {sum(sizes.values()):,} bytes in {into}")
    for name, size in sizes.items():
        if size > MOST:
            print(f"{name} has {size:,} bytes", file=sys.stderr)
    return int(max(sizes.values()) > MOST or (into == FOLDER and sum(sizes.values()) > MOST_OF_ALL))


if __name__ == "__main__":
    sys.exit(main())
