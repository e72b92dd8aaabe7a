"""``python -m scripts.screenshots [--all] [--into FOLDER] [NAMES]``: pictures of every screen, of a filled operator.

Screens are found by following links (tests/screens.py), so a page that is added comes in by itself. Each is kept at a
desk in the light and on a phone in the dark; ``--all`` takes the other two as well, to look at, and so do languages.
"""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser
from tests.doors.visitor import Visitor
from tests.filled import cookies, filled
from tests.loopback import address, launched, serving
from tests.screens import Screen, every_screen

from senim.web.site import site

FOLDER = Path(__file__).parent.parent / "docs" / "images"
SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 720}}
KEPT = (("desk", "light"), ("phone", "dark"))
"""What stands in the docs."""
LOCALES = {"kk": "kk-KZ", "ru": "ru-RU", "en": "en-GB"}
TOLD_IN_ALL = ("public-current", "portal-seeing-start", "portal-choosing-choices", "console-start", "console-promises")
"""Screens that are kept in every language."""
MOST, MOST_OF_ALL = 150_000, 6_000_000
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
        shots = _shots(every_screen(made.senim, visitor.client, made.me, made.person.subject), asked.all, asked.names)
        with serving(site(made.senim)) as server, launched() as browser:
            _take(browser, address(server), shots, cookies(made, visitor), into)
    return _check(into)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots", description="Take pictures of every screen.")
    parser.add_argument("names", nargs="*", metavar="NAMES", help="beginnings of screens' names; all if left out")
    parser.add_argument("--all", action="store_true", help="light and dark, phone and desk, every language")
    parser.add_argument("--into", type=Path, default=FOLDER, help="where to")
    return parser.parse_args()


def _shots(screens: list[Screen], everything: bool, names: list[str]) -> list[Shot]:
    ways = list(product(SIZES, ("light", "dark"))) if everything else KEPT
    return [
        Shot(screen, language, size, scheme)
        for screen in screens
        if not names or screen.name.startswith(tuple(names))
        for language in (LOCALES if everything or screen.name in TOLD_IN_ALL else ("en",))
        for size, scheme in ways
    ]


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
        page.goto(address + shot.screen.in_language(shot.language))
        (into / shot.name).write_bytes(small(page.screenshot(animations="disabled")))
        context.close()


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
