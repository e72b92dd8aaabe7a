"""Kazakh hangs endings and words on numbers by a hyphen: ``16-тармағы``. On a narrow page they stay in one line.

It is done where a page is rendered, so that no text has to think of it, and by markup: whoever copies or searches the
text has it as it was written. What people send back (options, text areas) and what is quoted as it is stay untouched.
"""

from __future__ import annotations

import re
from typing import Any

from flask import g
from jinja2 import Template

_LETTERS = "А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі"
_PAIR = re.compile(rf"\d-[{_LETTERS}]")
_PARTS = re.compile(
    rf"<(textarea|script|style|pre|code|option|title|svg)\b.*?</\1>|<[^>]*>|((?<![\w-])\d+-[{_LETTERS}]{{1,20}}(?!\w))",
    re.DOTALL,
)


class Page(Template):
    """A template whose pages keep numbers and what hangs on them together."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """The page."""
        page = super().render(*args, **kwargs)
        return together(page) if g.get("language") == "kk" and (self.name or "").endswith(".html") else page


def together(page: str) -> str:
    """HTML in which each number stays in one line with what a hyphen hangs on it."""
    return _PARTS.sub(_kept, page) if _PAIR.search(page) else page


def _kept(part: re.Match[str]) -> str:
    return f'<span class="together">{part[2]}</span>' if part[2] else part[0]
