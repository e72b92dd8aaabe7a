"""Carry out a plan, look again, answer: one stored order, each step once, whatever dies meanwhile."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from senim.connectors.records import Connector, Identifiers, NotReached, Page, Plan, Rescan, Trouble
from senim.errors import Code, Held, NotFound, NotPromised
from senim.identity import SubjectId
from senim.languages import LANGUAGES, Language, Text
from senim.messaging.records import File
from senim.orders.context import Context
from senim.orders.context import Done as Ended
from senim.orders.records import Claimed
from senim.policy.notices import field_words
from senim.policy.promises import Promises
from senim.policy.values import identifier_kind, normalise
from senim.rights import store
from senim.rights.answering import Answering, stays
from senim.rights.answers.records import KeptBack
from senim.rights.delivery import Delivery
from senim.rights.desk import AGENT, CHUNK, Desk
from senim.rights.here import HereActs
from senim.rights.plans import WHO, Plans
from senim.rights.records import Done, Paper, Planned, Request, State
from senim.rights.rules import blocked_since, found_again
from senim.rights.words import full_date
from senim.times import moment
from senim.work import Work

DONE, RESCANNED, ANSWERED = "request.done", "request.rescanned", "request.answered"
AT_WORK = (State.EXECUTING, State.RESCANNING)
AGAIN = timedelta(hours=1)
"""How long to wait before asking a system again that has not done its part yet."""

_encode = msgspec.json.Encoder().encode
_decode_who = msgspec.json.Decoder(dict[str, tuple[str, ...]]).decode
_decode_before = msgspec.json.Decoder(dict[str, list[str]]).decode


class Execution:
    """Carries out what was planned and, where it has to be, approved."""

    def __init__(self, desk: Desk, plans: Plans, here: HereActs, answering: Answering, delivery: Delivery) -> None:
        self._desk = desk
        self._plans = plans
        self._delivery = delivery
        self._answering = answering
        self._here = here
        desk.parts.orders.handle("rights.execute", self._execute_order)

    # carry out

    def _execute_order(self, context: Context, claimed: Claimed) -> Ended:
        """One attempt, unless the request is over: it may have ended before, or while this was under way."""
        request = self._now(claimed.about)
        try:
            if request.plan is not None and request.state in AT_WORK:
                return self._carry_out(context, claimed, request, request.plan)
        except (NotFound, Held):  # an erasure of the person ended it, and destroyed what was being sealed
            if self._now(claimed.about).state in AT_WORK:
                raise
        return Ended({"skipped": str(self._now(claimed.about).state)})

    def _carry_out(self, context: Context, claimed: Claimed, request: Request, plan: Planned) -> Ended:
        """Each system that is not done yet, then what is here, then the look afterwards."""
        number, who = request.number, self._who(request.number)
        if request.state is State.EXECUTING:
            self._check_held(context, request)
            self._systems(context, request, plan, who)
            if self._now(number).here is None:
                self._do_here(context, number, plan)
        waiting = [one.system for one in self._now(number).done if one.waits]
        if waiting:
            return Ended({"waiting": waiting}, lambda work: self._ask_again(work, request, claimed))
        self._look_again(context, number, plan, who)
        ended = self._now(number)
        return Ended(_receipt(ended), lambda work: self._finish(work, number))

    def _check_held(self, context: Context, request: Request) -> None:
        """Touch nothing while a claim is open or data of the operator's own destruction was blocked since the yes.

        Raises Held (claim_open, subject_blocked): it is tried again later, or planned anew.
        """
        looking = self._desk.parts.works.begin(AGENT)
        held = Code.CLAIM_OPEN if self._plans.held(looking, request) else None
        if blocked_since(request, self._desk.people(looking, request)):
            held = Code.SUBJECT_BLOCKED
        if held is None:
            return
        self._step(context, request.number, "held", lambda work: self._in_trouble(work, request.number, held))
        raise Held(held, request.number)

    def _in_trouble(self, work: Work, number: str, code: Code) -> None:
        self._desk.save(work, self._desk.load(work, number), trouble=code.value)

    def _step(self, context: Context, number: str, step: str, then: Callable[[Work], object]) -> None:
        """Remember a step with what it writes. Raises Held (request_state) once the request is over."""

        def act(work: Work) -> None:
            if self._desk.load(work, number).state not in AT_WORK:
                raise Held(Code.REQUEST_STATE, number)
            then(work)

        context.step(step, act)

    def _now(self, number: str) -> Request:
        found = store.look(self._desk.database(), number)
        if found is None:
            raise NotFound(Code.NOT_FOUND, "request")
        return found

    def _who(self, number: str) -> dict[str, tuple[str, ...]]:
        looking = self._desk.parts.works.begin(AGENT)
        return _decode_who(b"".join(self._desk.get(looking, self._now(number), WHO)))

    def _connector(self, name: str) -> Connector:
        found = next((one for one in self._desk.parts.connectors() if one.name == name), None)
        if found is None:
            raise NotFound(Code.NOT_FOUND, f"system {name}")
        return found

    def _systems(self, context: Context, request: Request, plan: Planned, who: Identifiers) -> None:
        done = {one.system for one in request.done if not one.waits}
        changes = self._changes(request.number) if plan.wish == "correct" else None
        for one in plan.systems:
            if one.system in done:
                continue
            receipt = self._connector(one.system).execute(one, who, order=request.order, changes=changes)
            made = Done(system=one.system, at=0, receipt=receipt)
            self._step(context, request.number, one.system, self._doing(request.number, made))
        for found in plan.reads:
            if found.system not in done and found.rows:
                self._export(context, request, found.system, who)

    def _doing(self, number: str, made: Done) -> Callable[[Work], object]:
        return lambda work: self._did(work, number, made)

    def _did(self, work: Work, number: str, made: Done) -> None:
        request = self._desk.load(work, number)
        others = tuple(one for one in request.done if one.system != made.system)
        rows = made.rows or sum(one.rows for one in made.receipt.steps) if made.receipt else made.rows
        request = self._desk.save(work, request, done=(*others, replace(made, at=work.at)))
        self._desk.tell(work, DONE, request, count=rows, codes=("waits",) if made.waits else ())

    def _changes(self, number: str) -> dict[str, str]:
        looking = self._desk.parts.works.begin(AGENT)
        return dict(self._desk.opening(looking, self._now(number)).changes)

    def _export(self, context: Context, request: Request, system: str, who: Identifiers) -> None:
        """Seal a system's rows chunk by chunk, in flat memory; one that was cut off is written over from the start."""
        part, chunks, rows, size = f"export-{system}", 0, 0, 0
        pages = self._connector(system).export(who, people=request.chosen.get(system, ()))
        for chunk, count in _chunked(pages):
            put = functools.partial(self._desk.put_chunk, request=request, part=part, n=chunks, chunk=chunk)
            self._step(context, request.number, context.claimed.step, put)  # sealed, and the lease begins anew
            chunks, rows, size = chunks + 1, rows + count, size + len(chunk)
        paper = (part, chunks, size)
        made = Done(system=system, at=0, rows=rows)
        self._step(context, request.number, system, lambda work: self._exported(work, request.number, paper, made))

    def _exported(self, work: Work, number: str, paper: tuple[str, int, int], made: Done) -> None:
        request = self._desk.load(work, number)
        part, chunks, size = paper
        one = Paper(id=part, what="answer", media="application/jsonl", size=size, chunks=chunks, at=work.at)
        self._desk.save(work, request, papers=(*(old for old in request.papers if old.id != part), one))
        self._did(work, number, made)

    def _do_here(self, context: Context, number: str, plan: Planned) -> None:
        if plan.wish == "erase":
            if not self._now(number).kept_in:
                self._step(context, number, "keep", lambda work: self._here.keep(work, number))
            self._step(context, number, "here", lambda work: self._here.erase(work, number))
        elif plan.wish == "correct":
            self._step(context, number, "here", lambda work: self._here.correct(work, number))
        elif plan.wish == "read":
            self._step(context, number, "here", lambda work: self._here.tell(work, number))

    # look again, and answer

    def _ask_again(self, work: Work, request: Request, claimed: Claimed) -> None:
        """A person or a slow system has still to do its part: the same order is asked for again later."""
        self._desk.parts.orders.place(
            work,
            "rights.execute",
            lane_of=SubjectId(request.holder),
            about=request.number,
            at=work.now + AGAIN,
            key=f"again {claimed.id}",
        )

    def _look_again(self, context: Context, number: str, plan: Planned, who: Identifiers) -> None:
        """Search every system once more; what is still found is an error and not a success.

        Raises NotPromised (still_found): the order ends dead, to be run again when somebody has seen to it.
        """
        if self._now(number).state is State.EXECUTING:
            self._step(context, number, "rescan", lambda work: self._to_rescan(work, number))
        if plan.wish not in ("erase", "correct"):
            return
        lost: tuple[str, ...] = ()
        if plan.wish == "correct":
            who, lost = self._before(number)
        for one in plan.systems:
            rescan = self._search(one, who, lost)
            self._step(
                context,
                number,
                f"rescan {one.system}",
                lambda work, system=one.system, rescan=rescan: self._rescanned(work, number, system, rescan),  # type: ignore[misc]
            )
        if any(found_again(plan, one) for one in self._now(number).done):
            raise NotPromised(Code.STILL_FOUND, number)

    def _before(self, number: str) -> tuple[Identifiers, tuple[str, ...]]:
        """What said who the person is before it was corrected; and the fields by which nobody can be searched for."""
        looking, request = self._desk.parts.works.begin(AGENT), self._now(number)
        fields, changes = self._desk.promises(looking).fields, self._desk.opening(looking, request).changes
        found: dict[str, tuple[str, ...]] = {}
        lost = []
        for name, values in _decode_before(b"".join(self._desk.get(looking, request, "before"))).items():
            kind, new = identifier_kind(name, fields[name]), normalise(changes[name], fields[name])
            if kind:
                found[kind] = (*found.get(kind, ()), *(one for one in values if one not in ("", new)))
            else:
                lost.append(name)
        return {kind: values for kind, values in found.items() if values}, tuple(lost)

    def _search(self, plan: Plan, who: Identifiers, lost: tuple[str, ...]) -> Rescan:
        """Search a system; fields that cannot be searched for are told as not looked into."""
        rescan = self._connector(plan.system).rescan(who, people=plan.people) if who else Rescan(system=plan.system)
        unsearched = tuple(NotReached(table=one, why=Trouble.NOT_SEARCHED) for one in lost)
        return replace(rescan, not_reached=(*rescan.not_reached, *unsearched))

    def _to_rescan(self, work: Work, number: str) -> None:
        request = self._desk.load(work, number)
        self._desk.save(work, request, state=State.RESCANNING)

    def _rescanned(self, work: Work, number: str, system: str, rescan: Rescan) -> None:
        request = self._desk.load(work, number)
        done = tuple(
            msgspec.structs.replace(one, rescan=rescan) if one.system == system else one for one in request.done
        )
        assert request.plan is not None
        again = [one.system for one in done if found_again(request.plan, one)]
        trouble = Code.STILL_FOUND.value if again else ""
        request = self._desk.save(work, request, done=done, trouble=trouble)
        self._desk.tell(work, RESCANNED, request, codes=() if rescan.clean else ("still_found",))

    def _finish(self, work: Work, number: str) -> None:
        request = self._desk.load(work, number)
        if request.state is not State.RESCANNING or request.plan is None:
            return
        if request.plan.wish == "correct" and not _corrected(request):
            self._desk.nothing_on_file(work, request)
            return
        left = sum(len(self._desk.parts.vault.held(work, one)) for one in self._desk.people(work, request))
        if request.plan.wish == "erase" and left:
            raise NotPromised(Code.STILL_FOUND, number)
        certificates: tuple[bytes, ...] = ()
        if request.plan.wish != "read":
            request, certificates = self._answering.tell_what_was_done(work, request)
        if request.plan is not None and request.plan.wish == "erase":  # what it was searched by is the person's too
            request = self._desk.empty_box(work, request)
        attached = tuple(
            File(name=f"certificate-{number}.jws", media="application/jose", content=content)
            for number, content in enumerate(certificates, 1)
        )
        request = self._desk.save(
            work,
            request,
            state=State.ANSWERED,
            deadlines=self._desk.met(work, request, "act", "answer", "execute"),
            answered_at=work.at,
            keep_until=self._desk.keep_until(work),
            trouble="",
        )
        self._desk.tell(work, ANSWERED, request)
        self._write_end(work, request, attached)

    def _write_end(self, work: Work, request: Request, attached: tuple[File, ...]) -> None:
        promises, number = self._desk.promises(work), request.number
        assert request.plan is not None
        address = self._desk.answer_address(work, request)
        if request.plan.wish == "erase":
            kept = tuple(_kept_words(promises, one) for one in stays(promises.policy, request.plan.here))
            until = moment(request.keep_until).astimezone(ZoneInfo(promises.calendar.zone)).date()
            self._desk.write(
                work, request, "erased", address=address, attachments=attached, number=number, kept=kept, until=until
            )
        elif request.plan.wish == "correct":
            words = tuple(field_words(promises, one) for one in _corrected(request))
            self._desk.write(work, request, "correction_done", address=address, number=number, fields=words)
        elif request.plan.wish == "read" and address:
            request, link = self._delivery.issue(work, request)
            expires = moment(self._desk.save(work, request).answer_until)
            self._desk.write(work, request, "answer_ready", address=address, number=number, link=link, expires=expires)


def _corrected(request: Request) -> tuple[str, ...]:
    """The fields that were put right, here or in a system."""
    here = [one.place for one in request.here.lines] if request.here else []
    systems = request.plan.systems if request.plan else ()
    theirs = [field for one in systems if one.steps for field in one.fields]
    return tuple(sorted({*here, *theirs}))


def _kept_words(promises: Promises, one: KeptBack) -> Text:
    kk, ru, en = (_kept_in(promises, one, language) for language in LANGUAGES)
    return Text(kk=kk, ru=ru, en=en)


def _kept_in(promises: Promises, one: KeptBack, language: Language) -> str:
    what = ", ".join(field_words(promises, name).in_(language) for name in one.what)
    until = (full_date(one.until, language),) if one.until else ()
    return f"{what}: {', '.join((one.because.in_(language), *until))}"


def _receipt(request: Request) -> dict[str, object]:
    return {"systems": [one.system for one in request.done], "here": len(request.here.lines) if request.here else 0}


def _chunked(pages: Iterator[Page]) -> Iterator[tuple[bytes, int]]:
    """Pages as JSON lines, in pieces of about one chunk; and how many rows are in each."""
    buffer, rows = bytearray(), 0
    for page in pages:
        buffer += _encode(page) + b"\n"
        rows += len(page.rows)
        while len(buffer) >= CHUNK:
            yield bytes(buffer[:CHUNK]), rows
            del buffer[:CHUNK]
            rows = 0
    if buffer or rows:
        yield bytes(buffer), rows
