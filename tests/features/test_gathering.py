"""Reads of strands: gathered or not, they find what reads one by one find."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from senim.identity import SubjectId, new_subject, place
from senim.storage import Hold, Query, Unit, at_most, insert, query, update
from senim.storage.engine import Engine
from senim.storage.migrate import migrate
from senim.storage.postgres import PostgreSQL
from senim.storage.sqlite import SQLite
from senim.storage.statements import Row
from senim.storage.strands import Strands
from senim.subjects.store import STANDING, subjects
from senim.vault.store import blind

_ADD, _CHANGE, _ADD_BLIND = insert(subjects), update(subjects, "epoch"), insert(blind)
_FOUND = query(
    at_most(select(blind.c.subject).where(blind.c.lane == bindparam("lane"), blind.c.kind == bindparam("kind")))
)
_PAGE = query(
    at_most(
        select(subjects.c.id)
        .where(subjects.c.lane == bindparam("lane"), subjects.c.id > bindparam("after"))
        .order_by(subjects.c.id)
    )
)


@pytest.fixture
def again(database_url: str, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Opens a database with all tables, as often as is asked."""
    made: list[Engine] = []

    def make() -> Engine:
        made.append(SQLite(tmp_path / "main.db") if database_url.startswith("sqlite") else PostgreSQL(database_url))
        migrate(made[-1], "main")
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def engine(again: Callable[[], Engine]) -> Engine:
    """A database with all tables."""
    return again()


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts in strands of one loop."""
    found: list[Any] = [None] * len(acts)

    async def together() -> None:
        strands = Strands(asyncio.get_running_loop())

        def act(number: int) -> None:
            found[number] = acts[number]()

        begun = [strands.run(act, number) for number in range(len(acts))]
        await asyncio.wait_for(asyncio.gather(*(one for one in begun if one is not None)), 30)

    asyncio.run(together())
    return found


def _people(engine: Engine, count: int) -> list[SubjectId]:
    people = [new_subject() for _ in range(count)]
    rows = [(_ADD, (*place(one), 1, number, 0, None)) for number, one in enumerate(people)]
    assert engine.apply([Unit(rows=[*rows])], None) == [None]
    return people


def test_each_finds_its_own_row_or_none(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among strangers too, and in fewer statements than there are askers."""
    people = _people(engine, 30)
    asked = [*people, *(new_subject() for _ in range(10))]
    random.Random(4).shuffle(asked)
    sizes: list[int] = []
    several = engine._read_several

    def noted(asked: Query, params: list[Row], rest: Row) -> list[list[Row]]:
        sizes.append(len(params))
        return several(asked, params, rest)

    monkeypatch.setattr(engine._gathering, "_several", noted)
    found = at_once(*(lambda one=one: engine.read(STANDING, *place(one)) for one in asked))
    assert found == [engine.read(STANDING, *place(one)) for one in asked]
    assert sum(1 for rows in found if rows) == 30
    assert sizes == [40]


def test_several_rows_and_a_limit(engine: Engine) -> None:
    """Each has as many rows as by itself."""
    people = _people(engine, 12)
    rows = [(_ADD_BLIND, (number % 3, "email", bytes([number]), place(one)[1])) for number, one in enumerate(people)]
    assert engine.apply([Unit(rows=[*rows])], None) == [None]
    asked = [(lane, kind, most) for lane in range(4) for kind in ("email", "phone") for most in (1, 2, 9)]
    found = at_once(*(lambda one=one: engine.read(_FOUND, *one) for one in asked))
    assert [len(rows) for rows in found] == [len(engine.read(_FOUND, *one)) for one in asked]
    assert max(len(rows) for rows in found) == 4


def test_rows_come_in_their_order(engine: Engine) -> None:
    """The order that a question asks for is kept when several ask."""
    people = sorted(_people(engine, 200))
    middle = bytes.fromhex(people[100])
    asked = [(lane, after, most) for lane in range(64) for after in (b"", middle) for most in (2, len(people))]
    found = at_once(*(lambda one=one: engine.read(_PAGE, *one) for one in asked))
    assert found == [engine.read(_PAGE, *one) for one in asked]
    told = {one: [bytes(row[0]).hex() for row in rows] for one, rows in zip(asked, found, strict=True)}
    for lane in range(64):
        here = [one for one in people if place(one)[0] == lane]
        later = [one for one in here if one > people[100]]
        assert [told[lane, b"", most] for most in (2, len(people))] == [here[:2], here]
        assert [told[lane, middle, most] for most in (2, len(people))] == [later[:2], later]


def test_who_is_reading_already_does_not_wait_for_who_waits_for_a_connection(engine: Engine) -> None:
    """More strands than connections, each reading within a read, end all the same."""
    people = _people(engine, 40)
    every = query(select(subjects.c.lane, subjects.c.id))

    def within(one: SubjectId) -> int:
        count = 0
        for _ in engine.stream(every):
            count += len(engine.read(STANDING, *place(one)))
        return count

    assert at_once(*(lambda one=one: within(one) for one in people)) == [40] * 40


def test_what_was_told_before_a_question_is_in_its_answer(engine: Engine, again: Callable[[], Engine]) -> None:
    """Questions that never stop coming do not keep an older answer alive."""
    (one,) = _people(engine, 1)
    other, where, numbers, turn = again(), place(one), itertools.count(2), Hold()
    seen: list[tuple[int, int]] = []

    def ask() -> None:
        for _ in range(20):
            with turn:  # told in order, and the strand does not pause in it
                told = next(numbers)
                assert other.apply([Unit(rows=[(_CHANGE, (told, *where))])], None) == [None]
            seen.append((told, engine.read(STANDING, *where)[0][0]))

    at_once(*([ask] * 6))
    assert len(seen) == 120
    assert all(told <= found for told, found in seen)
