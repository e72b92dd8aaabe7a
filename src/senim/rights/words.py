"""Clocks in words, in three languages: until when, how it was counted, which days were left out, what won. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from babel.dates import format_date

from senim.languages import Language, wording
from senim.law import Calendar, Term, due, parse_term
from senim.law.clocks import Unit
from senim.policy.promises import Promises
from senim.rights.clock import last_day
from senim.rights.records import Deadline, Limit, Request
from senim.times import moment

_SATURDAY = 5


def explain(request: Request, promises: Promises, language: Language) -> str:
    """The clocks of a request that still run, in words: one paragraph each."""
    paragraphs = [explain_deadline(one, promises, language, request) for one in request.deadlines if not one.met_at]
    return "\n".join(paragraphs)


def explain_deadline(deadline: Deadline, promises: Promises, language: Language, request: Request | None = None) -> str:
    """One clock in words: e.g. ``Answer by 24:00 on 22 April 2027: 30 working days, counted from …``."""
    calendar = promises.calendar
    zone = ZoneInfo(calendar.zone)
    first = deadline.limits[0]
    end, since = moment(first.due).astimezone(zone), moment(deadline.since).astimezone(zone)
    told = _say(language, f"due-{deadline.stage}", until=_until(end, language), term=term_words(first.term, language))
    sentences = [f"{told} {_counted(first, since, end, calendar, language)}".rstrip()]
    sentences += [
        _say(
            language,
            f"longer-{other.source}",
            term=term_words(other.term, language),
            until=_until(moment(other.due).astimezone(zone), language),
            article=promises.law.cited(other.article, language),
        )
        for other in deadline.limits[1:]
        if other.due > first.due
    ]
    if first.source == "law" and first.article:
        sentences.append(_say(language, "by-law", article=promises.law.cited(first.article, language)))
    sentences += _stood_still(request, first, zone, language) if request else []
    return " ".join(sentences)


def left(request: Request, calendar: Calendar, now: datetime, language: Language) -> str:
    """How much time a request has: ``3 working days left``, ``overdue by 2 working days``; empty if nothing runs."""
    if not request.due:
        return ""
    if request.paused:
        return _say(language, "left-paused")
    zone = ZoneInfo(calendar.zone)
    today, end = now.astimezone(zone).date(), moment(request.due).astimezone(zone)
    last = last_day(end)
    if end <= now:
        late = calendar.working_days_between(last, today)
        word = "late-days" if late else "late-today"
        return _say(language, word, days=term_words(f"{max(late, 1)} working days", language))
    if last == today:
        return _say(language, "left-today", time="24:00" if (end.hour, end.minute) == (0, 0) else f"{end:%H:%M}")
    days = calendar.working_days_between(today, last)
    return _say(language, "left-days", days=term_words(f"{max(days, 1)} working days", language))


def term_words(term: str, language: Language) -> str:
    """``30 working days`` in the language."""
    parsed = parse_term(term)
    return f"{parsed.count} {_unit(parsed, language)}"


def _unit(term: Term, language: Language) -> str:
    forms = wording("rights")[f"unit-{term.unit.value.replace(' ', '-')}"].in_(language).split("|")
    return forms[min(_form(term.count, language), len(forms) - 1)]


def _form(count: int, language: Language) -> int:
    """Which form of a word goes with a number: Russian has three, English two, Kazakh one."""
    if language == "ru":
        if count % 10 == 1 and count % 100 != 11:
            return 0
        return 1 if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else 2
    return int(count != 1) if language == "en" else 0


def _until(end: datetime, language: Language) -> str:
    """``24:00 on 22 April 2027``: the last day is meant, and not the one that begins then."""
    midnight = (end.hour, end.minute, end.second) == (0, 0, 0)
    time = "24:00" if midnight else f"{end:%H:%M}"
    return _say(language, "until", time=time, date=full_date(last_day(end) if midnight else end.date(), language))


def full_date(day: date, language: Language) -> str:
    """A date as people write it."""
    return _say(language, "date", day=_day(day, language), year=str(day.year))


def _day(day: date, language: Language) -> str:
    return format_date(day, "d MMMM", locale=language)


def _counted(limit: Limit, since: datetime, end: datetime, calendar: Calendar, language: Language) -> str:
    """How it was counted: from when, and which days were left out or are worked."""
    unit, last = parse_term(limit.term).unit, last_day(end)
    if unit is Unit.HOURS:
        return ""
    counted = [_say(language, "counted", date=full_date(since.date(), language))]
    if unit is Unit.WORKING_DAYS:
        days = list(_between(since.date(), last))
        off = [one for one in days if one.weekday() < _SATURDAY and not calendar.is_working(one)]
        worked = [one for one in days if _is_weekend(one, calendar) and calendar.is_working(one)]
        counted += [_say(language, "off", days=ranges(off, language))] if off else []
        counted += [_say(language, "worked", days=ranges(worked, language))] if worked else []
    elif limit.roll:
        counted += _rolled(limit, since, last, calendar, language)
    return " ".join(counted)


def _is_weekend(day: date, calendar: Calendar) -> bool:
    return day.weekday() > _SATURDAY or (day.weekday() == _SATURDAY and calendar.week == 5)


def _rolled(limit: Limit, since: datetime, last: date, calendar: Calendar, language: Language) -> list[str]:
    """A word on a term that ended on a day off, and so a little later."""
    plain = last_day(due(parse_term(limit.term), since, calendar, roll=False).strict)
    if calendar.is_working(plain) or calendar.rolled(plain) != last:
        return []
    return [_say(language, "rolled", date=full_date(plain, language))]


def _between(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=step) for step in range(1, (last - first).days + 1))


def ranges(days: list[date], language: Language) -> str:
    """Days as people list them: ``8, 15, 22–24 March, 1 May``, month by month."""
    months: dict[tuple[int, int], list[date]] = {}
    for day in days:
        months.setdefault((day.year, day.month), []).append(day)
    told = []
    for inside in months.values():
        name = _day(inside[0], language).split(" ", 1)[1]
        told.append(f"{', '.join(_runs(inside))} {name}")
    return ", ".join(told)


def _runs(days: list[date]) -> Iterable[str]:
    begun = days[0]
    for day, following in pairwise([*days, None]):
        assert day is not None
        if following is None or (following - day).days != 1:
            yield str(day.day) if begun == day else f"{begun.day}–{day.day}"
            begun = following or day


def _stood_still(request: Request, limit: Limit, zone: ZoneInfo, language: Language) -> list[str]:
    told = []
    for pause in request.pauses:
        if pause.reason not in limit.pauses:
            continue
        why = wording("rights")[f"pause-{pause.reason}"].in_(language)
        since = full_date(moment(pause.since).astimezone(zone).date(), language)
        if pause.until:
            until = full_date(moment(pause.until).astimezone(zone).date(), language)
            told.append(_say(language, "stood-still", since=since, until=until, why=why))
        else:
            told.append(_say(language, "stands-still", since=since, why=why))
    if request.extension and limit.extension:
        why = wording("rights")[f"extension-{request.extension.reason}"].in_(language)
        told.append(_say(language, "extended", term=term_words(limit.extension, language), why=why))
    return told


def _say(language: Language, key: str, **parts: str) -> str:
    text = wording("rights")[key].in_(language)
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part)
    return text


def state_told(request: Request, language: Language) -> str:
    """How far a request is, in the words of its kind or way where that has its own: a complaint is upheld or not."""
    known, word = wording("rights"), f"state-{request.state}"
    own = known.get(f"{word}-{request.kind}") or known.get(f"{word}-{request.way}")
    return (own or known[word]).in_(language)


def told(word: str, language: Language) -> str:
    """A kind, state, reason or ground in words (``kind-erase``, ``state-in_check``, ``refusal-vexatious`` …)."""
    return wording("rights")[word].in_(language)
