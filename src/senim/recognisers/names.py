"""Names of people: given names by list, patronymics and surnames by their endings. Pure.

Kazakh names are known as they are written in Kazakh (Әлия, Нұрлан), in Russian (Алия, Нурлан) and in Latin letters
(Aliya, Nurlan); Russian ones in their cases (Иваном Петровичем Соколовым). A word alone is no name unless words
beside it say so: Роза is a flower, Марат is a street.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

from senim.recognisers.records import Hit, Kind, Why

_UP = "A-ZÄĞŞÇÑÖÜА-ЯЁӘҒҚҢӨҰҮҺІ"
_LOW = "a-zäğşçıñöüа-яёәғқңөұүһі"
_REST = rf"(?:\.|[{_LOW}]+(?:['’-][{_UP}]?[{_LOW}]+){{0,2}}|[{_UP}]+(?:-[{_UP}]+)?|['’][{_UP}][{_LOW}]+)"
_PART = rf"(?:[{_UP}]{_REST}|[ұу]лы|[қк]ызы|uly|[kq]yzy)"
SEQUENCE = rf"[{_UP}](?<![^\W_].){_REST}(?:(?:(?<=\.)|[ \u00a0])[ \u00a0]?{_PART}){{1,5}}(?![^\W_])"
"""Two to six words with capital letters, or initials, in a row."""

_PATRONYMIC = re.compile(
    r"(?:[^\W\d_]{2,}(?:(?:ов|ев)ич(?:а|у|ем|е)?|(?:ов|ев)н(?:а|ы|е|у|ой|ою)|иничн(?:а|ы|е|у|ой)"
    r"|[ұу]лы(?:м?ен|ның|на|н)?|[қк]ызы(?:м?ен|ның|на|н)?|(?:ov|ev)(?:ich|na)|(?:uly|kyzy|qyzy))"
    r"|(?:иль|кузьм|лук|никит|фом)ич(?:а|у|ом|ем|е|н(?:а|ы|е|у|ой))?)\Z"
)
_SURNAME = re.compile(
    r"[^\W\d_]{2,}(?:(?:[оеё]в|[иы]н|ев)(?:а|у|ым|ой|е|ы)?|(?:ск|цк)(?:ий|ая|ого|ому|им|ом|ой|ую)|енко|чук|юк|ян|дзе|швили"
    r"|бай|бек(?:ов|ова)?|хан|жан|ұлы|қызы|улы|кызы"
    r"|(?:ov|ev|yev|in)a?|sk(?:iy|aya|y)|enko|bay|bai|bek|khan|uly|kyzy|son|ton|field|ley|ford|well|wood|ham)\Z"
)
_TAIL = frozenset(("ұлы", "қызы", "улы", "кызы", "uly", "kyzy", "qyzy"))
_CASES = re.compile(r"(?:ом|ем|ой|ей|ою|ею|[ауеыиюя])\Z")
_AFTER_STREET = re.compile(
    r"[\s»\"]*(?:көше|даңғыл|атындағы|ауданы|алаңы|саябағ|мешіт|street|avenue|road|ave\b|st\b|university)",
    re.IGNORECASE,
)


def latin(word: str) -> Iterator[str]:
    """How a Kazakh or Russian word is written in Latin letters: as passports have it, and with y for й."""
    written = word.lower().translate(_PASSPORT)
    yield written
    if "i" in written:
        yield re.sub(r"(?<=[aeou])i", "y", written)


_PASSPORT = {
    ord(letter): to
    for letters, tos in (
        ("абвгдезийклмнопрстуфхцыэ", "a b v g d e z i i k l m n o p r s t u f kh ts y e"),
        ("ёжчшщюяьъәғқңөұүһі", "yo zh ch sh shch yu ya _ _ a g k n o u u h i"),
    )
    for letter, to in zip(letters, (one.replace("_", "") for one in tos.split()), strict=True)
}
_IN_RUSSIAN = str.maketrans("әғқңөұүһі", "агкноуухи")


@functools.cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(resources.files("senim.recognisers").joinpath("names.toml").read_text(encoding="utf-8"))


@functools.cache
def _beside(name: str) -> frozenset[str]:
    return frozenset(_lists()["beside"][name].split())


@functools.cache
def given_names() -> frozenset[str]:
    """All given names, in lower case, ё as е, in every way of writing them."""
    found: set[str] = set()
    for language in ("kk", "ru", "en"):
        names = _lists()[language]
        for name in names.lower().replace("ё", "е").split():
            found.add(name)
            if language != "en":
                found.add(name.translate(_IN_RUSSIAN))
                found.update(latin(name))
    return frozenset(found)


@functools.cache
def _stems() -> frozenset[str]:
    """Given names without their last vowel, for their Russian cases: Марии, Иваном."""
    return frozenset(re.sub(r"[аяйьеи]\Z", "", name) for name in given_names() if len(name) >= 4 and not name.isascii())


def is_given(word: str) -> bool:
    """Whether a word is a given name, in any of its cases."""
    low = word.lower().replace("ё", "е")
    if low in given_names():
        return True
    if low.isascii() or len(low) < 4:
        return False
    stem = _CASES.sub("", low)
    return stem != low and len(stem) >= 3 and (stem in _stems() or stem in given_names())


def is_patronymic(word: str) -> bool:
    """Whether a word ends as patronymics do: Иванович, Ивановной, Нұрланұлы, Nurlankyzy."""
    return bool(_PATRONYMIC.match(word.lower()))


def is_surname(word: str) -> bool:
    """Whether a word ends as surnames do in Kazakhstan."""
    return bool(_SURNAME.match(word.lower()))


def of_sequence(text: str, start: int, end: int) -> Hit | None:
    """The name in a row of words with capital letters, if there is one."""
    words = _words(text, start, end)
    signs = [_sign(word) for word, _, _ in words]
    best = max(_names(words, signs), default=None)
    if best is None:
        return None
    sure, first, last, why = best
    begin, finish = words[first][1], words[last][2]
    if _is_place(text, begin) or _AFTER_STREET.match(text, finish):
        return None
    return Hit(Kind.NAME, begin, finish, sure, why, " ".join(text[begin:finish].split()))


def _is_place(text: str, begin: int) -> bool:
    """Whether the word before a name makes a place of it: ``ул. Розы``, but not ``on Baker Street. Rosa``."""
    beside = text[begin - 16 if begin > 16 else 0 : begin]
    words = beside[beside.rfind("\n") + 1 :].rsplit(None, 1)
    if not words:
        return False
    word = words[-1].lower()
    sentence_ended = word.endswith(".") and len(word) > 6
    return not sentence_ended and word.strip('.,«"') in _beside("streets")


_SPLIT = re.compile(r"[^\s.]+\.?")


def _words(text: str, start: int, end: int) -> list[tuple[str, int, int]]:
    return [(match[0], match.start(), match.end()) for match in _SPLIT.finditer(text, start, end)]


@functools.lru_cache(maxsize=50_000)
def _sign(word: str) -> str:
    """What a word is: I(nitial), P(atronymic), G(iven name), S(urname), T(ail of one), - (none of a name), W(ord)."""
    if word.endswith("."):
        return "I" if len(word) == 2 else "-"
    low = word.lower()
    if low in _beside("no-name") or len(low) < 2:
        return "-"
    if low in _TAIL:
        return "T"
    if is_given(low):
        return "G"
    if is_patronymic(low):
        return "P"
    return "S" if is_surname(low) else "W"


_BY_SHAPE = (Why.SHAPE,)
_PATTERNS: tuple[tuple[re.Pattern[str], float, tuple[Why, ...]], ...] = tuple(
    (re.compile(pattern), sure, why)
    for pattern, sure, why in (
        (r"G(?:P|[GSW]T)S|SG(?:P|[GSW]T)", 0.97, (Why.NAMES, Why.ENDINGS)),
        (r"[WG]G(?:P|[GSW]T)|G(?:PW?|[GSW]T)", 0.97, (Why.NAMES, Why.ENDINGS)),
        (r"[SWG][SW](?:P|[GSW]T)|[SW]PS", 0.9, (Why.ENDINGS,)),
        (r"[SWG]P", 0.85, (Why.ENDINGS,)),
        (r"(?<=G)SG", 0.85, (Why.NAMES, Why.ENDINGS)),  # Азамат Сейітова Шолпан: the first word is "citizen"
        (r"GS|SG", 0.85, (Why.NAMES, Why.ENDINGS)),
        (r"GI?[SW]", 0.6, (Why.NAMES,)),
        (r"[SW]G|GG", 0.6, (Why.NAMES,)),
        (r"SII|IIS", 0.8, (Why.ENDINGS,)),
        (r"[WG]II|II[WG]", 0.55, _BY_SHAPE),
        (r"SI|IS", 0.55, (Why.ENDINGS,)),
    )
)


def _names(words: list[tuple[str, int, int]], signs: list[str]) -> Iterator[tuple[float, int, int, tuple[Why, ...]]]:
    row = "".join(signs)
    if not ("G" in row or "P" in row or "I" in row or "T" in row):
        return
    for pattern, sure, why in _PATTERNS:
        match = pattern.search(row)
        if match and not (why == _BY_SHAPE and words[match.start()][0].isascii()):  # Telefonica S.A.
            yield sure, match.start(), match.end() - 1, why
            return
