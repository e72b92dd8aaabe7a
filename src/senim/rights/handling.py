"""What staff does with a request, and what binds at once: block, withdraw, clarify, pause, extend, decide."""

from __future__ import annotations

from msgspec.structs import replace

from senim.consent import Evidence, Scope
from senim.consent.records import Act, Surface
from senim.errors import Code, Held, Invalid, NotPromised
from senim.identity import RESPONSIBLE, SubjectId
from senim.languages import wording
from senim.policy.taxonomy import Channel
from senim.rights.clock import check_extension, check_pause, decided_deadline
from senim.rights.desk import AGENT, Desk, in_its_name
from senim.rights.records import (
    Decision,
    Extension,
    ExtensionReason,
    Kind,
    Pause,
    PauseReason,
    Refusal,
    Request,
    State,
    Way,
)
from senim.rights.rules import (
    ANSWERS,
    AT_ONCE,
    CORRECTS,
    OUTLIVES,
    READS,
    SPEAKS,
    block_reason,
    check_proven,
    check_refusal,
    check_undecided,
    deletes,
    is_open,
    joins,
    outlasts,
    proven,
    repeats,
    scope_of,
)
from senim.rights.words import explain
from senim.work import Work

JOINED, ASKED, PAUSED, RESUMED, EXTENDED, DECIDED, ANSWERED = (
    "request.joined",
    "request.asked",
    "request.paused",
    "request.resumed",
    "request.extended",
    "request.decided",
    "request.answered",
)
ASKABLE = (
    "family", "given", "patronymic", "email-or-postal-address", "content", "documents", "changes", "authority",
    "identifier",
)  # fmt: skip
"""What a person may be asked for: a closed list, with its words in three languages."""

_SIGNS: dict[Way, tuple[Surface, Act, Channel]] = {
    Way.PORTAL: ("account", "button", Channel.PORTAL),
    Way.API: ("api", "button", Channel.API),
    Way.EMAIL: ("email", "reply", Channel.EMAIL),
    Way.LETTER: ("letter", "signature", Channel.POST),
    Way.TELEPHONE: ("telephone", "spoken", Channel.TELEPHONE),
    Way.COUNTER: ("counter", "signature", Channel.COUNTER),
    Way.AUTHORITY: ("letter", "signature", Channel.POST),
}
_NO_WAY_AROUND = (Refusal.IDENTITY_UNPROVEN, Refusal.AUTHORITY_UNPROVEN, Refusal.CONTENT_MISSING)
"""Reasons for which a request may be refused although it was not shown who asks."""


class Handling:
    """Brings requests from where they came in to where it is decided what is done."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # what follows when something came: who asks, a paper, an answer

    def arrived(self, work: Work, request: Request) -> Request:
        """Go on as far as what is known allows; what binds at once is done in this very act."""
        if request.decision is not None or not is_open(request):
            return request
        request = self._resumed_by_itself(work, request)
        known = proven(request)
        spoken_for = known and _spoken_for(request)
        if spoken_for and request.subject:
            earlier = joins(request, self._desk.requests_of(work, request.subject))
            if earlier is not None:
                return self._join(work, request, earlier)
            request = self._block(work, request)
        if not known:
            state = State.IDENTITY_NEEDED
        elif request.missing or not spoken_for:
            state = State.CLARIFYING
        else:
            state = State.IN_CHECK if request.blocked else State.RECEIVED
        request = self._desk.save(work, request, state=state)
        if spoken_for and not request.trouble and request.kind in (*AT_ONCE, Kind.VISIBILITY):
            return self._at_once(work, request)
        return request

    def _join(self, work: Work, request: Request, earlier: Request) -> Request:
        """The same was asked before and is not answered yet: it is answered once, by the earlier clock."""
        joined = self._desk.save(
            work,
            request,
            state=State.DUPLICATE,
            joined=earlier.number,
            deadlines=self._desk.met(work, request, "act", "answer"),
            keep_until=self._desk.keep_until(work),
        )
        self._desk.tell(work, JOINED, joined)
        return joined

    def _block(self, work: Work, request: Request) -> Request:
        """Block the data for the time of the check, at once (shop-20, travel-43)."""
        reason = block_reason(request)
        people = self._desk.people(work, request)
        if not reason or request.blocked or not people:
            return request
        for standing in people:
            if standing.marks.block is None:
                self._desk.parts.gate.block(in_its_name(work), standing, reason=reason)
        return replace(request, blocked=True, deadlines=self._desk.met(work, request, "act"))

    def unblock(self, work: Work, request: Request, reason: str) -> None:
        """Lift the block of a request, unless another open request of the person still needs it."""
        if not request.blocked:
            return
        others = [
            one
            for one in self._desk.requests_of(work, request.subject)
            if one.number != request.number and one.blocked and is_open(one)
        ]
        for standing in self._desk.people(work, request):
            if standing.marks.block is not None and not others:
                self._desk.parts.gate.unblock(in_its_name(work), standing, reason=reason)

    def linked(self, work: Work, request: Request, subject: str) -> Request:
        """A further record of the person joins: what binds already binds there too."""
        if request.blocked:
            standing = self._desk.parts.subjects.about(work, SubjectId(subject))
            if standing.marks.block is None:
                reason = block_reason(request) or "request-of-person"
                self._desk.parts.gate.block(in_its_name(work), standing, reason=reason)
        if request.kind in AT_ONCE and request.decision is not None:
            self._withdraw(work, replace(request, subject=subject, linked=()))
        if request.plan is not None:  # what a second person approves has to be what they saw
            request = self._desk.save(work, request, state=State.PLANNED, approval=None)
            facts = {"by": work.actor.label}
            self._desk.parts.orders.place(
                work, "rights.plan", lane_of=SubjectId(request.holder), about=request.number, facts=facts
            )
        return request

    # what nobody has to decide on

    def _at_once(self, work: Work, request: Request) -> Request:
        """Withdrawals bind now; where withdrawing deletes, the rest follows by itself (airline-12)."""
        self._withdraw(work, request)
        granted = Decision(granted=True, by=AGENT.label, at=work.at)
        if deletes(self._desk.promises(work), request):
            return self.granted(work, request, granted)
        request = self._desk.save(work, request, state=State.DECIDED, decision=granted, missing=())
        return self.answered(work, request)

    def _withdraw(self, work: Work, request: Request) -> None:
        consents = self._desk.parts.consents
        surface, act, channel = _SIGNS[request.way]
        evidence = Evidence(surface=surface, act=act, channel=channel, language=request.language)
        agent = in_its_name(work)
        for standing in self._desk.people(work, request):
            scopes = self._scopes(request)
            if not scopes and request.kind is Kind.WITHDRAW:
                consents.withdraw_all(agent, standing, evidence=evidence)
            left = standing
            for scope in scopes:
                left = consents.withdraw(agent, left, scope, evidence=evidence)[-1].standing

    def _scopes(self, request: Request) -> list[Scope]:
        """What is withdrawn from, one by one; none is everything."""
        policy = self._desk.parts.policies.in_force(self._desk.parts.works.clock.now()).policy
        if request.kind is Kind.STOP_MAILINGS and not request.purposes:
            return [Scope(purpose=name) for name, one in policy.purposes.items() if one.kind == "marketing"]
        if request.kind is Kind.VISIBILITY:
            public = [(name, one) for name, one in policy.recipients.items() if one.kind == "public"]
            return [
                Scope(purpose=purpose, recipient=name)
                for name, one in public
                for purpose in one.purposes
                if not request.purposes or purpose in request.purposes
            ]
        return [scope_of(one) for one in request.purposes]

    # the clock

    def ask(self, work: Work, number: str, wanted: tuple[str, ...], *, pause: str = "") -> Request:
        """Ask the person for what is missing; the clock goes on, unless the law lets it wait for just that."""
        request = self._desk.begin(work, number, ASKED, "handle")
        check_undecided(request)
        if not wanted or set(wanted) - set(ASKABLE):
            raise Invalid(Code.INVALID_VALUE, "wanted", detail=", ".join(ASKABLE))
        missing = tuple(dict.fromkeys((*request.missing, *wanted)))
        state = State.CLARIFYING if proven(request) else request.state
        request = self._desk.save(work, request, state=state, missing=missing)
        self._desk.tell(work, ASKED, request, codes=tuple(one.replace("-", "_") for one in wanted))
        if pause:
            request = self.pause(work, number, pause)
        words = tuple(wording("rights")[f"contains-{one}"] for one in wanted)
        link = self._desk.link(work, request)
        self._desk.write(work, request, "needs_more", number=number, missing=words, link=link, paused=request.paused)
        return request

    def pause(self, work: Work, number: str, reason: str) -> Request:
        """Let the clock stand still. Raises NotPromised (pause_not_allowed) for a reason the law pack does not list."""
        request = self._desk.begin(work, number, PAUSED, "handle")
        check_undecided(request)
        check_pause(request, reason)
        pauses = (*request.pauses, Pause(reason=PauseReason(reason), since=work.at))
        request = self._desk.save(work, request, pauses=pauses)
        self._desk.tell(work, PAUSED, request, codes=(reason,))
        return request

    def resume(self, work: Work, number: str) -> Request:
        """Let the clock go on. Raises Held (request_state) if it does not stand still."""
        request = self._desk.begin(work, number, RESUMED, "handle")
        if not request.paused:
            raise Held(Code.REQUEST_STATE, number)
        return self._desk.save(work, self._going(work, request))

    def _going(self, work: Work, request: Request) -> Request:
        pauses = tuple(one if one.until else replace(one, until=work.at) for one in request.pauses)
        request = replace(request, pauses=pauses)
        self._desk.tell(work, RESUMED, request)
        return request

    def _resumed_by_itself(self, work: Work, request: Request) -> Request:
        """What the clock waited for has come."""
        here = {
            PauseReason.IDENTITY: proven(request),
            PauseReason.DOCUMENTS: "documents" not in request.missing,
            PauseReason.CONTENT: not {"content", "changes"} & set(request.missing),
        }
        if any(not one.until and here[one.reason] for one in request.pauses):
            return self._going(work, request)
        return request

    def extend(self, work: Work, number: str, reason: str) -> Request:
        """Take more time where the law gives it, and tell the person why before the first time is over.

        Raises NotPromised (extension_not_allowed).
        """
        request = self._desk.begin(work, number, EXTENDED, "handle")
        if not is_open(request):
            raise Held(Code.REQUEST_STATE, number)
        check_extension(request, work.at)
        extension = Extension(reason=ExtensionReason(reason), at=work.at)
        request = self._desk.save(work, request, extension=extension)
        self._desk.tell(work, EXTENDED, request, codes=(reason,))
        says = explain(request, self._desk.promises(work), request.language)
        why = wording("rights")[f"extension-{reason}"]
        self._desk.write(
            work, request, "extended", number=number, reason=why, due=says, link=self._desk.link(work, request)
        )
        return request

    # decisions

    def decide(
        self, work: Work, number: str, *, granted: bool, reasons: tuple[Refusal, ...] = (), text: str = ""
    ) -> Request:
        """Grant a request or refuse it with reasons; what is said to the person is sealed (94-V 25(2)(7)).

        Raises NotPromised (identity_unproven, authority_unproven, documents_missing), Invalid (reason_missing),
        NotAllowed, Held (request_state).
        """
        request = self._desk.begin(work, number, DECIDED, "handle")
        check_undecided(request)
        if granted or not set(reasons) & set(_NO_WAY_AROUND):
            check_proven(request)
        if text:
            request = self._desk.put(work, request, "answer", "text/plain", text.encode())
        if not granted:
            return self._refuse(work, request, reasons, text)
        self._check_grant(work, request)
        decision = Decision(granted=True, by=work.actor.label, at=work.at)
        if request.kind in (*SPEAKS, Kind.BLOCK, Kind.UNBLOCK):
            return self._in_words(work, request, decision, text)
        return self.granted(work, request, decision)

    def _check_grant(self, work: Work, request: Request) -> None:
        if "authority" in request.missing:
            raise NotPromised(Code.AUTHORITY_UNPROVEN, request.number)
        if request.trouble == Code.SEVERAL_FOUND:
            raise Held(Code.SEVERAL_FOUND, request.number)
        gone = request.subject and request.kind not in OUTLIVES and not self._desk.people(work, request)
        if gone and not (self._desk.elsewhere(work) and outlasts(self._desk.promises(work), request)):
            raise Held(Code.SUBJECT_ERASED, request.number)
        if request.kind in CORRECTS:
            if "changes" in request.missing:
                raise Invalid(Code.FIELD_MISSING, "changes")
            answer = next(one for one in request.deadlines if one.stage == "answer")
            by_law = any("documents" in one.pauses for one in answer.limits)
            if by_law and not any(one.what == "evidence" for one in request.papers):
                raise NotPromised(Code.DOCUMENTS_MISSING, request.number)

    def _refuse(self, work: Work, request: Request, reasons: tuple[Refusal, ...], text: str) -> Request:
        others = self._desk.requests_of(work, request.subject)
        responsible = work.actor.role == RESPONSIBLE
        check_refusal(request, reasons, work.actor, responsible=responsible, past=repeats(request, others))
        self.unblock(work, request, "violation-not-confirmed")
        decision = Decision(granted=False, by=work.actor.label, at=work.at, reasons=reasons)
        request = self._desk.save(
            work,
            request,
            state=State.REFUSED,
            decision=decision,
            blocked=False,
            deadlines=self._desk.met(work, request, "act", "answer"),
            answered_at=work.at,
            keep_until=self._desk.keep_until(work),
        )
        self._desk.tell(work, DECIDED, request, codes=tuple(one.value for one in reasons))
        self._write_refusal(work, request, text)
        return self._desk.load(work, request.number)

    def _write_refusal(self, work: Work, request: Request, text: str) -> None:
        """Why not, and where to complain of it: the letter itself says that."""
        given = request.decision.reasons if request.decision else ()
        reasons = tuple(wording("rights")[f"refusal-{one}"] for one in given)
        address, number = self._desk.answer_address(work, request), request.number
        if request.kind in SPEAKS:
            letter, said = ANSWERS[request.kind], _paragraphs(text)
            self._desk.write(
                work, request, letter, address=address, number=number, granted=False, reasons=reasons, text=said
            )
        else:
            told = (*reasons, *_paragraphs(text))
            self._desk.write(work, request, "refused", address=address, number=number, reasons=told)

    def granted(self, work: Work, request: Request, decision: Decision) -> Request:
        """What was granted is planned by itself, at once; a clock of its own may run from now on."""
        extra = decided_deadline(self._desk.promises(work), request.kind, work.now)
        deadlines = (*request.deadlines, extra) if extra and request.kind not in READS else request.deadlines
        request = self._desk.save(
            work, request, state=State.DECIDED, decision=decision, deadlines=deadlines, missing=(), trouble=""
        )
        self._desk.tell(work, DECIDED, request)
        self._desk.parts.orders.place(work, "rights.plan", lane_of=SubjectId(request.holder), about=request.number)
        return request

    def _in_words(self, work: Work, request: Request, decision: Decision, text: str) -> Request:
        """What is answered in words, and a block that stays or goes."""
        if request.kind in SPEAKS and not text:
            raise Invalid(Code.FIELD_MISSING, "text")
        if request.kind is Kind.UNBLOCK:
            for standing in self._desk.people(work, request):
                if standing.marks.block is not None:
                    self._desk.parts.gate.unblock(in_its_name(work), standing, reason="request-of-person")
        # a block whose ground was confirmed stays: the law lifts it where that is not so (94-V 25(2)(8))
        request = self._desk.save(work, request, state=State.DECIDED, decision=decision, missing=())
        self._desk.tell(work, DECIDED, request)
        return self.answered(work, request, text=text)

    # answers

    def answered(self, work: Work, request: Request, *, text: str = "") -> Request:
        """The person is answered: every clock of the request stops."""
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
        self._write_answer(work, request, text)
        return self._desk.load(work, request.number)  # with the letter, if it lies ready to be handed over

    def _write_answer(self, work: Work, request: Request, text: str) -> None:
        policy, number = self._desk.promises(work).policy, request.number
        if request.kind in SPEAKS:
            letter, address = ANSWERS[request.kind], self._desk.answer_address(work, request)
            self._desk.write(
                work, request, letter, address=address, number=number, granted=True, text=_paragraphs(text),
                blocked=request.blocked,
            )  # fmt: skip
        elif request.kind in (Kind.BLOCK, Kind.UNBLOCK):
            template = "block_done" if request.kind is Kind.BLOCK else "unblocked"
            self._desk.write(work, request, template, number=number)
        elif request.kind is Kind.STOP_MAILINGS:
            names = tuple(policy.purposes[one.purpose].name for one in self._scopes(request))
            self._desk.write(work, request, "mailings_stopped", purposes=names)
        elif request.kind in (Kind.WITHDRAW, Kind.VISIBILITY) and not request.plan:
            names = tuple(policy.purposes[scope_of(one).purpose].name for one in request.purposes)
            self._desk.write(work, request, "withdrawal_done", number=number, purposes=names)


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("\n\n") if part.strip())


def _spoken_for(request: Request) -> bool:
    """Whether nobody asks for another person, or it was checked by what right."""
    checked = request.represented is None or bool(request.represented.checked_by)
    return checked and "authority" not in request.missing
