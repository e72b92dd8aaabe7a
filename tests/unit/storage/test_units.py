"""Which acts may share a transaction, and how threads share a commit."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData

from senim.errors import Code, Stale, Unavailable
from senim.storage import Unit, guard, insert
from senim.storage.commit import MOST, GroupCommit, Outcome
from senim.storage.tables import blob, lane, number, table
from senim.storage.unit import together

THINGS = table(MetaData(), "thing", lane(), blob("id", key=True), number("count"))
GUARD = guard(THINGS, "count")
INSERT = insert(THINGS)


def unit(*reads: int, changes: tuple[int, ...] = ()) -> Unit:
    """A unit that read some rows and changes others."""
    made = Unit()
    for number_ in reads:
        made.expect(GUARD, (number_, b""), (1,))
    for number_ in changes:
        made.expect(GUARD, (number_, b""), (1,), changes=True)
    made.add(INSERT, 0, b"", 0)
    return made


@pytest.mark.parametrize(
    ("units", "count"),
    [([], 0), ([unit()], 1), ([unit(), unit(), unit()], 3), ([unit(1), unit(1), unit(1)], 3),
     ([unit(changes=(1,)), unit(1)], 1), ([unit(1), unit(changes=(1,))], 1),
     ([unit(changes=(1,)), unit(changes=(1,))], 1),
     ([unit(changes=(1,)), unit(changes=(2,)), unit(3)], 3), ([unit(changes=(1,)), unit(2), unit(1), unit()], 2),
     ([unit(1, changes=(1,))], 1)],
)  # fmt: skip
def test_what_may_share_a_transaction(units: list[Unit], count: int) -> None:
    """Acts that only look share one; who changes what another one looked at waits for the next."""
    assert together(units, 100) == count


def test_no_more_than_so_many() -> None:
    """A group has a limit."""
    assert together([unit() for _ in range(5)], 3) == 3


rows = st.sets(st.integers(0, 5), max_size=3)


@given(st.lists(st.tuples(rows, rows), max_size=12), st.integers(0, 12))
def test_nobody_in_a_group_reads_what_another_changes(drafts: list[tuple[set[int], set[int]]], most: int) -> None:
    """A group is the longest beginning in which that holds."""
    units = [unit(*reads, changes=tuple(changes)) for reads, changes in drafts]
    count = together(units, most)
    assert count <= min(most, len(units))

    def clash(one: Unit, other: Unit) -> bool:
        return bool(one.read & other.changed or one.changed & other.read)

    group = units[:count]
    assert not any(clash(one, other) for at, one in enumerate(group) for other in group[:at])
    if count < min(most, len(units)):
        assert any(clash(units[count], one) for one in group)


def test_an_empty_unit() -> None:
    """A unit with guards alone has nothing to write."""
    assert Unit().empty
    looked = Unit()
    looked.expect(GUARD, (1, b""), None)
    assert looked.empty
    looked.add_key(INSERT, 1, b"", 0)
    assert not looked.empty


class Disk:
    """A database that can be held up, and refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.busy = threading.Event()
        self.go_on = threading.Event()
        self.refuse: dict[int, Outcome] = {}
        self.breaks: BaseException | None = None

    def apply(self, units: list[Unit]) -> list[Outcome]:
        self.groups.append(len(units))
        self.busy.set()
        self.go_on.wait(60)
        if self.breaks is not None:
            raise self.breaks
        return [self.refuse.get(id(one)) for one in units]


def commit_all(group: GroupCommit, units: list[Unit]) -> list[Exception | None]:
    """Commit each in a thread of its own; what became of them."""
    outcomes: list[Exception | None] = [None] * len(units)

    def commit(at: int) -> None:
        try:
            group.commit(units[at])
        except Exception as error:  # noqa: BLE001  # it is what the test looks at
            outcomes[at] = error

    threads = [threading.Thread(target=commit, args=(at,)) for at in range(len(units))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return outcomes


def test_all_are_committed_and_each_hears_its_own_outcome() -> None:
    """Of many that commit at the same time each one hears what became of its own act."""
    disk = Disk()
    disk.go_on.set()
    units = [unit() for _ in range(40)]
    disk.refuse = {id(units[7]): Stale(), id(units[20]): Unavailable(Code.STORAGE_FULL)}
    outcomes = commit_all(GroupCommit(disk.apply), units)
    assert sum(disk.groups) == len(units)
    assert isinstance(outcomes[7], Stale)
    assert isinstance(outcomes[20], Unavailable)
    assert [one for at, one in enumerate(outcomes) if at not in (7, 20)] == [None] * 38


def test_who_waits_shares_the_next_transaction() -> None:
    """While the disk is busy acts gather, and go in one transaction together."""
    disk = Disk()
    group = GroupCommit(disk.apply)
    first = threading.Thread(target=group.commit, args=(unit(),))
    first.start()
    assert disk.busy.wait(60)
    others = [threading.Thread(target=group.commit, args=(unit(),)) for _ in range(10)]
    for thread in others:
        thread.start()
    while len(group._queue) < len(others):  # they are on their way
        pass
    disk.go_on.set()
    for thread in (first, *others):
        thread.join(60)
    assert disk.groups == [1, 10]


@pytest.mark.parametrize("error", [Unavailable(Code.STORAGE_FULL), ValueError("a bug")])
def test_a_broken_disk_is_told_to_all_and_the_next_act_goes_on(error: Exception) -> None:
    """When a transaction fails everybody in it hears it, nobody hangs, and the next one is tried."""
    disk = Disk()
    disk.go_on.set()
    disk.breaks = error
    group = GroupCommit(disk.apply)
    assert all(isinstance(one, type(error)) for one in commit_all(group, [unit() for _ in range(10)]))
    disk.breaks = None
    assert commit_all(group, [unit() for _ in range(10)]) == [None] * 10


def test_a_group_is_not_longer_than_its_limit() -> None:
    """However many wait, a transaction holds no more than so many acts."""
    assert together([unit() for _ in range(MOST + 50)], MOST) == MOST
