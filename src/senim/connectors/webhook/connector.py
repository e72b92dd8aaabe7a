"""An own system of the operator as a connector: it exports and erases itself, by signed calls."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from senim.connectors.datamap import DataMap
from senim.connectors.identifiers import tidy
from senim.connectors.records import (
    PAGE_ROWS,
    Act,
    Found,
    FoundRows,
    Identifiers,
    Keep,
    Left,
    NotReached,
    Page,
    Person,
    Plan,
    Problem,
    Reach,
    Receipt,
    Rescan,
    State,
    Step,
    Trouble,
    Wish,
    WishKind,
)
from senim.connectors.webhook.calling import Caller
from senim.connectors.webhook.wire import Call, Erased, Exported, Looked, Rows, fits, problems, steps, tells, words_of
from senim.errors import Code, Held, Invalid, NotAllowed, Unavailable
from senim.languages import Hint

MOST_PAGES = 100_000
"""Pages after which a system is believed to go round in circles."""
MOST_PEOPLE = 1_000
_encode = msgspec.json.Encoder().encode
_Answer = TypeVar("_Answer", bound=Looked | Exported | Erased)


def _now() -> datetime:
    return datetime.now(UTC)


class WebhookConnector:
    """One own system: its address, and the secret that calls and answers are signed with."""

    def __init__(
        self,
        found: DataMap,
        url: str,
        *,
        secrets: Sequence[bytes],
        secret: bytes,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.map = found
        self._secret = secret
        self._caller = Caller(url, secrets, timeout=found.system.timeout, where=found.system.name, now=now)

    @property
    def name(self) -> str:
        """Its name in the operator's folder."""
        return self.map.system.name

    def _ask(self, shape: type[_Answer], call: Call) -> _Answer:
        raw = self._caller.call(_encode(call), order=call.order)
        try:
            answer = msgspec.json.decode(raw, type=shape)
        except (msgspec.DecodeError, ValueError, RecursionError):
            raise self._caller.wrong(Hint("answer-shape")) from None
        if tells(words_of(answer), call.who):
            raise self._caller.wrong(Hint("answer-words"))
        if isinstance(answer, Exported) and not fits(answer):
            raise self._caller.wrong(Hint("answer-shape"))
        if answer.next and (answer.next == call.next or answer.done):
            raise self._caller.wrong(Hint("answer-next"))
        return answer

    def look(self) -> Reach:
        """Whether it answers, and rightly."""
        problem, answer = None, None
        try:
            answer = self._ask(Looked, Call(call="look"))
        except NotAllowed as error:
            problem = Problem(code=Trouble.SECRET_WRONG, where=self.name, detail=error.besides, blocking=True)
        except Unavailable as error:
            wrong = error.code is Code.ANSWER_WRONG
            code = Trouble.ANSWER_WRONG if wrong else Trouble.UNREACHABLE
            problem = Problem(code=code, where=self.name, detail=error.besides, blocking=True)
        told = (problem,) if problem else tuple(problems(answer.messages, self.name)) if answer else ()
        reachable = problem is None or problem.code is not Trouble.UNREACHABLE
        version = answer.name if answer else ""
        return Reach(system=self.name, reachable=reachable, version=version, map=self.map.digest, problems=told)

    # find

    def _exported(self, who: Mapping[str, tuple[str, ...]], people: tuple[str, ...] | None) -> Iterator[Exported]:
        """All pages of an export. Raises Unavailable (answer_wrong) if it does not end."""
        cursor = ""
        for _ in range(MOST_PAGES):
            answer = self._ask(Exported, Call(call="export", who=who, people=people, next=cursor))
            yield answer
            if answer.done:
                return
            if not answer.next:
                raise self._caller.wrong(Hint("answer-next"))
            cursor = answer.next
        raise self._caller.wrong(Hint("answer-pages", most=MOST_PAGES))

    def _seen(self, who: Identifiers, people: tuple[str, ...] = ()) -> _Seen:
        """What an export of everybody who matches tells; of ``people`` alone, where they are given."""
        seen, wanted = _Seen(self.name, self._digest), tidy(who)
        for answer in self._exported(wanted, None) if wanted else ():
            seen.add(answer, people)
            if len(seen.people) > MOST_PEOPLE:
                raise self._caller.wrong(Hint("answer-people", most=MOST_PEOPLE))
        if not wanted:
            seen.problems.append(Problem(code=Trouble.NOT_SEARCHABLE, where=self.name))
        return seen

    def _digest(self, person: str) -> str:
        told = f"senim webhook person\n{self.name}\n{person}"
        return hmac.digest(self._secret, told.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]

    def find(self, who: Identifiers) -> Found:
        """What is where about a person, by an export whose rows are only counted."""
        seen = self._seen(who)
        counts: dict[str, int] = {}
        for (table, _, _), rows in seen.rows.items():
            counts[table] = counts.get(table, 0) + rows
        return Found(
            system=self.name,
            people=tuple(seen.people.values()),
            tables=tuple(FoundRows(table=table, rows=rows, path=(table,)) for table, rows in counts.items()),
            ambiguous=seen.ambiguous,
            problems=tuple(dict.fromkeys(seen.problems)),
            not_reached=seen.not_reached,
        )

    def export(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Iterator[Page]:
        """The person's rows, as the system gives them."""
        wanted, seen = tidy(who), _Seen(self.name, self._digest)
        chosen = self._ids(who, people) if people else None
        for answer in self._exported(wanted, chosen) if wanted else ():
            seen.add(answer, ())
            if seen.ambiguous and not people:
                raise Held(Code.SEVERAL_FOUND, self.name)
            for one in answer.tables:
                yield from self._pages(one)
        yield Page(table="", messages=tuple(dict.fromkeys(seen.problems)), done=True)

    def _pages(self, one: Rows) -> Iterator[Page]:
        mapped = self.map.tables[one.table].columns if one.table in self.map.tables else {}
        fields = {name: mapped[name].is_ for name in one.columns if name in mapped and mapped[name].is_}
        for start in range(0, len(one.rows), PAGE_ROWS):
            rows = one.rows[start : start + PAGE_ROWS]
            yield Page(table=one.table, columns=one.columns, rows=rows, fields={**one.fields, **fields})

    def _ids(self, who: Identifiers, people: tuple[str, ...]) -> tuple[str, ...]:
        """The system's ids of the people who are meant; those who are gone have none."""
        return tuple(sorted(one for one, person in self._seen(who).people.items() if person.digest in people))

    # plan and execute

    def plan(self, who: Identifiers, wish: Wish) -> Plan:
        """What would happen, as far as the system tells before it does it."""
        seen = self._seen(who, wish.people)
        people = [one for one in seen.people.values() if not wish.people or one.digest in wish.people]
        return Plan(
            system=self.name,
            kind=wish.kind,
            map=self.map.digest,
            people=tuple(sorted(one.digest for one in people)),
            chosen=bool(wish.people),
            fields=tuple(sorted(wish.changes)),
            steps=tuple(self._steps(seen, wish)),
            problems=tuple(dict.fromkeys([*seen.problems, *self._doubts(seen, wish, len(people))])),
            not_reached=seen.not_reached,
        )

    @staticmethod
    def _steps(seen: _Seen, wish: Wish) -> Iterator[Step]:
        act = {WishKind.ERASE: Act.DELETE, WishKind.CORRECT: Act.CORRECT}.get(wish.kind, Act.DEPERSONALISE)
        for (table, keep, mine), rows in seen.rows.items():
            if mine:
                kept = keep if act is not Act.CORRECT else None
                yield Step(table=table, act=Act.KEEP if kept else act, rows=rows, keep=kept)

    def _doubts(self, seen: _Seen, wish: Wish, people: int) -> Iterator[Problem]:
        if seen.ambiguous and not wish.people:
            remedy = Hint("choose-people")
            yield Problem(code=Trouble.SEVERAL_PEOPLE, where=self.name, remedy=remedy, blocking=True)
        if wish.people and people != len(set(wish.people)):
            yield Problem(code=Trouble.PEOPLE_CHANGED, where=self.name, blocking=True)
        needed = wish.kind.value
        if seen.rows and needed != "erase" and needed not in self._ask(Looked, Call(call="look")).can:
            detail = Hint("no-call", call=needed)
            yield Problem(code=Trouble.FIELD_NOWHERE, where=self.name, detail=detail, blocking=True)

    def execute(self, plan: Plan, who: Identifiers, *, order: str, changes: Mapping[str, str] | None = None) -> Receipt:
        """Have the system carry out a plan. It knows the order, so that a second call tells what the first one did."""
        wanted = dict(changes or {})
        if not plan.ready:
            raise NotAllowed(Code.CHANGED_MEANWHILE, self.name, hint=Hint("plan-blocked"))
        if plan.map != self.map.digest or plan.system != self.name:
            raise Held(Code.CHANGED_MEANWHILE, self.name, hint=Hint("map-other"))
        if tuple(sorted(wanted)) != plan.fields:
            raise Invalid(Code.FIELD_MISSING, "changes")
        people = self._meant(plan, who)
        done: list[Step] = []
        told: list[Problem] = []
        cursor, repeated = "", False
        for _ in range(MOST_PAGES):
            call = Call(call=plan.kind.value, order=order, who=tidy(who), people=people, changes=wanted, next=cursor)
            answer = self._ask(Erased, call)
            done += steps(answer)
            repeated = repeated or answer.repeated
            told += problems(answer.messages, self.name)
            cursor = answer.next
            if not cursor:
                state = State.DONE if answer.done else State.WAITING
                return Receipt(
                    system=self.name,
                    order=order,
                    state=state,
                    steps=_summed(done),
                    repeated=repeated,
                    problems=tuple(dict.fromkeys(told)),
                    not_reached=plan.not_reached,
                )
        raise self._caller.wrong(Hint("answer-pages", most=MOST_PAGES))

    def _meant(self, plan: Plan, who: Identifiers) -> tuple[str, ...] | None:
        """The ids of those whom the plan is about. Raises Held if somebody else matches now."""
        seen = self._seen(who)
        if not plan.chosen:
            if not {one.digest for one in seen.people.values()} <= set(plan.people):
                raise Held(Code.CHANGED_MEANWHILE, self.name, hint=Hint("people-other"))
            return None
        return tuple(sorted(one for one, person in seen.people.items() if person.digest in plan.people))

    def rescan(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Rescan:
        """What the system still exports."""
        seen = self._seen(who, people)
        left = tuple(
            Left(
                table=table,
                column="*",
                rows=rows,
                mapped=True,
                keep=keep,
                because=None if mine or keep else Trouble.SEVERAL_PEOPLE,
            )
            for (table, keep, mine), rows in seen.rows.items()
        )
        return Rescan(system=self.name, left=left, searched=len(seen.tables), not_reached=seen.not_reached)


class _Seen:
    """What was told in an export, without its values."""

    def __init__(self, name: str, digest: Callable[[str], str]) -> None:
        self._name = name
        self._digest = digest
        self.people: dict[str, Person] = {}
        self.rows: dict[tuple[str, Keep | None, bool], int] = {}
        self.tables: set[str] = set()
        self.problems: list[Problem] = []
        self._unsearched: dict[str, None] = {}

    def add(self, answer: Exported, people: tuple[str, ...]) -> None:
        """Count a page; rows of others than ``people`` are told apart."""
        for one in answer.people:
            self.people[one.id] = Person(digest=self._digest(one.id), table=one.table, by=one.by, against=one.against)
        for rows in answer.tables:
            self.tables.add(rows.table)
            if rows.rows:
                mine = not people or not rows.person or self._digest(rows.person) in people
                place = (rows.table, rows.keep(), mine)
                self.rows[place] = self.rows.get(place, 0) + len(rows.rows)
        self.problems += problems(answer.messages, self._name)
        self._unsearched |= dict.fromkeys(answer.unsearched)

    @property
    def ambiguous(self) -> bool:
        """Whether somebody has to say who is meant."""
        return len(self.people) > 1 or any(one.against for one in self.people.values())

    @property
    def not_reached(self) -> tuple[NotReached, ...]:
        """What the system says it did not look into."""
        return tuple(NotReached(table=one, why=Trouble.NOT_SEARCHED) for one in self._unsearched)


def _summed(done: list[Step]) -> tuple[Step, ...]:
    """Steps of all pages, those alike together."""
    found: dict[Step, int] = {}
    for one in done:
        alike = msgspec.structs.replace(one, rows=0)
        found[alike] = found.get(alike, 0) + one.rows
    return tuple(msgspec.structs.replace(one, rows=rows) for one, rows in found.items())
