"""The library's front door: an operator's own Python program, in one of the policy's roles."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from msgspec import inspect as shapes
from msgspec import structs

from senim.app import Senim, open_senim
from senim.audit.records import Report
from senim.collection import Intake, OnBehalf, SourceGiven, Taken
from senim.conformance import Board
from senim.consent import Evidence, Given, Scope, State
from senim.disclosure import Handed, HandedOver, Handing
from senim.errors import Code, Invalid
from senim.gate import Decision, Question
from senim.identity import RESPONSIBLE, SubjectId
from senim.languages import LANGUAGES, Language
from senim.policy import Notice
from senim.runner import Runner
from senim.subjects import Standing
from senim.times import micros
from senim.vault import Erasure, Told
from senim.work import Work

T = TypeVar("T")


class Session:
    """An opened operator's folder. Use it as a context manager; it may be shared by threads."""

    def __init__(self, senim: Senim, role: str) -> None:
        self.senim = senim
        self.actor = senim.actor(role)
        self._closing = threading.Lock()
        self._closed = False
        self._runner = Runner(senim)
        self._runner.start()

    def notice(self, point: str, language: Language) -> Notice:
        """What a person is to be shown at a point before giving anything; hand it to :meth:`intake` afterwards.

        Raises NotPromised (point_undeclared), or Invalid (invalid_value) for a language that there is not.
        """
        if language not in LANGUAGES:
            raise Invalid(Code.INVALID_VALUE, "language", detail=f"one of {', '.join(LANGUAGES)}")
        return self.senim.run(self.actor, lambda work: self.senim.collection.notice(work, point, language))

    def intake(
        self,
        notice: Notice,
        values: Mapping[str, Any],
        *,
        consents: Mapping[str, bool],
        subject: str = "",
        on_behalf_of: OnBehalf | Mapping[str, Any] | None = None,
        source: SourceGiven | Mapping[str, Any] | str = "",
        **how: Any,
    ) -> Taken:
        """Take in a person's data after ``notice`` was shown. Raises what :meth:`Collection.intake` raises.

        ``consents`` are named ``purpose``, ``purpose/recipient``, ``purpose@channel`` or ``purpose>country``.
        ``how`` may tell ``surface``, ``act``, ``channel``, ``read_to_caller``, ``document`` and ``archive``.
        What is a record or an enum may be given as a plain dict or text; what it cannot be raises Invalid
        (invalid_value), and says where and what there is to choose from.
        """
        told = {
            "point": notice.point,
            "language": notice.language,
            "notice": notice.digest,
            "consents": [{**_named(scope_of(name)), "given": given} for name, given in consents.items()],
            "subject": subject,
            "on_behalf_of": on_behalf_of,
            "source": source,
            **how,
        }
        intake = structs.replace(shaped(told, Intake), values=dict(values))
        return self.senim.run(self.actor, lambda work: self.senim.collection.intake(work, intake))

    def check(self, subject: str, operation: str, purpose: str, **more: Any) -> Decision:
        """May this be done? True or false, with all reasons. ``more`` are fields of :class:`Question`."""
        question = Question(operation, purpose, subject, **more)
        return self.senim.gate.check(self.actor, question)

    def read(self, subject: str, purpose: str, *, categories: tuple[str, ...] = ()) -> Told:
        """Values of a person that the purpose needs; in the log before they are told."""
        return self._about(subject, lambda work, who: self.senim.vault.read(work, who, purpose, categories=categories))

    def correct(self, subject: str, purpose: str, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Correct values of a person; the fields changed."""
        return self._about(subject, lambda work, who: self.senim.collection.correct(work, who, purpose, values=values))

    def disclose(
        self, subjects: Iterable[str], recipient: str, purpose: str, *, categories: tuple[str, ...] = (), **more: Any
    ) -> Handed:
        """Hand people's data to a recipient; in the log before it is told. ``more`` are fields of :class:`Handing`."""
        handing = Handing(recipient=recipient, purpose=purpose, categories=categories, **more)
        people = tuple(SubjectId(one) for one in subjects)
        return self.senim.run(self.actor, lambda work: self.senim.disclosures.make(work, people, handing))

    def disclosures(self, subject: str) -> list[HandedOver]:
        """To whom a person's data was handed over, the oldest first."""
        return self.senim.disclosures.of(SubjectId(subject))

    def find(self, kind: str, value: str) -> SubjectId:
        """The person with an e-mail, telephone, IIN or declared identifier."""
        return self.senim.run(self.actor, lambda work: self.senim.vault.find(work, kind, value))

    def give(self, subject: str, consent: str, notice: Notice, **evidence: Any) -> Given:
        """Record a consent given after ``notice`` was shown."""
        proof = _evidence({"notice": notice.digest, "language": notice.language, **evidence})
        return self._about(
            subject, lambda work, who: self.senim.consents.give(work, who, scope_of(consent), evidence=proof)
        )

    def withdraw(self, subject: str, consent: str, **evidence: Any) -> list[Given]:
        """Withdraw a consent, with all that hangs on it."""
        proof = _evidence({"surface": "account", "act": "button", **evidence})
        return self._about(
            subject, lambda work, who: self.senim.consents.withdraw(work, who, scope_of(consent), evidence=proof)
        )

    def consents(self, subject: str) -> list[State]:
        """What a person agreed to or withdrew, as it holds now."""
        return self.senim.consents.of(self.senim.database, SubjectId(subject))

    def erase(self, subject: str, *, reason: str) -> Erasure:
        """Destroy a person's data; the signed proof of it. It cannot be undone."""
        return self._about(subject, lambda work, who: self.senim.vault.erase(work, who, reason=reason))

    def block(self, subject: str, *, reason: str) -> str:
        """Block a person's data at once; the entry's id."""
        return self._about(subject, lambda work, who: self.senim.gate.block(work, who, reason=reason))

    def unblock(self, subject: str, *, reason: str) -> str:
        """Lift a block; the entry's id."""
        return self._about(subject, lambda work, who: self.senim.gate.unblock(work, who, reason=reason))

    def stop(self, subject: str, purpose: str, *, reason: str) -> str:
        """Stop a purpose for a person, or all with an empty name; the entry's id."""
        return self._about(subject, lambda work, who: self.senim.gate.stop(work, who, purpose, reason=reason))

    def resume(self, subject: str, purpose: str, *, reason: str) -> str:
        """Lift a stop; the entry's id."""
        return self._about(subject, lambda work, who: self.senim.gate.resume(work, who, purpose, reason=reason))

    def happened(self, subject: str, event: str, at: datetime | None = None) -> str:
        """Note an event that ends or starts terms (``trip-ended``), now or ``at`` an aware time; the entry's id."""

        def act(work: Work, who: Standing) -> str:
            return self.senim.gate.happened(work, who, event, micros(at) if at else work.at)

        return self._about(subject, act)

    def verify(self) -> Report:
        """Verify the whole log."""
        return self.senim.log.verify()

    def board(self) -> Board:
        """The promises board."""
        return self.senim.conformance.board()

    def _about(self, subject: str, act: Callable[[Work, Standing], T]) -> T:
        def acted(work: Work) -> T:
            return act(work, self.senim.subjects.about(work, SubjectId(subject)))

        return self.senim.run(self.actor, acted)

    def close(self) -> None:
        """Commit and seal what waits, and close. Closing again does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._runner.stop()
        self.senim.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def scope_of(consent: str) -> Scope:
    """``purpose[/recipient[#category]][@channel][>country]`` as a scope. Raises Invalid (invalid_value)."""
    scope = Scope.parse(consent)
    if not scope.purpose:
        raise Invalid(Code.INVALID_VALUE, "consent")
    return scope


def _named(scope: Scope) -> dict[str, str]:
    """What a scope names; points ask for no single category."""
    return {part: name for part, name in structs.asdict(scope).items() if name}


def _evidence(told: dict[str, Any]) -> Evidence:
    """The evidence that a program tells. Raises Invalid (invalid_value) for what is none."""
    return shaped(told, Evidence, "evidence")


def shaped(told: Mapping[str, Any], kind: type[T], where: str = "") -> T:
    """What a program tells, with enums, records and plain dicts in it, as a ``kind`` of record.

    Raises Invalid (invalid_value) with the place and what there is to choose from; never with the value.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(dict(told)), kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        steps = [*re.findall(r"[a-z_]+", path), *re.findall(r"field `(\w{1,40})`", message)]
        place = ".".join(filter(None, [where, *steps]))
        raise Invalid(Code.INVALID_VALUE, place or "values", detail=_choices(kind, steps)) from error
    except TypeError as error:  # what can be no part of a record: an open file, a connection
        raise Invalid(Code.INVALID_VALUE, where or "values", detail="plain values are wanted") from error


def _choices(kind: Any, steps: list[str]) -> str:
    """What may stand at a place of a record."""
    parts: list[Any] = [shapes.type_info(kind)]
    for step in steps:
        records = [one for one in parts if isinstance(one, shapes.StructType)]
        fields = {one.encode_name: one.type for record in records for one in record.fields}
        if step not in fields:
            return f"known here: {', '.join(fields)}"
        parts = list(_parts(fields[step]))
    words = [str(one) for part in parts if isinstance(part, shapes.LiteralType) for one in part.values if one]
    words += [one.value for part in parts if isinstance(part, shapes.EnumType) for one in part.cls]
    if words:
        return f"one of {', '.join(words)}"
    return "true or false" if any(isinstance(part, shapes.BoolType) for part in parts) else ""


def _parts(shape: Any) -> Iterator[Any]:
    for one in shape.types if isinstance(shape, shapes.UnionType) else [shape]:
        yield one.item_type if isinstance(one, shapes.VarTupleType) else one


def open_session(folder: str | Path, *, role: str = RESPONSIBLE) -> Session:
    """Open an operator's folder in one of the policy's roles. Raises SenimError naming what is wrong."""
    senim = open_senim(Path(folder))
    try:
        return Session(senim, role)
    except BaseException:
        senim.close()
        raise
