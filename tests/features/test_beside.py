"""Rows behind Senim's back: versions, cancellings, keys are what the log says, and it ends where it is signed."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from senim.audit.records import ProblemKind
from senim.gate.store import ApiKey
from senim.gate.store import add as add_row
from senim.identity import new_id
from senim.languages import Hint, in_words
from senim.testing import FixedClock, Stage
from tests.features.acting import another, senim_of
from tests.features.test_policies import publish, titled
from tests.features.test_schedule import cancel

CHANGES = {
    "another file": ("UPDATE policy_version SET source = canonical WHERE version = 1", "policy version 1 "),
    "another day of the law": (
        "UPDATE policy_version SET law_on = '2026-01-01' WHERE version = 2", "policy version 2 ",
    ),
    "another publisher": ("UPDATE policy_version SET published_by = 'staff:x' WHERE version = 1", "policy version 1 "),
    "published at another time": ("UPDATE policy_version SET published_at = 5 WHERE version = 1", "policy version 1 "),
    "a cancelling taken back": ("DELETE FROM policy_cancelled", "policy version 2 "),
    "cancelled by somebody else": ("UPDATE policy_cancelled SET by = 'staff:x'", "policy version 2 "),
    "cancelled without a word": ("INSERT INTO policy_cancelled VALUES (3, 5, 'staff:local')", "policy version 3 "),
    "a key in another role": ("UPDATE api_key SET role = 'till' WHERE label = 'one'", "key {one} "),
    "a key with another secret": ("UPDATE api_key SET digest = {other} WHERE label = 'one'", "key {one} "),
    "a key with another label": ("UPDATE api_key SET label = 'uno' WHERE label = 'one'", "key {one} "),
    "an older key": ("UPDATE api_key SET created_at = created_at - 1 WHERE label = 'one'", "key {one} "),
    "a revoked key that opens again": ("UPDATE api_key SET revoked_at = 0 WHERE label = 'two'", "key {two} "),
    "a key revoked without a word": ("UPDATE api_key SET revoked_at = 7 WHERE label = 'one'", "key {one} "),
    "a key gone": ("DELETE FROM api_key WHERE label = 'one'", "key {one} "),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_row_is_found(name: str, stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """Whoever changes a version, a cancelling or a key in the database alone is found by a verification."""
    senim, keys = senim_of(stage), dict[str, str]()
    for label in ("one", "two"):
        key, _ = senim.run(senim.actor(), lambda work, label=label: senim.access.add(work, label, role="shop"))  # type: ignore[misc]
        keys[label] = key.id
    senim.run(senim.actor(), lambda work: senim.access.revoke(work, keys["two"]))
    for title in ("Second", "Third"):
        publish(senim, titled(mini, title), effective=clock.moment + timedelta(days=len(title)))()
    cancel(senim, 2)
    assert senim.log.verify().ok
    statement, told = CHANGES[name]
    other = "'\\x00'::bytea" if senim.database.dialect == "postgresql" else "X'00'"
    senim.database.engine.execute(statement.format(other=other))
    (problem,) = senim.log.verify().problems
    assert problem.kind is ProblemKind.CHANGED
    assert in_words(problem.detail, "en").startswith(told.format(**keys))


def test_a_key_that_somebody_puts_into_the_table_is_found(stage: Stage) -> None:
    """A key that Senim did not make opens doors, and a verification says which one it is."""
    senim = senim_of(stage)
    key = ApiKey(new_id(), hashlib.sha256(b"known to the thief").digest(), "site", "shop", 1_795_000_000_000_000, 0)
    senim.run(senim.actor(), lambda work: add_row(work, key))
    (problem,) = senim.log.verify().problems
    assert problem.detail == Hint("key-other", id=key.id)


@pytest.mark.parametrize("first", [True, False])
def test_keys_and_versions_that_come_while_the_log_is_read_are_good(
    first: bool, stage: Stage, mini: bytes, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that adds, revokes, publishes and cancels during a verification makes no alarm."""
    senim = senim_of(stage)
    key, _ = senim.run(senim.actor(), lambda work: senim.access.add(work, "one", role="shop"))
    publish(senim, titled(mini, "Second"), effective=clock.moment + timedelta(days=9))()

    def meanwhile() -> None:
        with another(stage, clock) as second:
            second.run(second.actor(), lambda work: second.access.revoke(work, key.id))
            second.run(second.actor(), lambda work: second.access.add(work, "two", role="shop"))
            cancel(second, 2)
            publish(second, titled(mini, "Third"))()

    seal = senim.log.seal

    def busy() -> int:
        if first:
            meanwhile()
        sealed = seal()
        if not first:
            meanwhile()
        return sealed

    with monkeypatch.context() as patched:
        patched.setattr(senim.log, "seal", busy)
        assert senim.log.verify().problems == ()
    assert senim.log.verify().problems == ()


BEHIND = {
    "a bundle": ("INSERT INTO log_bundle SELECT 9, 9, leaves FROM log_bundle", "log_bundle 9"),
    "a tile": ("INSERT INTO log_tile SELECT 9, 0, 9, hashes FROM log_tile WHERE level = 0", "log_tile 0/9"),
    "a tile of a level that is not there": (
        "INSERT INTO log_tile SELECT 0, 3, 0, hashes FROM log_tile WHERE level = 0", "log_tile 3/0",
    ),
    "a list": ("INSERT INTO log_index SELECT 9, 0, 9, records FROM log_index", "log_index 0/9"),
    "a merged list": ("INSERT INTO log_index SELECT 5, 1, 0, records FROM log_index", "log_index 1/0"),
    "entries behind the last": ("UPDATE log_bundle SET leaves = {twice}", "log_bundle 0"),
    "hashes behind the last": ("UPDATE log_tile SET hashes = {twice}", "log_tile 0/0"),
}  # fmt: skip


@pytest.mark.parametrize("name", BEHIND)
def test_rows_behind_the_signed_end_are_found(name: str, stage: Stage) -> None:
    """What stands in the log's tables beyond what was signed belongs to nobody's entry, and is told."""
    senim, _ = senim_of(stage), stage.person()
    assert senim.log.verify().ok
    change, told = BEHIND[name]
    column = "leaves" if "log_bundle" in change else "hashes"
    twice = f"{column} || {column}" if senim.database.dialect == "postgresql" else f"CAST({column} || {column} AS BLOB)"
    senim.database.engine.execute(change.format(twice=twice))
    (problem,) = senim.log.verify().problems
    assert (problem.kind, problem.detail) == (ProblemKind.ADDED, Hint("holds-more", rows=told))
