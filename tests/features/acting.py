"""How these tests act: verbs about a person, a second process on the same folder, what the log tells of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from senim.app import Senim, open_senim
from senim.audit.records import Entry
from senim.collection import Taken
from senim.consent import Evidence, Given, Scope
from senim.errors import Code, SenimError
from senim.gate import Decision, Question
from senim.identity import Actor, ActorKind, SubjectId
from senim.storage import Query, keys_metadata, query
from senim.subjects import Standing
from senim.testing import Person, Stage
from senim.vault import Erasure, Told
from senim.work import Work

T = TypeVar("T")
Act = Callable[[Work, Standing], T]
Staged = Callable[[bytes], Stage]

KEYS: Query = query(select(keys_metadata.tables["person_key"].c.wrapped))
"""Everybody's wrapped key."""

ACCOUNT = Evidence(surface="account", act="button")


def about(senim: Senim, subject: str, act: Act[T], *, actor: Actor | None = None) -> T:
    """Run a verb about a person, as a door does."""
    return senim.run(actor or senim.actor(), lambda work: act(work, senim.subjects.about(work, SubjectId(subject))))


def senim_of(stage: Stage) -> Senim:
    """The platform on a stage."""
    assert isinstance(stage.platform, Senim)
    return stage.platform


def another(stage: Stage, now: Callable[[], datetime]) -> Senim:
    """A second process: the same folder opened again. Close it with ``with``."""
    return open_senim(stage.platform.folder, environment={}, now=now)


def stranger(*may: str, kind: ActorKind = ActorKind.SERVICE, role: str = "stranger") -> Actor:
    """Somebody whom the policy does not know, with grants for verbs alone."""
    return Actor(kind=kind, id="test", role=role, may=frozenset(may))


def withdraw(senim: Senim, subject: str, scope: Scope, evidence: Evidence = ACCOUNT) -> list[Given]:
    """Withdraw a consent."""
    return about(senim, subject, lambda work, who: senim.consents.withdraw(work, who, scope, evidence=evidence))


def give(senim: Senim, subject: str, scope: Scope, evidence: Evidence) -> Given:
    """Give a consent."""
    return about(senim, subject, lambda work, who: senim.consents.give(work, who, scope, evidence=evidence))


def read(
    senim: Senim, subject: str, purpose: str = "orders", *, actor: Actor | None = None, categories: tuple[str, ...] = ()
) -> Told:
    """Read a person's values."""
    return about(
        senim,
        subject,
        lambda work, who: senim.vault.read(work, who, purpose, categories=categories),
        actor=actor,
    )


def correct(senim: Senim, subject: str, values: dict[str, object], purpose: str = "orders") -> tuple[str, ...]:
    """Correct a person's values."""
    return about(senim, subject, lambda work, who: senim.collection.correct(work, who, purpose, values=values))


def erase(senim: Senim, subject: str, reason: str = "request") -> Erasure:
    """Erase a person."""
    return about(senim, subject, lambda work, who: senim.vault.erase(work, who, reason=reason))


def find(senim: Senim, kind: str, value: str) -> SubjectId:
    """Find a person."""
    return senim.run(senim.actor(), lambda work: senim.vault.find(work, kind, value))


def ask(senim: Senim, operation: str, purpose: str, subject: str, **more: Any) -> Decision:
    """Ask the gate as the responsible person."""
    return senim.gate.check(senim.actor(), Question(operation, purpose, subject, **more))


def codes(decision: Decision) -> set[Code]:
    """The codes of a decision."""
    return {reason.code for reason in decision.reasons}


def refused(code: Code, act: Callable[[], object]) -> SenimError:
    """The refusal of an act, which must have ``code`` among its reasons."""
    with pytest.raises(SenimError) as caught:
        act()
    found = {reason.code for reason in caught.value.reasons} | {caught.value.code}
    assert code in found, f"refused with {sorted(found)} instead of {code}"
    return caught.value


def told_of(senim: Senim, subject: str) -> list[Entry]:
    """All entries about a person, sealed or not, in the order of the acts."""
    sealed = [entry for _, entry in senim.log.entries_about(SubjectId(subject), most=10_000)]
    return sealed + [one for one in senim.log.entries_waiting(SubjectId(subject)) if one not in sealed]


def last(senim: Senim) -> Entry:
    """The newest entry of the log."""
    senim.tick()
    return next(entry for _, entry in senim.log.entries(senim.log.size - 1))


def recorded(senim: Senim, act: Callable[[], object], *, refusal: Code | None = None) -> list[Entry]:
    """The entries that an act left; ``refusal`` is the code that it must be refused with."""
    senim.tick()
    size = senim.log.size
    if refusal is None:
        act()
    else:
        refused(refusal, act)
    senim.tick()
    return [entry for _, entry in senim.log.entries(size)]


def between(first: Callable[..., T], then: Callable[[], object]) -> Callable[..., T]:
    """``first``, and when it has decided for the first time, before it is committed, ``then``: somebody was faster."""
    waiting = [then]

    def act(*about_whom: object) -> T:
        result = first(*about_whom)
        while waiting:
            waiting.pop()()
        return result

    return act


class Stopwatch:
    """Stands for the module ``time`` where something is trusted for a while: seconds pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.seconds


def at_once(acts: Sequence[Callable[[], T]]) -> list[T | SenimError]:
    """Run acts in as many threads, let go at the same moment; their results and refusals, in order."""
    barrier = threading.Barrier(len(acts))
    results: list[T | Exception] = [TimeoutError("did not end")] * len(acts)

    def run(number: int) -> None:
        barrier.wait(30)
        try:
            results[number] = acts[number]()
        except Exception as error:  # noqa: BLE001  # raised below, where the test sees it
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    ended: list[T | SenimError] = []
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, SenimError):
            raise result
        ended.append(result)
    return ended


def take_again(stage: Stage, taken: Person, **changed: object) -> Taken:
    """The same person comes again to the same point."""
    return stage.take(stage.request(taken.point, subject=taken.subject, **changed))
