"""What the person is told when a request was carried out: per item done or kept, why, until when. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from senim.connectors.records import Act, Keep, Trouble
from senim.rights.answers.records import FORM, Answer, Outcome, Section, SystemDone
from senim.rights.answers.words import Words
from senim.times import stamp

Row = tuple[str, ...]


def tell(outcome: Outcome) -> Answer:
    """The answer about what was done, in the person's language."""
    words = Words(outcome.promises, outcome.language)
    promises = outcome.promises
    sections = (_done(outcome, words), _stays(outcome, words), _not_reached(outcome, words), _proof(outcome, words))
    return Answer(
        form=FORM,
        number=outcome.number,
        kind=outcome.kind,
        language=outcome.language,
        received=stamp(outcome.received),
        made=stamp(outcome.made),
        policy=promises.policy.id,
        version=promises.version,
        digest=promises.digest,
        subject=outcome.subject,
        title=words.say("title", number=outcome.number),
        lead=words.say(
            "lead",
            operator=words.in_(promises.policy.operator.name),
            received=words.day(outcome.received),
            made=words.day(outcome.made),
        ),
        sections=(*(one for one in sections if one is not None), words.rights()),
        certificate=outcome.certificate,
    )


def _done(outcome: Outcome, words: Words) -> Section:
    rows = list(_in_the_vault(outcome, words))
    for one in outcome.systems:
        for step in one.receipt.steps:
            if step.act is not Act.KEEP and step.rows:
                what = f"{step.table}: {', '.join(step.columns)}" if step.columns else step.table
                rows.append((one.receipt.system, what, words.say(f"act-{step.act.value}"), str(step.rows)))
    columns = words.columns("system", "what-was", "done", "rows") if rows else ()
    return Section(
        id="done",
        title=words.say("done"),
        text=_in_short(outcome, words, done=bool(rows)),
        columns=columns,
        rows=tuple(rows),
    )


def _in_short(outcome: Outcome, words: Words, *, done: bool) -> tuple[str, ...]:
    if not done:
        return (words.say("done-empty"),)
    if outcome.erasure is None or not all(one.rescan and one.rescan.complete for one in outcome.systems):
        return ()
    return (words.say("done-erased"), *((words.say("done-but"),) if _stays(outcome, words) else ()))


def _in_the_vault(outcome: Outcome, words: Words) -> Iterator[Row]:
    place, erasure = words.say("vault"), outcome.erasure
    for scope in outcome.withdrawn:
        purpose = words.purpose(scope.purpose) + words.scope(scope)
        yield (place, purpose, words.say("act-withdrawn"), "")
    for reference in outcome.corrected:
        yield (place, words.field(reference), words.say("act-correct"), "1")
    if erasure is not None:
        yield (place, words.say("vault-values"), words.say("act-delete"), str(erasure.values))
        if erasure.documents:
            yield (place, words.say("vault-files"), words.say("act-delete"), str(erasure.documents))


def _stays(outcome: Outcome, words: Words) -> Section | None:
    """What is kept, on which ground, until when (foundation-28)."""
    corrected = bool(outcome.corrected)
    there = (row for one in outcome.systems for row in _stays_there(one, words, corrected=corrected))
    rows = [*_stays_here(outcome, words), *there]
    if not rows:
        return None
    columns = words.columns("system", "what-was", "why", "until")
    return Section(id="stays", title=words.say("stays"), columns=columns, rows=tuple(rows))


def _stays_here(outcome: Outcome, words: Words) -> Iterator[Row]:
    for kept in outcome.stays:
        what = words.fields(kept.what)
        yield (words.say("vault"), what, words.in_(kept.because), _until(kept.until, words))


def _stays_there(done: SystemDone, words: Words, *, corrected: bool) -> Iterator[Row]:
    system = done.receipt.system
    for step in done.receipt.steps:
        if step.act is Act.KEEP and step.rows:
            yield (system, f"{step.table} ({step.rows})", *_why(step.keep, step.because, words))
    again = words.say("left-behind" if corrected else "left-over")
    for left in done.rescan.left if done.rescan else ():
        if left.keep is None and left.because is None:
            yield (system, f"{left.table}.{left.column} ({left.rows})", again, "—")


def _why(keep: Keep | None, because: Trouble | None, words: Words) -> tuple[str, str]:
    if keep is not None:
        return words.in_(keep.because), _until(keep.until, words)
    return words.trouble(because), "—"


def _until(day: date | None, words: Words) -> str:
    return words.date(day) if day else words.say("end-unknown")


def _not_reached(outcome: Outcome, words: Words) -> Section | None:
    rows: dict[Row, None] = {}
    for one in outcome.systems:
        for place in (*one.receipt.not_reached, *(one.rescan.not_reached if one.rescan else ())):
            columns = f": {', '.join(place.columns)}" if place.columns else ""
            rows[(one.receipt.system, place.table + columns, words.trouble(place.why))] = None
    if not rows:
        return None
    return Section(
        id="not-reached",
        title=words.say("not-reached"),
        columns=words.columns("system", "table", "why"),
        rows=tuple(rows),
    )


def _proof(outcome: Outcome, words: Words) -> Section | None:
    if not outcome.certificate:
        return None
    return Section(id="proof", title=words.say("proof"), text=(words.say("proof-how"),))
