"""Requests that were there before the list: they are listed as they would be if they were saved today."""

from __future__ import annotations

import importlib

import msgspec
import pytest
from sqlalchemy import select

from senim.rights import Refusal, listing_store
from senim.storage import Query, query
from senim.testing import FixedClock, Stage
from tests.features.acting import senim_of
from tests.features.rights.scene import act, by, decide, now

LISTED: Query = query(select(*(one for one in listing_store.listed.c if one.name != "lane")))
_migration = importlib.import_module("senim.storage.migrations.main.0015_request_lists")


@pytest.fixture
def numbers(stage: Stage, clock: FixedClock) -> list[str]:
    """Requests that ended, that wait with a clock that stands still where the law lets it, and that are open."""
    made = [by(stage, stage.person(), kind).number for kind in ("access", "correct", "claim")]
    decide(stage, made[0], granted=False, reasons=(Refusal.LAW_FORBIDS,))
    reasons = {reason for one in now(stage, made[1]).deadlines for reason in one.limits[0].pauses}
    if reasons:
        act(stage, senim_of(stage).rights.handling.pause, made[1], min(reasons))
    clock.move(days=1)
    return made


def test_the_list_made_by_the_migration_is_the_one_that_is_kept(stage: Stage, numbers: list[str]) -> None:
    """Row by row, from the records alone."""
    rows = {row[0]: tuple(row[1:]) for row in senim_of(stage).database.read(LISTED)}
    assert set(rows) == set(numbers)
    for number in numbers:
        record = msgspec.msgpack.decode(msgspec.msgpack.encode(now(stage, number)))
        assert tuple(_migration._listed(record).values()) == rows[number]
