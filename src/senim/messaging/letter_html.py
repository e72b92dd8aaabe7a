"""The text of an HTML letter: nothing is run, nothing is loaded, what is not shown is not read. Pure, linear.

Own code: Python's ``html.parser`` takes quadratic time for some pages in versions that are in use.
"""

from __future__ import annotations

import html
import re

_SILENT_TEXT = "script style title template noscript object svg math textarea select iframe"
_SILENT = frozenset(_SILENT_TEXT.split())
_BREAKS_TEXT = "br p div li tr h1 h2 h3 h4 h5 h6 table ul ol hr blockquote section article header footer pre dt dd"
_BREAKS = frozenset(_BREAKS_TEXT.split())
_NAME = re.compile(r"/?\s*([A-Za-z][A-Za-z0-9:]{0,20})")
_HIDDEN = re.compile(
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|font-size\s{0,3}:\s{0,3}0(?![.\d]*[1-9])"
    r"|max-height\s{0,3}:\s{0,3}0(?![.\d])|opacity\s{0,3}:\s{0,3}0(?![.\d]*[1-9])|\shidden(?=[\s>=/]|$)|mso-hide\s{0,3}:\s{0,3}all",
    re.IGNORECASE,
)
_SPACES = re.compile(r"[ \t\r\n\f\v\xa0]+")
_VOID_TEXT = "br hr img input meta link wbr area base col embed source track"
_VOID = frozenset(_VOID_TEXT.split())
_MOST_TAG = 4000


class _Page:
    """What was read of a page so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quote = 0
        self.hidden: list[str] = []

    def say(self, text: str) -> None:
        if not self.hidden:
            self.line.append(text)

    def end_line(self) -> None:
        text = _SPACES.sub(" ", html.unescape("".join(self.line))).strip()
        self.line.clear()
        if text:
            self.lines.append(f"{'> ' * min(self.quote, 3)}{text}")
        elif self.lines and self.lines[-1]:
            self.lines.append("")

    def tag(self, name: str, inside: str, *, closing: bool) -> None:
        if self.hidden:
            if name == self.hidden[-1] and closing:
                self.hidden.pop()
            elif name == self.hidden[-1] and len(self.hidden) < 1000:
                self.hidden.append(name)
            return
        if name in _BREAKS:
            self.end_line()
        if name == "blockquote":
            self.quote = max(0, self.quote + (-1 if closing else 1))
        elif name in ("td", "th"):
            self.line.append(" ")
        if not closing and name not in _VOID and not inside.endswith("/") and _HIDDEN.search(inside):
            self.hidden.append(name)


def text_of(page: str) -> str:
    """The words of a page as they are shown, a line for each block; quoted blocks begin with ``>``."""
    read, place = _Page(), 0
    while place < len(page):
        mark = page.find("<", place)
        if mark < 0:
            read.say(page[place:])
            break
        read.say(page[place:mark])
        place = _after(read, page, mark)
    read.end_line()
    return "\n".join(read.lines).strip("\n")


def _after(read: _Page, page: str, mark: int) -> int:
    """Read what begins with the ``<`` at ``mark``; where to go on."""
    if page.startswith("<!--", mark):
        return _past(page, "-->", mark + 4)
    if page[mark + 1 : mark + 2] in ("!", "?"):
        return _past(page, ">", mark + 2)
    named = _NAME.match(page, mark + 1)
    if named is None:
        read.say("<")
        return mark + 1
    name, closing = named[1].lower(), page[mark + 1] == "/"
    end = _past(page, ">", named.end())
    if name in _SILENT and not closing:
        ends = re.compile(f"</{name}", re.IGNORECASE).search(page, end)
        return _past(page, ">", ends.end()) if ends else len(page)
    read.tag(name, page[named.end() : min(end - 1, named.end() + _MOST_TAG)], closing=closing)
    return end


def _past(page: str, what: str, start: int) -> int:
    """Just after the next ``what``; the end of the page if there is none, so that no stretch is read twice."""
    found = page.find(what, start)
    return found + len(what) if found >= 0 else len(page)
