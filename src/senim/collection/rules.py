"""Holds what comes in against the policy: declared, needed, well formed, nothing that may not come. Pure."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from senim.collection.records import ConsentGiven, Intake
from senim.collection.scanning import has_card, iins, quiet, special
from senim.consent.rules import is_archive
from senim.errors import Code, Invalid, NotPromised, Reason
from senim.policy.notices import Notice, consent_ref
from senim.policy.promises import Promises
from senim.policy.records import ConsentAsked, Field, Point
from senim.policy.taxonomy import Channel, FieldType
from senim.policy.values import expected, normalise

_FREE = frozenset(
    (FieldType.TEXT, FieldType.WORDS, FieldType.ADDRESS, FieldType.ACCOUNT, FieldType.URL, FieldType.NAME)
)
"""Types whose value is in people's own words."""

_CARD_FREE = frozenset(
    (
        FieldType.CARD,
        FieldType.BIRTH_DATE,
        FieldType.DATE,
        FieldType.BOOLEAN,
        FieldType.CHOICE,
        FieldType.IIN,
        FieldType.IBAN,
    )
)
"""Types that are card numbers, or whose own check lets none in (the digits of a good IBAN may look like one)."""

_SHORTEST_CARD = 13
"""Digits of the shortest card numbers. Numbers that systems give may be as long, so these are not looked for there."""

_NOTHING = (None, "")
_BIRTH_DATE = FieldType.BIRTH_DATE


class Looked(NamedTuple):
    """Values in their normal form, what is wrong with the others, and IINs that stand in free text."""

    values: dict[str, str]
    reasons: tuple[Reason, ...]
    strangers: tuple[tuple[str, str], ...]


def look(
    promises: Promises, values: Mapping[str, object], asked: Container[str] | None, now: datetime | None = None
) -> Looked:
    """Check and normalise values by ``category.field``. ``asked``: the point's fields; None: any declared.

    Nobody is born after ``now``.
    """
    good: dict[str, str] = {}
    reasons: list[Reason] = []
    strangers: list[tuple[str, str]] = []
    fields, still = promises.fields, _still(promises, values)
    for reference, value in values.items():
        field = fields.get(reference)
        if field is None:
            reasons.append(promises.reason(Code.CATEGORY_UNDECLARED, reference[:64]))
            reasons.extend(unwanted(promises, reference[:64], FieldType.TEXT, value))
            continue
        if asked is not None and reference not in asked:
            about = f"categories.{reference.partition('.')[0]}"
            reasons.append(promises.reason(Code.FIELD_NOT_NEEDED, reference, about))
            continue
        if not still and (found := unwanted(promises, reference, field.type, value)):
            reasons.extend(found)
            continue
        try:
            good[reference] = normalise(value, field)
        except Invalid as error:
            reasons.append(_miswritten(promises, error.code, reference))
            continue
        if field.type is _BIRTH_DATE and now and good[reference] > _day(promises, now):
            del good[reference]
            reasons.append(_miswritten(promises, Code.INVALID_VALUE, reference))
        elif not still and (field.type in _FREE or field.type is FieldType.REFERENCE):
            strangers.extend((reference, iin) for iin in iins(good[reference]))
    return Looked(good, tuple(reasons), tuple(strangers))


def _miswritten(promises: Promises, code: Code, reference: str) -> Reason:
    """Why a value is not taken as it is written, and how it is to be written."""
    reason = promises.reason(code, reference)
    return replace(reason, hint=expected(promises.fields[reference])) if code is Code.INVALID_VALUE else reason


def _still(promises: Promises, values: Mapping[str, object]) -> bool:
    """Whether a quick look at all values together shows that none has anything in it that may not come."""
    free = _card_free(promises)
    texts = [value for reference, value in values.items() if isinstance(value, str) and reference not in free]
    return len(texts) + len(free & values.keys()) == len(values) and quiet(texts)


@functools.lru_cache(maxsize=8)
def _card_free(promises: Promises) -> frozenset[str]:
    """The fields that need no look: no card number can be in them, nor words."""
    return frozenset(reference for reference, field in promises.fields.items() if field.type in _CARD_FREE)


def _day(promises: Promises, now: datetime) -> str:
    return now.astimezone(ZoneInfo(promises.calendar.zone)).date().isoformat()


def unwanted(promises: Promises, reference: str, kind: FieldType, value: object) -> list[Reason]:
    """Card numbers and special categories in a value, as it came."""
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    reasons: list[Reason] = []
    if not isinstance(text, str):
        return reasons
    least = least_card(kind)
    if least and has_card(text, short=least == _SHORTEST_CARD):
        reasons.append(promises.reason(Code.CARD_NUMBER, reference))
    if kind in _FREE and kind is not FieldType.URL:
        found = special(text)
        category = promises.category(reference) if found else None
        if found in promises.law.special and (category is None or category.special != found):
            reasons.append(promises.reason(Code.SPECIAL_CATEGORY, reference))
    return reasons


def least_card(kind: FieldType) -> int:
    """From how many digits on a card number is looked for in such a field; 0 where none can be in it."""
    if kind in _CARD_FREE:
        return 0
    return _SHORTEST_CARD + 1 if kind is FieldType.REFERENCE else _SHORTEST_CARD


def look_at_place(promises: Promises, place: str) -> list[Reason]:
    """What is wrong with the address of a public source: it is kept with each value (travel-6)."""
    where = "source.place"
    try:
        normalise(place, Field(type=FieldType.URL, max=2000))
    except Invalid as error:
        return [promises.reason(error.code, where)]
    return unwanted(promises, where, FieldType.TEXT, unquote(place))


def undeclared(promises: Promises, point: str) -> NotPromised:
    """The refusal of a point that the policy does not declare; a made-up name is not repeated."""
    return NotPromised.because(promises.reason(Code.POINT_UNDECLARED, point[:64]))


def check_way(promises: Promises, intake: Intake, notices: Mapping[str, Notice]) -> list[Reason]:
    """What is wrong with where, how and after what notice it came. The point must be declared."""
    return list(_way(promises, intake, promises.policy.points[intake.point], notices))


def _way(promises: Promises, intake: Intake, point: Point, notices: Mapping[str, Notice]) -> Iterator[Reason]:
    about = (f"points.{intake.point}",)
    if point.visits is not None:
        yield promises.reason(Code.POINT_KIND_WRONG, intake.point, *about)
    if intake.channel and intake.channel not in point.channels:
        yield promises.reason(Code.CHANNEL_UNDECLARED, intake.channel[:40], *about)
    shown = notices.get(intake.notice)
    if not intake.notice:
        yield promises.reason(Code.NOTICE_MISSING, "notice", *about)
    elif shown is None or shown.point != intake.point or shown.language != intake.language:
        yield promises.reason(Code.NOTICE_OUTDATED, "notice", *about)
    if channel_of(point, intake) is Channel.TELEPHONE and not intake.read_to_caller:
        yield promises.reason(Code.NOTICE_MISSING, "read_to_caller", *about)
    if point.subject == "self" and intake.on_behalf_of is not None:
        yield promises.reason(Code.OTHERS_NOT_TAKEN, "on_behalf_of", *about)
    if point.subject == "other" and intake.on_behalf_of is None:
        yield promises.reason(Code.ATTESTATION_MISSING, "on_behalf_of", *about)
    if intake.on_behalf_of is not None and point.proof == "document" and not intake.on_behalf_of.document:
        yield promises.reason(Code.ATTESTATION_MISSING, "on_behalf_of.document", *about)
    if intake.archive and not is_archive(intake.archive):
        yield promises.reason(Code.INVALID_VALUE, "archive", *about)
    for given in intake.consents:
        if not any(_same(ask, given) for ask in point.consents):
            yield promises.reason(Code.PURPOSE_UNDECLARED, given.purpose[:64], *about)
    for name in _said_twice(intake.consents):
        yield promises.reason(Code.CONSENT_TWICE, name[:64], *about)


def _said_twice(consents: tuple[ConsentGiven, ...]) -> list[str]:
    """Purposes of which the same is said twice, or a yes to a part of it beside a no to the whole."""
    said = Counter((one.purpose, one.recipient, one.channel, one.country) for one in consents)
    refused = {one.purpose for one in consents if not (one.given or one.recipient or one.channel or one.country)}
    agreed = [one.purpose for one in consents if one.given and one.purpose in refused]
    return list(dict.fromkeys([*(name for (name, *_), count in said.items() if count > 1), *agreed]))


def missing(promises: Promises, point: str, values: Mapping[str, object]) -> list[Reason]:
    """Fields that a person who is not known yet did not give, and had to. The point must be declared."""
    lacking = [reference for reference in _required(promises, point) if values.get(reference) in _NOTHING]
    return [promises.reason(Code.FIELD_MISSING, reference, f"points.{point}") for reference in lacking]


def unagreed(promises: Promises, intake: Intake) -> Iterator[Reason]:
    """Consents that a person who is not known yet had to give, and did not. The point must be declared."""
    for ask in promises.policy.points[intake.point].consents:
        given = [one for one in intake.consents if _same(ask, one)]
        if ask.ask == "required" and not any(one.given for one in given):
            lacking = promises.reason(Code.CONSENT_MISSING, ask.purpose, f"purposes.{ask.purpose}")
            yield replace(lacking, where=consent_ref(ask))


@functools.lru_cache(maxsize=64)
def _required(promises: Promises, name: str) -> tuple[str, ...]:
    point = promises.policy.points[name]
    return tuple(reference for reference in point.asks if point.own(reference).ask == "required")


def _same(ask: ConsentAsked, given: ConsentGiven) -> bool:
    return (
        ask.purpose == given.purpose
        and ask.recipient == given.recipient
        and (ask.channel or "") == given.channel
        and (ask.country or "") == given.country
    )


def channel_of(point: Point, intake: Intake) -> Channel:
    """The channel that data came by. An undeclared one is told by :func:`check_way`."""
    return next((one for one in point.channels if one == intake.channel), point.channels[0])


def unserved(
    promises: Promises, references: Iterable[str], allowed: Iterable[str], refused: Mapping[str, tuple[Reason, ...]]
) -> list[Reason]:
    """Why fields may not be kept: no purpose that may collect now needs them."""
    served = frozenset[str]().union(*(promises.needed[purpose] for purpose in allowed))
    reasons: list[Reason] = []
    for reference in references:
        if reference in served:
            continue
        wanting = [purpose for purpose in refused if reference in promises.needed[purpose]]
        if not wanting:
            reasons.append(
                promises.reason(Code.FIELD_NOT_NEEDED, reference, f"categories.{reference.partition('.')[0]}")
            )
        for purpose in wanting:
            reasons.extend(Reason(one.code, reference, one.clause, one.article) for one in refused[purpose])
    return list(dict.fromkeys(reasons))
