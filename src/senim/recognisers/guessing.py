"""What a column of a database is, from its name, its type and samples of its values. Pure.

A name says it, hints at it, or says nothing; values agree, disagree, or cannot be checked. What the values prove
(check digits) outweighs the name; what the name says outweighs the look of the values.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

from senim.recognisers.finding import find
from senim.recognisers.records import Guess, Kind, Why
from senim.recognisers.whole import PROVEN, WHOLE, alone, may_be

MOST_SAMPLES = 200
"""Values that are looked at; more say nothing new."""

_NO_PEOPLE = re.compile(r"bool|bit\(1\)|tinyint\(1\)|enum", re.IGNORECASE)
_WHEN = re.compile(r"date|time", re.IGNORECASE)
_NUMBER = re.compile(r"int|numeric|decimal|number|serial|float|double|real", re.IGNORECASE)
_OF_DATES = frozenset((Kind.BIRTH_DATE, Kind.CARD_EXPIRY))
_OF_NUMBERS = frozenset(
    (
        Kind.IIN, Kind.BIN, Kind.PHONE, Kind.CARD, Kind.ID_CARD, Kind.PASSPORT, Kind.BIRTH_DATE, Kind.POSTCODE,
        Kind.PLACE, Kind.SEX, Kind.LOGIN, Kind.ACCOUNT, Kind.IP, Kind.SECRET, Kind.DEVICE, Kind.SPECIAL,
    )
)  # fmt: skip
"""What may be kept as a number."""


_CYRILLIC: Mapping[str, str] = dict(
    zip(
        "абвгдезийклмнопрстуфыэёжхцчшщъьюяәғқңөұүһі",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "z",
            "i",
            "j",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "y",
            "e",
            "e",
            "zh",
            "h",
            "c",
            "ch",
            "sh",
            "shh",
            "_",
            "_",
            "yu",
            "ya",
            "a",
            "g",
            "k",
            "n",
            "o",
            "u",
            "u",
            "h",
            "i",
        ],
        strict=True,
    )
)
_LATIN = {ord(letter): written.strip("_") for letter, written in _CYRILLIC.items()}
_LATIN |= {ord(letter): written for letter, written in zip("äğıñöşüú", "agynosuu", strict=True)}
_LATIN |= {ord(letter.upper()): written.strip("_").capitalize() for letter, written in _CYRILLIC.items()}
_WORDS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")


def columns(name: str, samples: Iterable[Any] = (), sql_type: str = "") -> list[Guess]:
    """What a column may be, the surest first; nothing if nothing speaks for it.

    ``samples`` are some of its values, ``sql_type`` is as the database names it (``VARCHAR(12)``, ``timestamptz``).
    Every confidence is between 0 and 1; from 0.75 on people need not be asked.
    """
    values = [text for one in samples if (text := _text(one, sql_type))][:MOST_SAMPLES]
    named = {} if _NO_PEOPLE.search(sql_type) else _named(name, sql_type)
    shares = _shares(values)
    guesses = [
        guess
        for kind in dict.fromkeys((*named, *shares))
        if (guess := _guess(kind, named.get(kind, 0.0), shares.get(kind), values))
    ]
    if values and not any(guess.confidence >= 0.75 for guess in guesses):
        guesses += _note(values)
    return sorted(guesses, key=lambda guess: -guess.confidence)


def _text(value: Any, sql_type: str) -> str:
    """A value as text. An IIN that is kept as a number has lost its leading zeros."""
    if value is None or isinstance(value, bool | bytes | memoryview):
        return ""
    if isinstance(value, int) or (_NUMBER.search(sql_type) and str(value).isdigit()):
        digits = str(value)
        return digits.zfill(12) if 9 <= len(digits) <= 11 and not _telephone(digits) else digits
    return str(value).strip()


def _telephone(digits: str) -> bool:
    return len(digits) == 11 and digits[0] in "78"


def words(name: str) -> str:
    """The words of a column's name in Latin letters, joined with ``_``; ways of writing one sound are made one."""
    return "_".join(_folded(word) for word in _WORDS.findall(name.translate(_LATIN)))


_SOUNDS = (
    ("zh", "j"), ("kh", "h"), ("gh", "g"), ("shh", "sh"), ("shch", "sh"), ("sch", "sh"), ("ts", "c"), ("q", "k"),
    ("yo", "e"), ("ju", "u"), ("yu", "u"), ("iu", "u"), ("ja", "a"), ("ya", "a"), ("ia", "a"), ("y", "i"), ("ij", "i"),
    ("ii", "i"),
)  # fmt: skip


def _folded(word: str) -> str:
    word = word.lower()
    if len(word) >= 5:  # in short words a letter more or less is another word
        for written, sound in _SOUNDS:
            word = word.replace(written, sound)
    return word


_SAYS, _HINTS = 0.9, 0.4


@functools.cache
def _told() -> dict[str, Any]:
    return tomllib.loads(resources.files("senim.recognisers").joinpath("columns.toml").read_text(encoding="utf-8"))


@functools.cache
def _flags() -> frozenset[str]:
    return frozenset(_told()["flags"].split())


@functools.cache
def _lexicon() -> dict[Kind, tuple[dict[str, float], frozenset[str]]]:
    """For each kind: names with what they are worth, and words that take the meaning away."""
    lexicon = {}
    for kind in _told().keys() & frozenset(Kind):
        told = _told()[kind]
        hints = {words(name): _HINTS for name in told["hints"]}
        says = {words(name): _SAYS for name in told["says"]}
        lexicon[Kind(kind)] = ({**hints, **says}, frozenset(words(name) for name in told.get("not", ())))
    return lexicon


def _named(name: str, sql_type: str) -> dict[Kind, float]:
    """What a name says or hints at, and how clearly."""
    joined = words(name)
    parts = frozenset(joined.split("_"))
    if parts & _flags():
        return {}
    found: dict[Kind, float] = {}
    for kind, (names, spoilers) in _lexicon().items():
        clear, length = max((_clear(joined, one, worth) for one, worth in names.items()), default=(0.0, 0))
        if clear and not parts & (spoilers - {joined}) and _may_hold(sql_type, kind):
            found[kind] = clear + min(length, 20) / 1000  # of two names that fit, the longer says more
    return found


def _clear(joined: str, name: str, worth: float) -> tuple[float, int]:
    """How clearly a name is said in the words of a column, and how long it is."""
    if joined == name or joined.replace("_", "") == name.replace("_", ""):
        return worth, len(name) + 20
    if worth < _SAYS:
        return (worth if joined.endswith(f"_{name}") else 0.0), len(name)
    if f"_{name}_" in f"_{joined}_":
        return (worth - 0.05 if len(name) > 2 or joined.endswith(f"_{name}") else worth - 0.3), len(name)
    squeezed = name.replace("_", "")
    if len(squeezed) >= 6 and squeezed in joined.replace("_", ""):
        return worth - 0.15, len(name)
    return 0.0, 0


def _may_hold(sql_type: str, kind: Kind) -> bool:
    if _WHEN.search(sql_type):
        return kind in _OF_DATES
    return kind in _OF_NUMBERS if _NUMBER.search(sql_type) else True


def _shares(values: list[str]) -> dict[Kind, float]:
    """Of the values, how many are of each kind that can be told by its values."""
    counts: Counter[Kind] = Counter()
    for value in values:
        counts.update(kind for kind, fits in WHOLE.items() if fits(value))
    return {kind: counts[kind] / len(values) for kind in WHOLE} if values else {}


def _guess(kind: Kind, named: float, share: float | None, values: Sequence[str]) -> Guess | None:
    """Name and values weighed against each other; None where neither says anything."""
    if share is None:  # its values cannot be checked, or there are none
        return Guess(kind, round(named, 3), (Why.COLUMN,)) if named >= 0.5 else _weak(kind, named)
    agree = share >= (0.6 if kind in PROVEN else 0.8)
    if named and agree:
        return Guess(kind, round(min(0.99, max(named, 0.85) + 0.08), 3), (Why.COLUMN, Why.SAMPLES))
    if named >= 0.5:  # dirty columns are personal too, if anything in them is
        some = sum(may_be(kind, value) for value in values) >= 0.1 * len(values)
        kept = named if some or len(values) < 3 else named - 0.45
        return Guess(kind, round(kept, 3), (Why.COLUMN,) if some else (Why.COLUMN, Why.AGAINST))
    if agree and kind in _BY_VALUES and all(alone(kind, value) for value in values if WHOLE[kind](value)):
        worth = _BY_VALUES[kind] - (0.3 if len(values) < 3 else 0.0)
        return Guess(kind, round(worth, 3), (Why.SAMPLES,))
    return None


def _weak(kind: Kind, named: float) -> Guess | None:
    return Guess(kind, round(named, 3), (Why.COLUMN,)) if named >= 0.35 else None


_BY_VALUES: Mapping[Kind, float] = {
    Kind.EMAIL: 0.97, Kind.IIN: 0.97, Kind.BIN: 0.95, Kind.IBAN: 0.97, Kind.CARD: 0.95, Kind.PHONE: 0.85,
    Kind.IP: 0.85, Kind.NAME: 0.8, Kind.GIVEN: 0.75, Kind.PATRONYMIC: 0.85, Kind.PLATE: 0.6, Kind.PASSPORT: 0.55,
    Kind.USER_AGENT: 0.85, Kind.FAMILY: 0.6,
}  # fmt: skip
"""What values alone make of a column, whatever its name. Nine digits alone are no identity card."""


def _note(values: list[str]) -> list[Guess]:
    """Free text with something personal in it, in however few of the values."""
    written = sum(
        1 for value in values if len(value.split()) >= 3 and any(hit.confidence >= 0.5 for hit in find(value))
    )
    share = written / len(values)
    return [Guess(Kind.NOTE, round(min(0.9, 0.6 + share), 3), (Why.SAMPLES,))] if written else []
