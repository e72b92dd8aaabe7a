"""Gathering: reads of the same moment share a statement, each asker gets its own rows, none gets older ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData, bindparam, select

from senim.errors import Code, SenimError, Unavailable
from senim.storage import Query, at_most, query
from senim.storage.gathering import Gathering, Rows
from senim.storage.statements import Row
from senim.storage.strands import current
from senim.storage.tables import blob, lane, table
from tests.unit.storage.test_strands import Thread

_THINGS = table(MetaData(), "thing", lane(), blob("id", key=True), blob("content"))
_ONE = query(
    select(_THINGS.c.content).where(_THINGS.c.lane == bindparam("lane"), _THINGS.c.id == bindparam("id")),
)
_FIRST = query(at_most(select(_THINGS.c.content).where(_THINGS.c.lane == bindparam("lane")).order_by(_THINGS.c.id)))
_ALL = query(select(_THINGS.c.content))


@pytest.fixture
def thread() -> Iterator[Thread]:
    """A loop of this thread."""
    one = Thread()
    yield one
    one.loop.close()


class Server:
    """Answers with what is stored when it is asked, in the next turn of the loop; notes the sizes of the groups."""

    def __init__(self) -> None:
        self.stored = "old"
        self.groups: list[int] = []
        self.gathering = Gathering(self.alone, self.several)

    def alone(self, asked: Query, params: Row) -> Rows:
        """One asker."""
        return self._answer([params])[0]

    def several(self, asked: Query, params: list[Row], rest: Row) -> list[Rows]:
        """A group."""
        return self._answer([one + rest for one in params])

    def _answer(self, asked: list[Row]) -> list[Rows]:
        self.groups.append(len(asked))
        if any(params[0] == 13 for params in asked):
            raise Unavailable(Code.STORAGE_FAILED)
        found: list[Rows] = [[(*params, self.stored)] for params in asked]
        if (strand := current()) is not None:
            strand.loop.call_later(0.01, strand.switch)
            strand.pause()
        return found

    def read(self, asked: Query, *params: object) -> Rows:
        """Read in a strand."""
        strand = current()
        assert strand is not None
        return self.gathering.read(strand, asked, params)


def test_reads_of_one_moment_share_a_statement_and_each_gets_its_own_rows(thread: Thread) -> None:
    """Five that ask at once are one group."""
    server = Server()
    found = thread.run(*(lambda number=number: server.read(_ONE, number, b"x") for number in range(5)))
    assert found == [[(number, b"x", "old")] for number in range(5)]
    assert server.groups == [5]


def test_who_asks_while_a_statement_is_under_way_is_answered_by_the_next(thread: Thread) -> None:
    """A withdrawal that was told before the question binds its answer: nothing older is handed on."""
    server = Server()

    def later() -> Rows:
        strand = current()
        assert strand is not None
        strand.loop.call_later(0.005, strand.switch)
        strand.pause()
        server.stored = "new"
        return server.read(_ONE, 1, b"x")

    first, *others = thread.run(lambda: server.read(_ONE, 1, b"x"), later, later)
    assert first == [(1, b"x", "old")]
    assert others == [[(1, b"x", "new")]] * 2
    assert server.groups == [1, 2]


def test_one_that_cannot_be_answered_fails_alone(thread: Thread) -> None:
    """A group that fails is asked one by one."""
    server = Server()
    good, bad, last = thread.run(*(lambda number=number: server.read(_ONE, number, b"x") for number in (1, 13, 2)))
    assert (good, last) == ([(1, b"x", "old")], [(2, b"x", "old")])
    assert isinstance(bad, SenimError)
    (alone,) = thread.run(lambda: server.read(_ONE, 13, b"x"))
    assert isinstance(alone, SenimError)
    assert thread.run(lambda: server.read(_ONE, 3, b"x")) == [[(3, b"x", "old")]]


def test_queries_with_other_limits_are_not_mixed(thread: Thread) -> None:
    """What does not vary within a statement is the same for all of its group."""
    server = Server()
    found = thread.run(*(lambda number=number: server.read(_FIRST, number, number % 2) for number in range(4)))
    assert found == [[(number, number % 2, "old")] for number in range(4)]
    assert server.groups == [2, 2]


def test_a_query_that_nothing_varies_in_is_asked_by_itself(thread: Thread) -> None:
    """There is nothing to tell its askers apart by."""
    server = Server()
    server.gathering = Gathering(lambda asked, params: [("all",)], server.several)
    assert thread.run(lambda: server.read(_ALL), lambda: server.read(_ALL)) == [[("all",)]] * 2
    assert server.groups == []


def test_the_statement_for_many() -> None:
    """For PostgreSQL: arrays of what varies, then the rest."""
    assert (_ONE.varying, _FIRST.varying, _ALL.varying) == (2, 1, 0)
    assert _FIRST.postgres_many.startswith("SELECT v.asker, q.* FROM unnest(%b::smallint[]) WITH ORDINALITY")
    assert (_FIRST.postgres_many.count("%b"), _FIRST.postgres_many.count("%s")) == (1, 1)
