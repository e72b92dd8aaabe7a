"""One text in three languages, its fall-back rule, and the wording of codes, hints and labels."""

from __future__ import annotations

import functools
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from string import Formatter
from typing import Any, Literal, TypeAlias, get_args

import msgspec

Language = Literal["kk", "ru", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LOCALES: dict[Language, str] = {"kk": "kk", "ru": "ru", "en": "en_GB"}
"""How dates are written in each: the day stands before the month in all of them."""

FALL_BACK: dict[Language, tuple[Language, ...]] = {
    "kk": ("kk", "ru", "en"),
    "ru": ("ru", "kk", "en"),
    "en": ("en", "ru", "kk"),
}


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in Kazakh, Russian and English. An empty language is a fault that publishing refuses."""

    kk: str = ""
    ru: str = ""
    en: str = ""

    def in_(self, language: Language) -> str:
        """The text in ``language``, or in the next one that a reader of it most likely understands."""
        return next((text for choice in FALL_BACK[language] if (text := getattr(self, choice))), "")

    def missing(self) -> tuple[Language, ...]:
        """The languages in which there is no text."""
        return tuple(language for language in LANGUAGES if not getattr(self, language).strip())


msgspec.json.Decoder(Text)  # msgspec learns it now, in one thread: see law/reading.py


def choose(accept: str, otherwise: Language = "ru") -> Language:
    """The best of our languages for an ``Accept-Language`` header (RFC 9110 §12.5.4)."""
    ranked: list[tuple[float, int, Language]] = []
    for position, part in enumerate(accept.split(",")):
        tag, _, quality = part.lower().partition(";")
        primary = tag.strip().split("-")[0]
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if weight > 0:
            ranked.extend((-weight, position, language) for language in LANGUAGES if language == primary)
    return min(ranked)[2] if ranked else otherwise


@functools.cache
def wording(name: str) -> dict[str, Text]:
    """The texts of ``locales/<name>.toml``: key → text in three languages."""
    source = resources.files("senim").joinpath("locales", f"{name}.toml").read_text(encoding="utf-8")
    return {key: msgspec.convert(value, Text) for key, value in tomllib.loads(source).items()}


def day_in_words(day: date, language: Language) -> str:
    """A date as people write it: ``7 September 2026``, ``2026 ж. 7 қыркүйек``."""
    from babel.dates import format_date

    return format_date(day, format="long", locale=LOCALES[language])


def moment_in_words(at: datetime, language: Language) -> str:
    """A date with its time of day, where it is told: ``7 September 2026, 11:00``."""
    return f"{day_in_words(at.date(), language)}, {at:%H:%M}"


def number_in_words(number: int, language: Language) -> str:
    """A number as people write it, in threes: ``12,345``, ``12 345`` with spaces that do not break."""
    from babel.numbers import format_decimal

    return format_decimal(number, locale=LOCALES[language])


def filled_in(text: str, parts: Mapping[str, str]) -> str:
    """A text with its ``{parts}``; after a part that ends with one (``2026 г.``) no second full stop stands."""
    ended = (f"{{{name}}}." for name, part in parts.items() if part.endswith("."))
    for one in ended:
        text = text.replace(one, one[:-1])
    return text.format(**parts)


def explain(code: str, language: Language = "en") -> str:
    """What a refusal code means and what to do next, in ``language``."""
    text = wording("codes").get(code)
    return text.in_(language) if text else code


@dataclass(frozen=True, slots=True, init=False)
class Hint:
    """What is said beside a fault: a key of ``locales/hints.toml``, what fills its words, and what is said after it.

    What fills them is a name or a word of a format as it stands in the file, a number, or another hint. So a hint is
    found in one language and read in any: ``Hint("no-name", Hint("meant", name="orders"), name="order")``. It is stored
    as it is, and has words only when it is read; one whose words are gone since is told by its key, and what its words
    did not name then is left out.
    """

    key: str
    parts: tuple[tuple[str, str | int | Hint], ...]
    more: tuple[Hint, ...]

    def __init__(self, key: str, /, *more: Hint | None, **parts: str | int | Hint) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "parts", tuple(parts.items()))
        object.__setattr__(self, "more", tuple(one for one in more if one is not None))

    def in_(self, language: Language) -> str:
        """The hint in ``language`` as a part of a line, to stand in brackets: no capital letter, no full stop."""
        return "; ".join(self.each(language))

    def sentences(self, language: Language) -> str:
        """The hint in ``language`` as sentences of their own."""
        return " ".join(f"{one[:1].upper()}{one[1:]}{'' if one[-1:] in '.?!' else '.'}" for one in self.each(language))

    def each(self, language: Language) -> Iterator[str]:
        """The hint and those that are said after it, one by one."""
        filled = defaultdict[str, str | int](lambda: "…")
        filled.update((name, part.in_(language) if isinstance(part, Hint) else part) for name, part in self.parts)
        text = wording("hints").get(self.key)
        yield text.in_(language).format_map(filled) if text else self.key
        for one in self.more:
            yield from one.each(language)

    @property
    def fits(self) -> bool:
        """Whether it has words, and fills all that they name and nothing else; and so have those in it."""
        text, filled = wording("hints").get(self.key), dict(self.parts)
        named = {name for _, name, _, _ in Formatter().parse(text.en) if name} if text else None
        within = [one for one in (*filled.values(), *self.more) if isinstance(one, Hint)]
        return named == filled.keys() and all(one.fits for one in within)


Said: TypeAlias = str | Hint
"""What is said besides. A text is the same in every language (names, numbers, what is typed as it stands, what only a
machine says); words of a language are a hint."""


def in_words(said: Said, language: Language) -> str:
    """What is said, in ``language``, as a part of a line."""
    return said.in_(language) if isinstance(said, Hint) else said


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Said).decode
_JSON = ("{", '"')
"""How a hint begins, and a text in JSON."""


def to_stored(said: Said) -> str:
    """What is said as it is kept in a row: a text as it is, a hint as JSON; so is a text that could be taken for it."""
    return _encode(said).decode() if isinstance(said, Hint) or said.startswith(_JSON) else said


def from_stored(stored: str) -> Said:
    """What was kept in a row. Raises msgspec.DecodeError if it is not as it was written."""
    return _decode(stored) if stored.startswith(_JSON) else stored


def worded(kept: Any, language: Language) -> Any:
    """Plain values that were kept, each hint among them in ``language``."""
    match kept:
        case {"key": str(), "parts": [*_], "more": [*_]}:
            return msgspec.convert(kept, Hint).in_(language)
        case dict():
            return {name: worded(value, language) for name, value in kept.items()}
        case [*values]:
            return [worded(value, language) for value in values]
    return kept
