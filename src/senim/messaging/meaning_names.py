"""Who asks and where the answer goes, as far as a letter says it. Pure; for staff to see, never to decide by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from senim.messaging.letter_headers import address_in

_NAME = r"[А-ЯЁӘҒҚҢӨҰҮҺІA-Z][а-яёәғқңөұүһіa-z’'-]{1,40}"
_PATRONYMIC = r"[А-ЯЁӘҒҚҢӨҰҮҺІ][а-яёәғқңөұүһі-]{1,40}(?:вич|вна|ична|ұлы|қызы|улы|кызы|оглы)"
_FULL = re.compile(rf"\b({_NAME})\s+({_NAME})\s+({_PATRONYMIC})\b")
_TURNED = re.compile(rf"\b({_NAME})\s+({_PATRONYMIC})\s+({_NAME})\b")
_TWO = re.compile(rf"\b({_NAME})\s+({_NAME})\b")
_LABELLED = {
    "family": re.compile(rf"(?:фамилия|тегі|тегім|surname|family name|last name)\s*[:\-–—]\s*({_NAME})", re.IGNORECASE),
    "given": re.compile(
        rf"(?:\bимя|\bаты|\bатым|есімі|есімім|\bfirst name|given name)\s*[:\-–—]\s*({_NAME})", re.IGNORECASE
    ),
    "patronymic": re.compile(rf"(?:отчество|әкесінің аты|patronymic|middle name)\s*[:\-–—]\s*({_NAME})", re.IGNORECASE),
}
_INTRODUCES = re.compile(
    r"(?:\bя|\bфио|ф\.и\.о\.|меня зовут|заявитель|\bот|\bмен|аты-жөнім|аты-жөні|т\.а\.ә\.|"
    r"my name is|\bi am|i'm|name)\s*[,:\-–—]?\s+|"
    r"(?:фио|ф\.и\.о\.|аты-жөні)\s*:\s*",
    re.IGNORECASE,
)
_POSTAL = re.compile(
    r"\b(?:ул\.|улица|пр\.|проспект|мкр|микрорайон|пер\.|дом \d|д\. ?\d|кв\. ?\d|индекс|көшесі|даңғылы|ықшам ауданы|"
    r"үй \d|пәтер|street|avenue|apt\.? ?\d|flat \d|postcode)",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?:\+7|\b8)[\s(-]{0,2}7\d{2}[\s)-]{0,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}\b")
_IIN = re.compile(r"(?<!\d)\d{12}(?!\d)")
_FAMILY_ENDINGS = re.compile(
    r"(?:ов|ова|ев|ева|ёв|ёва|ин|ина|ын|ына|ский|ская|цкий|цкая|ко|ян|дзе|ұлы|қызы|баев|баева|бек|бай)$", re.IGNORECASE
)
_NO_NAMES = frozenset(
    {"Добрый", "Здравствуйте", "Уважаемые", "Уважаемый", "Прошу", "Республика", "Казахстан", "Қазақстан", "Dear",
     "Please", "Best", "Kind", "Закон", "Отправлено", "Хочу", "Требую", "Сәлеметсіз", "Құрметті", "Заявление", "Hello",
     "Sir", "Team", "Спасибо", "Персональные", "Privacy", "Data", "Personal", "Дербес", "Отзыв", "Согласие", "Алматы",
     "Астана"}
)  # fmt: skip
_READ = 20_000


@dataclass(frozen=True, slots=True)
class Names:
    """Names as the letter gives them; each may be missing."""

    family: str = ""
    given: str = ""
    patronymic: str = ""


def names_in(text: str, signature: str, sender: str) -> Names:
    """The asker's own name: labelled, introduced, signed with, or else the sender's shown one."""
    body = text[:_READ]
    labelled = {part: found[1] for part, expression in _LABELLED.items() if (found := expression.search(body))}
    if "family" in labelled and "given" in labelled:
        return Names(**labelled)
    for found in _INTRODUCES.finditer(body):
        named = _read(body[found.end() : found.end() + 130].split("\n")[0], begins=True)
        if named.family:
            return named
    last = "\n".join(body.rstrip().split("\n")[-3:])
    for place in (signature[:500], last, sender):
        named = _read(place)
        if named.family:
            return named
    return Names(**labelled)


def _read(text: str, *, begins: bool = False) -> Names:
    """The first name in a text; only at its beginning if ``begins``."""
    look = re.match if begins else re.search
    full = look(_FULL.pattern.removeprefix(r"\b") if begins else _FULL.pattern, text)
    if full and full[1] not in _NO_NAMES:
        return Names(full[1], full[2], full[3])
    turned = look(_TURNED.pattern.removeprefix(r"\b") if begins else _TURNED.pattern, text)
    if turned and turned[1] not in _NO_NAMES:
        return Names(turned[3], turned[1], turned[2])
    two = look(_TWO.pattern.removeprefix(r"\b") if begins else _TWO.pattern, text)
    if two is None or two[1] in _NO_NAMES or two[2] in _NO_NAMES:
        return Names()
    first, second = two[1], two[2]
    latin = first.isascii()
    if _FAMILY_ENDINGS.search(first) and not _FAMILY_ENDINGS.search(second):
        return Names(first, second)
    if latin or _FAMILY_ENDINGS.search(second):
        return Names(second, first)
    return Names(first, second)


def states(what: str, text: str, names: Names, sender: str) -> bool:
    """Whether a letter states what a request must (foundation-33). Unknown wants are taken as not stated."""
    match what:
        case "family" | "given" | "patronymic":
            return bool(getattr(names, what))
        case "email":
            return bool(sender or address_in(text[:_READ]))
        case "postal-address":
            return _POSTAL.search(text[:_READ]) is not None
        case "email-or-postal-address":
            return states("email", text, names, sender) or states("postal-address", text, names, sender)
        case "phone":
            return _PHONE.search(text[:_READ]) is not None
        case "iin":
            return _IIN.search(text[:_READ]) is not None
        case "content":
            return len(text.split()) >= 2
        case _:
            return False


def missing(wanted: Iterable[str], text: str, names: Names, sender: str) -> tuple[str, ...]:
    """What of ``wanted`` a letter does not state, in that order."""
    return tuple(what for what in wanted if not states(what, text, names, sender))
