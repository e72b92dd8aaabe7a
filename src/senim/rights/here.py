"""What is done here, in the vault and at the gate, when a plan is carried out. Each step is one act."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from senim.collection.rules import look
from senim.errors import Code, NotFound
from senim.identity import SubjectId
from senim.rights import store
from senim.rights.answering import Answering
from senim.rights.desk import Desk, in_its_name
from senim.rights.plans import Plans
from senim.rights.records import Ground, Here, Kind, Line, Request
from senim.subjects import Standing
from senim.times import micros
from senim.vault import Kept
from senim.work import Work

DONE, KEPT, FORGOTTEN, READ = "request.done", "request.kept", "request.forgotten", "request.read"
_encode = msgspec.json.Encoder().encode


class HereActs:
    """Erase, correct and tell what is in the vault."""

    def __init__(self, desk: Desk, plans: Plans, answering: Answering) -> None:
        self._desk = desk
        self._answering = answering
        self._plans = plans

    def keep(self, work: Work, number: str) -> None:
        """Put what the law wants kept into a box of its own, before the person's key and all else is destroyed."""
        request = self._desk.load(work, number)
        kept: dict[str, list[object]] = {}
        until = ""
        for standing in self._desk.people(work, request):
            lines = self._plans.kept(work, standing)
            values = self._desk.parts.vault.everything(work, standing)
            for line in lines:
                kept.setdefault(line.place, []).append([values[line.place].value, line.because, line.until])
                until = max(until, line.until)
        if not kept:
            return
        boxes = self._desk.parts.boxes
        holder = boxes.holder(work)
        sealed = boxes.seal(work, holder, f"request {number} kept", _encode(kept))
        end = micros(datetime.fromisoformat(f"{until}T00:00:00+00:00") + timedelta(days=1))  # not before its last hour
        store.put_kept(work, holder, number, end, sealed)
        request = self._desk.save(work, request, kept_in=holder)
        self._desk.tell(work, KEPT, request, categories=tuple(sorted(kept)), count=len(kept))

    def drop_kept(self, work: Work, holder: SubjectId, number: str) -> None:
        """Destroy what stayed by law when its time is over."""
        self._desk.parts.boxes.destroy(work, holder)
        store.drop_kept(work, holder)
        work.record(FORGOTTEN, ref=number)

    def read_kept(self, work: Work, number: str) -> dict[str, list[list[str]]]:
        """What stays by law of an erased person: field → value, place in the policy, until when. Logged.

        Raises NotFound.
        """
        request = self._desk.begin(work, number, READ, "handle")
        found = next((one for one in store.all_kept(work.database) if one[0] == request.kept_in), None)
        if found is None:
            raise NotFound(Code.NOT_FOUND, "kept")
        sealed = self._desk.parts.boxes.open(work, found[0], f"request {number} kept", found[3])
        kept = msgspec.json.decode(sealed, type=dict[str, list[list[str]]])
        self._desk.tell(work, READ, request, categories=tuple(sorted(kept)))
        return kept

    def erase(self, work: Work, number: str) -> None:
        """Destroy what is in the vault of everybody whom the request is about."""
        request = self._desk.load(work, number)
        assert request.plan is not None
        reason = _erase_reason(request)
        work.memo["cleared"] = {one.system for one in request.done if not one.waits}
        erasures = tuple(
            self._desk.parts.vault.erase(in_its_name(work), standing, reason=reason)
            for standing in self._desk.people(work, request)
        )
        here = Here(
            at=work.at, lines=request.plan.here, entries=tuple(one.entry for one in erasures), erasures=erasures
        )
        request = self._desk.save(work, request, here=here, blocked=False)
        self._desk.tell(work, DONE, request, count=len(erasures))

    def correct(self, work: Work, number: str) -> None:
        """Put the right values in place; the old ones are sealed with the request beside them (94-V 13)."""
        request = self._desk.load(work, number)
        promises, vault = self._desk.promises(work), self._desk.parts.vault
        changes = self._desk.opening(work, request).changes

        right = look(promises, changes, None, work.now).values
        source = next(name for name, one in promises.policy.sources.items() if one.kind == "subject")
        before: dict[str, list[str]] = {}
        others = [one for one in self._desk.requests_of(work, request.subject) if one.blocked and one.number != number]
        entries = []
        for standing in self._desk.people(work, request):
            known = vault.everything(work, standing)
            for name in right:
                before.setdefault(name, []).append(known[name].value if name in known else "")
            open_again = self._opened(work, request, standing) if not others else standing
            kept = {name: Kept(value, source, work.at, "verified") for name, value in right.items()}
            vault.put(work, open_again, kept)
            told = promises.told(subject=standing.subject, operation="clarify", categories=right)
            entries.append(work.record("data.corrected", told, count=len(right), ref=number))
        request = self._desk.put(work, request, "before", "application/json", _encode(before), name="before")
        lines = tuple(Line(place=name, act="correct") for name in sorted(right) if entries)
        request = self._desk.save(
            work, request, here=Here(at=work.at, lines=lines, entries=tuple(entries)), blocked=False
        )
        self._desk.tell(work, DONE, request, count=len(lines), categories=tuple(one.place for one in lines))

    def _opened(self, work: Work, request: Request, standing: Standing) -> Standing:
        """The person as the act leaves them without the block that this request had set."""
        if not request.blocked or standing.marks.block is None:
            return standing
        self._desk.parts.gate.unblock(in_its_name(work), standing, reason="check-finished")
        return replace(standing, marks=replace(standing.marks, block=None))

    def tell(self, work: Work, number: str) -> None:
        """Seal the answer, made of what is known here and elsewhere (travel-35)."""
        request = self._desk.load(work, number)
        assert request.plan is not None
        lines = request.plan.here
        request = self._answering.tell_what_is_known(work, request)
        request = self._desk.save(work, request, here=Here(at=work.at, lines=lines))
        names = sorted({one.place for one in lines})
        self._desk.tell(work, DONE, request, categories=tuple(names), count=len(names))


def _erase_reason(request: Request) -> str:
    if request.because:
        return request.because
    if request.deceased:
        return "deceased"
    if request.kind is Kind.WITHDRAW:
        return "withdrawn"
    return "unlawful" if request.ground is Ground.UNLAWFUL else "request"
