"""An erasure that is cut off, at whatever statement, is whole or never was; carried out again, it is done once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from senim.connectors.records import Plan, Receipt, Wish, WishKind
from senim.connectors.sql.connector import SqlConnector
from tests.connectors import shop
from tests.connectors.conftest import SECRET
from tests.connectors.shop import WHO, everything
from tests.connectors.test_sql_shop import sql

ERASE = Wish(kind=WishKind.ERASE)


class PowerCut(Exception):
    """What stops a statement."""


class Cuts:
    """Stops the n-th statement of a connector's database."""

    def __init__(self, system: SqlConnector) -> None:
        self._left = -1
        self._armed = False
        sa.event.listen(system._opened.engine, "before_cursor_execute", self._statement)

    def _statement(self, *_: Any) -> None:
        self._left -= 1
        if self._armed and self._left == 0:
            raise PowerCut

    def at(self, number: int, act: Callable[[], Receipt]) -> Receipt | None:
        """What an act gives if it is cut off at a statement; None if it was."""
        self._left, self._armed = number, True
        try:
            return act()
        except PowerCut:
            return None
        finally:
            self._armed = False


def test_cut_at_every_statement_nothing_is_half_done(shop_system: SqlConnector, engine: Engine) -> None:
    """Before the commit nothing has changed, however far it came; the run that is not cut does all of it."""
    before = everything(engine)
    plan = shop_system.plan(WHO, ERASE)
    cuts = Cuts(shop_system)
    number, receipt = 0, None
    while receipt is None:
        number += 1
        receipt = cuts.at(number, lambda: shop_system.execute(plan, WHO, order="R-1"))
        if receipt is None:
            assert everything(engine) == before, number
    assert number > 20
    assert receipt.steps == plan.steps
    assert not receipt.repeated
    assert shop_system.rescan(WHO).clean


def test_cut_after_the_commit_it_is_not_done_twice(
    shop_system: SqlConnector, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the answer is lost, the same order tells what was done, although the person has come back."""
    plan = shop_system.plan(WHO, ERASE)
    commit, done = Connection.commit, list[str]()

    def lost(connection: Connection) -> None:
        commit(connection)
        done.append("commit")
        if len(done) == 2:  # the first is that of the table of marks
            raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "commit", lost)
        with pytest.raises(PowerCut):
            shop_system.execute(plan, WHO, order="R-1")
    sql(engine, "INSERT INTO customers (id, email, name) VALUES (9, 'aigerim@example.kz', 'Aigerim')")
    receipt = shop_system.execute(plan, WHO, order="R-1")
    assert receipt.repeated
    assert receipt.steps == plan.steps
    assert shop_system.find(WHO).rows == 1


WORKER = """
import os, signal, sys
import msgspec, sqlalchemy as sa
from datetime import datetime, UTC
from senim.connectors.mapfile import read
from senim.connectors.records import Plan
from senim.connectors.sql.connector import SqlConnector
from tests.connectors import shop
from tests.connectors.conftest import SECRET

system = SqlConnector(read(shop.MAP.encode()).map, sys.argv[1], secret=SECRET)
plan = msgspec.json.decode(sys.argv[2], type=Plan)
deletions = []

def statement(connection, cursor, text, *rest):
    if text.startswith("DELETE"):
        deletions.append(text)
        if len(deletions) == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)

sa.event.listen(system._opened.engine, "before_cursor_execute", statement)
system.execute(plan, shop.WHO, order="R-1")
"""


@pytest.mark.parametrize("number", [1, 5])
def test_a_killed_process_leaves_nothing_half_done(
    shop_system: SqlConnector, engine: Engine, operator_url: str, number: int
) -> None:
    """A worker that is really killed in the middle of its deletions is followed by one that does the order once."""
    before = everything(engine)
    plan = shop_system.plan(WHO, ERASE)
    told = msgspec.json.encode(plan).decode()
    worker = subprocess.run(
        [sys.executable, "-c", WORKER, operator_url, told, str(number)], cwd=Path(__file__).parents[2], check=False
    )
    assert worker.returncode == -signal.SIGKILL
    assert everything(engine) == before
    receipt = shop_system.execute(msgspec.json.decode(told, type=Plan), WHO, order="R-1")
    assert receipt.steps == plan.steps
    assert shop_system.rescan(WHO).clean


def test_where_no_mark_can_be_left_it_is_found_again(
    connect: Callable[..., SqlConnector], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a table of marks a second run finds nothing to do, tells so, and does no harm."""
    shop.make(engine)
    system = connect(shop.MAP)
    monkeypatch.setattr("senim.connectors.sql.connector.prepare_marks", lambda opened, present: False)
    plan = system.plan(WHO, ERASE)
    first = system.execute(plan, WHO, order="R-1")
    after = everything(engine)
    second = system.execute(plan, WHO, order="R-1")
    assert (first.remembered, second.remembered, second.repeated, second.steps) == (False, False, False, ())
    assert everything(engine) == after
    with engine.connect() as connection:
        assert "senim_orders" not in sa.inspect(connection).get_table_names()


def test_marks_hold_nothing_personal(shop_system: SqlConnector, engine: Engine) -> None:
    """What the operator's database remembers of an order are names of tables, counts and codes."""
    shop_system.execute(shop_system.plan(WHO, ERASE), WHO, order="R-1")
    with engine.connect() as connection:
        told = str(connection.execute(sa.text("SELECT * FROM senim_orders")).all()).lower()
    for value in ("aigerim", "айгерім", "7000000001", "abai"):
        assert value not in told
    assert SECRET.decode() not in told
