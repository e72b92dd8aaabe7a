"""What is personal in a text: a pass for numbers and addresses, one for names; overlaps go to the stronger. Pure.

A first compiled pattern only finds candidates (a row of digits, an ``@``, colons between hexadecimal digits …) and
passes over times; each candidate is then proven by its check digits, its shape and the words beside it. Ways that were
tried, with figures: docs/decisions/0014-recognisers.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date

from senim.recognisers import addresses, digits, names
from senim.recognisers.numbers import is_iban
from senim.recognisers.records import IN_TEXTS, Hit, Kind, Why
from senim.recognisers.words import ORDER, born_after, said_before

LEAST = 0.5
"""Confidence from which something is told."""

_SPACE = r"[ \u00a0\u2009\u202f().\-\u2010-\u2015]"
_CAPITALS = "АВЕКМНОРСТУХABEKMHOPCTYX"
_CANDIDATE = re.compile(
    rf"""[0-9+@:KkNADS{_CAPITALS}](?:
      (?<=[0-9])(?<![0-9].)(?:
        (?P<time>[0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}[T\ ](?!00:00)[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?)
       |(?P<ip>[0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}}(?![0-9]))
       |(?P<date>[0-9]?([./-])[0-9]{{1,2}}\4(?:1[89]|20|21)[0-9]{{2}}(?![0-9])
         |(?:(?<=1)[89]|(?<=2)[01])[0-9]{{2}}([.-])[0-9]{{2}}\5[0-9]{{2}}(?![0-9])
         |[0-9]?\ (?P<month>[^\W\d_]{{3,9}})\ (?:1[89]|20|21)[0-9]{{2}}(?![0-9]))
       |(?P<plate>[0-9]{{2}}[ ]?[A-Z]{{2,3}}[ ]?(?:0[1-9]|1[0-9]|20)(?![0-9A-Za-z]))
       |(?P<row>(?:{_SPACE}{{0,3}}[0-9]){{8,}})
      )
     |(?<=\+)(?P<plus>\(?[0-9](?:{_SPACE}{{0,3}}[0-9]){{8,}})
     |(?<=@)(?P<at>(?=[^\W_]))
     |(?<=:)(?P<colon>(?:[0-9A-Fa-f]{{1,4}}:){{0,6}}:|(?:[0-9A-Fa-f]{{1,4}}:){{6}}[0-9A-Fa-f])
     |(?<=[Kk])(?<![^\W_].)(?P<iban>[Zz][0-9]{{2}}(?:[\ \u00a0-]?[0-9A-Za-z]){{16}}(?![^\W_]))
     |(?<=[NADS])(?<![^\W_].)(?P<passport>[\ №]{{0,2}}[0-9]{{8}}(?![^\W_]))
     |(?<=[{_CAPITALS}])(?<![^\W_].)
        (?P<russian>[\ ]?[0-9]{{3}}[\ ]?[{_CAPITALS}]{{2,3}}[\ ]?(?:[0-9]{{2,3}})?(?![^\W_]))
    )""",
    re.VERBOSE,
)
_NAME = re.compile(names.SEQUENCE)
_HIDDEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
_INVISIBLE = re.compile(f"[{_HIDDEN}]")
_OTHER_DIGITS = "\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\uff10-\uff19\U0001d7ce-\U0001d7ff"
_UNUSUAL = re.compile(rf"[{_HIDDEN}{_OTHER_DIGITS}](?:(?<=[{_OTHER_DIGITS}])|(?<=[\w@.+() -].))")
"""Digits of other scripts, and characters that nobody sees behind some that matter. Those in emoji do not."""


def find(text: str, *, kinds: Iterable[str] | None = None, least: float = LEAST) -> list[Hit]:
    """What is personal in a text, in the order of the text, without overlaps.

    ``kinds``: only these (see ``IN_TEXTS``). ``least``: the confidence from which a hit is told.
    """
    wanted = frozenset(IN_TEXTS if kinds is None else (Kind(one) for one in kinds))
    if _UNUSUAL.search(text):
        return _unfolded(text, wanted, least)
    return _told(_all(text, wanted), wanted, least)


_ROWS = frozenset(("row", "plus"))


def _told(hits: Iterable[Hit], wanted: frozenset[Kind], least: float) -> list[Hit]:
    return _strongest([hit for hit in hits if hit.confidence >= least and hit.kind in wanted])


def _all(text: str, wanted: frozenset[Kind]) -> list[Hit]:
    hits: list[Hit] = []
    if wanted != {Kind.NAME}:
        for match in _CANDIDATE.finditer(text):
            group = match.lastgroup
            if group in _ROWS:
                hits += digits.of_row(text, match.start(), match.end())
            elif (handle := _HANDLERS.get(group)) and (hit := handle(text, match)):
                hits.append(hit)
    if Kind.NAME in wanted:
        found = (names.of_sequence(text, match.start(), match.end()) for match in _NAME.finditer(text))
        hits += [hit for hit in found if hit]
    return hits


def _strongest(hits: Iterable[Hit]) -> list[Hit]:
    """Hits without overlaps: of two the surer stays, of equally sure ones the longer."""
    ordered = sorted(hits, key=lambda hit: (hit.start, hit.end))
    kept: list[Hit] = []
    for hit in ordered:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
            continue
        beaten = 0
        while beaten < len(kept) and kept[-1 - beaten].end > hit.start:
            beaten += 1
        if all(_strength(hit) > _strength(one) for one in kept[len(kept) - beaten :]):
            kept[len(kept) - beaten :] = [hit]
    return kept


def _strength(hit: Hit) -> tuple[float, int]:
    return hit.confidence, hit.end - hit.start


def _unfolded(text: str, wanted: frozenset[Kind], least: float) -> list[Hit]:
    """Hits in a text with invisible characters or digits of other scripts, in places of the text as it is."""
    places: list[int] = []
    folded: list[str] = []
    for place, character in enumerate(text):
        if _INVISIBLE.match(character):
            continue
        plain = unicodedata.normalize("NFKC", character) if not character.isascii() else character
        digit = unicodedata.digit(plain, None) if len(plain) == 1 else None
        folded.append(character if digit is None and len(plain) != 1 else str(digit) if digit is not None else plain)
        places.append(place)
    places.append(len(text))
    found = _told(_all("".join(folded), wanted), wanted, least)
    return [
        Hit(hit.kind, places[hit.start], places[hit.end - 1] + 1, hit.confidence, hit.why, hit.value) for hit in found
    ]


Handler = Callable[[str, "re.Match[str]"], Hit | None]


def _iban(text: str, match: re.Match[str]) -> Hit | None:
    compact = re.sub(r"[^0-9A-Za-z]", "", match[0]).upper()
    return Hit(Kind.IBAN, *match.span(), 0.99, (Why.CHECK_DIGIT,), compact) if is_iban(compact) else None


def _passport(text: str, match: re.Match[str]) -> Hit | None:
    said, spent = said_before(text, match.start())
    compact = re.sub(r"[^0-9A-Z]", "", match[0])
    if said in ("passport", "id-card"):
        return Hit(Kind.PASSPORT, *match.span(), 0.95, (Why.SHAPE, Why.WORDS), compact)
    if compact[0] != "N" or (said == ORDER and not spent) or "№" in match[0]:
        return None
    return Hit(Kind.PASSPORT, *match.span(), 0.65, (Why.SHAPE,), compact)


_UNITS = frozenset(
    (
        "KZT",
        "USD",
        "EUR",
        "RUB",
        "RUR",
        "GBP",
        "CNY",
        "TRY",
        "UZS",
        "KGS",
        "GB",
        "MB",
        "KB",
        "TB",
        "KG",
        "MM",
        "CM",
        "KM",
        "ML",
        "PCS",
        "MIN",
        "SEC",
        "HRS",
        "DAY",
        "AM",
        "PM",
        "THE",
        "UTC",
        "GMT",
    )
)


def _plate(text: str, match: re.Match[str]) -> Hit | None:
    compact = match[0].replace(" ", "")
    letters = "".join(character for character in compact if character.isalpha())
    if (letters in _UNITS and " " in match[0]) or match[0].count(" ") == 1:
        return None
    said, spent = said_before(text, match.start())
    if said == "plate":
        return Hit(Kind.PLATE, *match.span(), 0.95, (Why.SHAPE, Why.WORDS), compact)
    if said in (ORDER, "version") and not spent:
        return None
    return Hit(Kind.PLATE, *match.span(), 0.6 if len(letters) == 3 else 0.45, (Why.SHAPE,), compact)


def _russian_plate(text: str, match: re.Match[str]) -> Hit | None:
    compact = match[0].replace(" ", "")
    if said_before(text, match.start())[0] == "plate":
        return Hit(Kind.PLATE, *match.span(), 0.9, (Why.SHAPE, Why.WORDS), compact)
    whole = compact[-1].isdigit() and len(compact) in (8, 9) and not compact.isascii()
    return Hit(Kind.PLATE, *match.span(), 0.6, (Why.SHAPE,), compact) if whole else None


_MONTHS = {
    stem: number
    for number, stems in enumerate(
        (
            "янв қаң кан jan", "фев ақп акп feb", "мар нау mar", "апр сәу сау apr", "май мая мам may", "июн мау jun",
            "июл шіл шил jul", "авг там aug", "сен қыр кыр sep", "окт қаз каз oct", "ноя қар кар nov", "дек жел dec",
        ),
        1,
    )
    for stem in stems.split()
}  # fmt: skip


def _date(text: str, match: re.Match[str]) -> Hit | None:
    if not born_after(text, match.end()) and said_before(text, match.start()) != ("birth-date", False):
        return None
    value = _day(match)
    return Hit(Kind.BIRTH_DATE, *match.span(), 0.9, (Why.WORDS,), value) if value else None


def _day(match: re.Match[str]) -> str:
    """The date that is written, as ISO 8601 has it; an empty text if there is no such day."""
    parts = re.findall(r"[0-9]+", match[0])
    if match["month"]:
        number = _MONTHS.get(match["month"].lower()[:3], 0)
        year, month, day = int(parts[1]), number, int(parts[0])
    elif len(parts[0]) == 4:
        year, month, day = map(int, parts)
    else:
        day, month, year = map(int, parts)
        if month > 12 >= day:
            day, month = month, day
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


_HANDLERS: dict[str | None, Handler] = {
    "at": lambda text, match: addresses.email(text, match.start()),
    "ip": lambda text, match: addresses.ipv4(text, match.start(), match.end()),
    "colon": lambda text, match: addresses.ipv6(text, match.start()),
    "iban": _iban,
    "passport": _passport,
    "plate": _plate,
    "russian": _russian_plate,
    "date": _date,
}
"""By group of the first pattern. Times have none: they are passed over."""
