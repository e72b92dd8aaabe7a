"""What the operations of ``/v1`` do: each parses, calls one action and answers."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from senim.audit.records import to_leaf
from senim.audit.tiles import TileName
from senim.consent import Event, Scope, State
from senim.disclosure import Handed, HandedOver, Handing
from senim.errors import Code, Invalid, NotFound, Reason
from senim.gate import Decision, Question
from senim.identity import SubjectId
from senim.languages import LANGUAGES, Language
from senim.times import micros, moment, stamp
from senim.vault import Document, Kept, Told
from senim.web.api import bodies
from senim.web.api.calls import Call
from senim.web.shared.problems import reason_details

_PAGE = 100


@lru_cache(maxsize=4096)
def _time(at: int) -> str:
    """A stored time as RFC 3339; a person's values mostly share one."""
    return stamp(moment(at)) if at else ""


def intake(call: Call) -> bodies.IntakeAnswer:
    """Take in one person's data."""
    taken = call.run(lambda work: call.senim.collection.intake(work, call.body))
    return bodies.IntakeAnswer(subject=taken.subject, stored=taken.stored, receipts=taken.receipts)


def technical(call: Call) -> bodies.VisitsAnswer:
    """Take in what devices told by themselves."""
    told: bodies.VisitsBody = call.body
    taken = call.run(lambda work: call.senim.technical.take(work, told.point, told.visits))
    return bodies.VisitsAnswer(kept=taken.kept, not_chosen=taken.not_chosen, over=taken.over, dropped=taken.dropped)


def notice(call: Call, point: str) -> bodies.NoticeAnswer:
    """What is to be shown at a point."""
    senim = call.senim
    language = _language(call)
    work = senim.works.begin(senim.actor())
    shown = senim.collection.notice(work, point, language)
    call.response.set_header("Cache-Control", "public, max-age=60")
    return bodies.NoticeAnswer(
        point=shown.point,
        language=shown.language,
        notice=shown.digest,
        version=senim.policies.in_force(work.now).version,
        lines=[bodies.LineTold(kind=one.kind, text=one.text, ref=one.ref) for one in shown.lines],  # type: ignore[arg-type]  # one of four
    )


def _language(call: Call) -> Language:
    wanted = call.param("language")
    for language in LANGUAGES:
        if wanted == language:
            return language
    raise Invalid(Code.INVALID_VALUE, "language")


def consent(call: Call) -> bodies.ConsentAnswer:
    """Give or withdraw a consent."""
    body: bodies.ConsentBody = call.body
    scope = Scope(
        purpose=body.purpose,
        recipient=body.recipient,
        channel=body.channel,
        country=body.country,
        category=body.category,
    )
    consents = call.senim.consents
    if body.given:
        given = [call.about(body.subject, lambda work, who: consents.give(work, who, scope, evidence=body.evidence))]
    else:
        given = call.about(body.subject, lambda work, who: consents.withdraw(work, who, scope, evidence=body.evidence))
    return bodies.ConsentAnswer(receipts=tuple(one.receipt for one in given), proven=given[0].event.said.proven)


def consents_of(call: Call, subject: str) -> bodies.ConsentsAnswer:
    """What a person agreed to."""
    after = _index(call)
    states, events, following = call.run(lambda work: call.senim.consents.look(work, SubjectId(subject), after, _PAGE))
    return bodies.ConsentsAnswer(
        consents=[_state(one) for one in states],
        events=[_event(one) for one in events],
        next=str(following) if following is not None else None,
    )


def _index(call: Call) -> int:
    """Where a page begins: a number of the log."""
    cursor = call.param("cursor", "0")
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Invalid(Code.CURSOR_WRONG, "cursor")
    return int(cursor)


def _state(state: State) -> bodies.StateTold:
    return bodies.StateTold(
        **msgspec.structs.asdict(state.scope),
        given=state.agreed.given,
        proven=state.agreed.proven,
        version=state.agreed.version,
        at=_time(state.agreed.at),
        until=_time(state.agreed.until),
    )


def _event(event: Event) -> bodies.EventTold:
    said = event.said
    return bodies.EventTold(
        **msgspec.structs.asdict(said.scope),
        id=event.id,
        given=said.given,
        proven=said.proven,
        version=said.version,
        at=said.at,
        until=said.until,
        evidence=said.evidence,
    )


def find(call: Call) -> bodies.SubjectAnswer:
    """Find a person."""
    body: bodies.FindBody = call.body
    subject = call.run(lambda work: call.senim.vault.find(work, body.kind, body.value))
    return bodies.SubjectAnswer(subject=subject)


def read(call: Call, subject: str) -> bodies.DataAnswer:
    """Read a person's values for a purpose."""
    purpose = call.param("purpose")
    categories = tuple(part for part in call.param("categories").split(",") if part)
    told: Told = call.about(subject, lambda work, who: call.senim.vault.read(work, who, purpose, categories=categories))
    values = {name: _value(kept, masked=name in told.masked) for name, kept in told.values.items()}
    return bodies.DataAnswer(subject=subject, purpose=purpose, values=values, withheld=told.withheld)


def _value(kept: Kept, *, masked: bool = False) -> bodies.ValueTold:
    return bodies.ValueTold(
        value=kept.value,
        source=kept.source,
        at=_time(kept.at),
        status=kept.status,
        masked=masked,
        place="" if masked else kept.place,
    )


def disclose(call: Call) -> bodies.DisclosureAnswer:
    """Hand people's data to a recipient."""
    body: bodies.DisclosureBody = call.body
    handing = Handing(
        recipient=body.recipient,
        purpose=body.purpose,
        categories=body.categories,
        country=body.country,
        channel=body.channel,
        reason=body.reason,
    )
    subjects = tuple(SubjectId(one) for one in body.subjects)
    handed: Handed = call.run(lambda work: call.senim.disclosures.make(work, subjects, handing))
    return bodies.DisclosureAnswer(
        disclosure=handed.disclosure,
        data={who: {name: _value(kept) for name, kept in values.items()} for who, values in handed.values.items()},
        refused={
            who: [bodies.ReasonTold(**reason_details(reason)) for reason in reasons]
            for who, reasons in handed.refused.items()
        },
    )


def disclosures_of(call: Call, subject: str) -> bodies.DisclosuresAnswer:
    """Everybody who got a person's data."""
    found: list[HandedOver] = call.run(lambda work: call.senim.disclosures.look(work, SubjectId(subject)))
    return bodies.DisclosuresAnswer(
        disclosures=[
            bodies.DisclosureTold(
                disclosure=one.disclosure,
                entry=one.entry,
                at=one.at,
                recipient=one.recipient,
                purpose=one.purpose,
                categories=one.categories,
                country=one.country,
                channel=one.channel,
                document=one.document,
            )
            for one in found
        ]
    )


def correct(call: Call, subject: str) -> bodies.CorrectAnswer:
    """Correct a person's values."""
    body: bodies.CorrectBody = call.body
    changed = call.about(
        subject, lambda work, who: call.senim.collection.correct(work, who, body.purpose, values=body.values)
    )
    return bodies.CorrectAnswer(changed=changed)


def erase(call: Call, subject: str) -> bodies.ErasureAnswer:
    """Destroy a person's data."""
    reason = call.param("reason")
    done = call.about(subject, lambda work, who: call.senim.vault.erase(work, who, reason=reason))
    return bodies.ErasureAnswer(
        subject=done.subject,
        erased_at=_time(done.at),
        categories=done.values,
        documents=done.documents,
        identifiers=done.identifiers,
        entry=done.entry,
        proof=done.proof,
    )


def check(call: Call) -> bodies.CheckAnswer | bodies.ChecksAnswer:
    """Ask the gate one question, or many."""
    body: bodies.CheckBody | bodies.ChecksBody = call.body
    if isinstance(body, bodies.ChecksBody):
        return bodies.ChecksAnswer(checks=[_decision(_ask(call, one)) for one in body.checks])
    return _decision(_ask(call, body))


def _ask(call: Call, body: bodies.CheckBody) -> Decision:
    question = Question(
        body.operation,
        body.purpose,
        body.subject,
        body.categories,
        body.recipient,
        body.country,
        body.channel,
        body.reason,
    )
    return call.senim.gate.check(call.caller, question)


def _decision(decision: Decision) -> bodies.CheckAnswer:
    return bodies.CheckAnswer(allowed=decision.allowed, reasons=_reasons(decision.reasons), decision=decision.entry)


@lru_cache(maxsize=2048)  # the grounds of a yes are the same for everybody, and most noes have the same few reasons
def _reasons(reasons: tuple[Reason, ...]) -> tuple[bodies.ReasonTold, ...]:
    return tuple(bodies.ReasonTold(**reason_details(reason)) for reason in reasons)


def block(call: Call, subject: str) -> bodies.EntryAnswer:
    """Block a person's data."""
    reason = call.body.reason
    return _entry(call.about(subject, lambda work, who: call.senim.gate.block(work, who, reason=reason)))


def unblock(call: Call, subject: str) -> bodies.EntryAnswer:
    """Lift a block."""
    reason = call.param("reason")
    return _entry(call.about(subject, lambda work, who: call.senim.gate.unblock(work, who, reason=reason)))


def stop(call: Call, subject: str) -> bodies.EntryAnswer:
    """Stop a purpose, or all."""
    body: bodies.ReasonBody = call.body
    return _entry(
        call.about(subject, lambda work, who: call.senim.gate.stop(work, who, body.purpose, reason=body.reason))
    )


def resume(call: Call, subject: str) -> bodies.EntryAnswer:
    """Lift a stop."""
    purpose, reason = call.param("purpose"), call.param("reason")
    return _entry(call.about(subject, lambda work, who: call.senim.gate.resume(work, who, purpose, reason=reason)))


def happened(call: Call, subject: str) -> bodies.EntryAnswer:
    """Note an event that ends or starts a term."""
    body: bodies.EventBody = call.body
    try:
        at = datetime.fromisoformat(body.at) if body.at else None
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE, "at") from error
    if at is not None and at.tzinfo is None:
        raise Invalid(Code.INVALID_VALUE, "at")
    return _entry(
        call.about(
            subject,
            lambda work, who: call.senim.gate.happened(work, who, body.event, micros(at) if at else work.at),
        )
    )


def _entry(entry: str) -> bodies.EntryAnswer:
    return bodies.EntryAnswer(entry=entry)


def put_document(call: Call, subject: str, field: str) -> bodies.DocumentTold:
    """Take in a file."""
    import io

    media = (call.request.content_type or "").partition(";")[0].strip().lower()
    purpose = call.param("purpose")
    return _document(
        call.about(
            subject,
            lambda work, who: call.senim.collection.receive(
                work, who, field, media=media, content=io.BytesIO(call.body), purpose=purpose
            ),
        )
    )


def _document(document: Document) -> bodies.DocumentTold:
    return bodies.DocumentTold(
        id=document.id, field=document.field, media=document.media, size=document.size, at=_time(document.at)
    )


def documents_of(call: Call, subject: str) -> bodies.DocumentsAnswer:
    """A person's files, without content."""
    found = call.about(subject, call.senim.documents.list)
    return bodies.DocumentsAnswer(documents=[_document(one) for one in found])


def get_document(call: Call, subject: str, document: str) -> bytes:
    """A file's content, to be saved and never shown inside a page."""
    purpose = call.param("purpose")

    def act(work: Any, who: Any) -> tuple[Document, bytes]:
        found, chunks = call.senim.documents.open(work, who, document, purpose)
        return found, b"".join(chunks)

    _, content = call.about(subject, act)
    call.response.set_header("Content-Disposition", f'attachment; filename="{document}"')
    return bytes(content)


def entries_of(call: Call, subject: str) -> bodies.EntriesAnswer:
    """Entries about a person."""
    after, senim = _index(call), call.senim

    def act(work: Any) -> tuple[Any, Any]:
        work.need("log")
        standing = senim.subjects.find(work.database, SubjectId(subject))
        return senim.log.entries_about(standing.subject, after, _PAGE), senim.log.entries_waiting(standing.subject)

    sealed, waiting = call.run(act)
    return bodies.EntriesAnswer(
        entries=[bodies.EntryTold(index=index, entry=msgspec.Raw(to_leaf(one))) for index, one in sealed],
        waiting=[msgspec.Raw(to_leaf(one)) for one in waiting],
        next=str(sealed[-1][0] + 1) if len(sealed) == _PAGE else None,
    )


def checkpoint(call: Call) -> bytes:
    """The newest signed checkpoint."""
    call.response.set_header("Cache-Control", "no-cache")
    return call.senim.log.checkpoint().encode()


def tile(call: Call, path: str) -> bytes:
    """A tile of hashes: nothing in it can be traced to a person."""
    name = _tile_name(path)
    if name.level < 0:
        raise NotFound(Code.NOT_FOUND, "tile")
    content = call.senim.log.tile(name)
    call.response.set_header("Cache-Control", "public, max-age=31536000, immutable")
    return content


def bundle(call: Call, path: str) -> bytes:
    """A bundle of entries, for auditors."""

    def act(work: Any) -> bytes:
        work.need("log")
        content: bytes = call.senim.log.tile(_tile_name(f"entries/{path}"))
        return content

    return bytes(call.run(act))


def _tile_name(path: str) -> TileName:
    try:
        return TileName.parse(path)
    except Invalid as error:
        raise NotFound(Code.NOT_FOUND, "tile") from error


def keys(call: Call) -> bodies.KeyAnswer:
    """Public keys."""
    return bodies.KeyAnswer(log=call.senim.log.vkey, statements=call.senim.jwk)


def health(call: Call) -> bodies.HealthAnswer:
    """Whether the service can do its work."""
    senim = call.senim
    trouble = call.request.env.get("senim.trouble", "")
    version = senim.policies.in_force(senim.works.clock.now()).version
    note = senim.messages.trouble(senim.database)
    return bodies.HealthAnswer(
        status="trouble" if trouble else "ok",
        trouble=trouble,
        policy=version,
        entries=senim.log.size,
        dead_orders=senim.orders.dead(senim.database),
        notes=(note.value,) if note else (),
    )
