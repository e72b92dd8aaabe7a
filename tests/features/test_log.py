"""The log: seal, read, about a person, tiles, proofs, export, verify; several sealers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from senim.app import Senim, make_folder, open_senim
from senim.audit import sealing, store
from senim.audit.checkpoint import LogVerifier
from senim.audit.records import ProblemKind, from_leaf
from senim.audit.subjects import in_order
from senim.audit.tiles import TileName, unpack
from senim.audit.tree import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from senim.audit.verification import FolderLog, verify_log
from senim.errors import Code
from senim.languages import Hint, in_words
from senim.storage import Unit
from senim.storage.statements import Guard, Row
from senim.testing import FixedClock, Stage, platform
from senim.work import Work
from tests.features import acting
from tests.features.acting import another, at_once, refused, senim_of, told_of


def note(senim: Senim, count: int = 1) -> None:
    """Leave entries, all in one act."""

    def act(work: Work) -> None:
        for _ in range(count):
            work.record("key.added", reason="test")

    senim.run(senim.actor(), act)


def hash_at(senim: Senim, size: int) -> Callable[[int, int], bytes]:
    """The hash of a full subtree, from the tiles that everybody may read."""

    def of(level: int, index: int) -> bytes:
        if level:
            return node_hash(of(level - 1, 2 * index), of(level - 1, 2 * index + 1))
        width = min(256, size - index // 256 * 256)
        tile = senim.log.tile(TileName(0, index // 256, width))
        return tile[32 * (index % 256) : 32 * (index % 256) + 32]

    return of


def test_entries_are_read_in_the_order_of_the_acts(stage: Stage) -> None:
    """Every act is in the log once, in order, from any entry on; what is sealed stays where it is (travel-22)."""
    senim = senim_of(stage)
    people = [stage.person() for _ in range(3)]
    acting.erase(senim, people[1].subject)
    assert senim.tick() > 0
    assert senim.tick() == 0
    entries = list(senim.log.entries())
    assert [index for index, _ in entries] == list(range(senim.log.size))
    assert entries[0][1].act == "policy.published"
    assert entries[-1][1].act == "subject.erased"
    assert [entry.at for _, entry in entries] == sorted(entry.at for _, entry in entries)
    assert list(senim.log.entries(5, 9)) == entries[5:9]
    assert list(senim.log.entries(len(entries))) == []
    for person in people:
        own = [(index, entry) for index, entry in entries if entry.subject == person.subject]
        assert senim.log.entries_about(person.subject) == own
        assert senim.log.entries_about(person.subject, own[2][0], 3) == own[2:5]
    note(senim)
    assert senim.log.entries_waiting(people[0].subject) == []
    acting.read(senim, people[0].subject)
    assert [one.act for one in senim.log.entries_waiting(people[0].subject)] == ["data.read"]
    assert told_of(senim, people[0].subject)[-1].act == "data.read"


def test_acts_of_one_person_stand_in_their_order_however_fast_they_follow(stage: Stage) -> None:
    """A yes and a no within a millisecond are sealed as they were said (mini-4)."""
    senim, person = senim_of(stage), stage.person()
    for _ in range(40):
        note(senim)
        acting.find(senim, "email", person.values["contact.email"])
    senim.tick()
    acts = [entry.act for _, entry in senim.log.entries()][-80:]
    assert acts == ["key.added", "subject.found"] * 40


def test_an_outsider_proves_an_entry_and_the_growth_of_the_log_from_tiles(stage: Stage) -> None:
    """With public tiles and checkpoints alone: this entry stands here, and the old log is the new one's beginning."""
    senim = senim_of(stage)
    verifier = LogVerifier(senim.log.vkey)
    note(senim, 300)
    senim.tick()
    old = verifier.open(senim.log.checkpoint())
    note(senim, 400)
    senim.tick()
    new = verifier.open(senim.log.checkpoint())
    assert (old.size, new.size) == (301, 701)
    tiles = hash_at(senim, new.size)
    leaf = leaf_hash(unpack(senim.log.tile(TileName(-1, 1)))[44])
    proof = inclusion_proof(tiles, 300, new.size)
    assert verify_inclusion(leaf, 300, new.size, proof, new.root)
    assert not verify_inclusion(leaf, 299, new.size, proof, new.root)
    growth = consistency_proof(tiles, old.size, new.size)
    assert verify_consistency(old.size, new.size, growth, old.root, new.root)
    assert not verify_consistency(old.size, new.size, growth, bytes(32), new.root)
    assert from_leaf(unpack(senim.log.tile(TileName(-1, 2, 189)))[-1]).act == "key.added"
    upper = senim.log.tile(TileName(1, 0, 2))
    assert upper[:32] == tiles(8, 0)
    for name in (TileName(-1, 2), TileName(-1, 3, 1), TileName(0, 2, 190), TileName(1, 0, 3), TileName(2, 0, 1)):
        refused(Code.NOT_FOUND, partial(senim.log.tile, name))
    assert len(unpack(senim.log.tile(TileName(-1, 2, 5)))) == 5, "a narrower tile of before stays readable"


def test_an_exported_copy_is_verified_with_the_public_key_alone(stage: Stage, tmp_path: Path) -> None:
    """A copy taken away verifies without us; with an entry changed, cut or another's key it does not (travel-24)."""
    senim = senim_of(stage)
    note(senim, 520)
    size = senim.log.export(tmp_path / "copy")
    assert size == senim.log.size == 521
    copy, verifier = FolderLog(tmp_path / "copy"), LogVerifier((tmp_path / "copy" / "vkey").read_text("utf-8"))
    report = verify_log(copy, verifier)
    assert (report.ok, report.size, report.root) == (True, 521, senim.log.verify().root)
    bundle = tmp_path / "copy" / "tile" / TileName(-1, 1).path
    good = bundle.read_bytes()
    bundle.write_bytes(good.replace(b'"done"', b'"gone"', 1))
    (problem,) = verify_log(copy, verifier).problems
    assert (problem.kind, problem.index) == (ProblemKind.CHANGED, 256)
    bundle.unlink()
    assert {one.kind for one in verify_log(copy, verifier).problems} == {ProblemKind.MISSING}
    bundle.write_bytes(good)
    anchor = senim.log.checkpoint()
    note(senim)
    senim.tick()
    assert verify_log(copy, verifier, anchors=[anchor]).ok
    cut = verify_log(copy, verifier, anchors=[senim.log.checkpoint()])
    assert [(one.kind, one.index) for one in cut.problems] == [(ProblemKind.CUT, 521)]


def test_the_live_log_is_verified_with_what_waits_sealed_first(stage: Stage, clock: FixedClock) -> None:
    """Changing, removing or cutting entries in the live database is found and located (design, 5)."""
    senim = senim_of(stage)
    note(senim, 10)
    report = senim.log.verify()
    assert (report.ok, report.size, report.waiting) == (True, 11, 0)
    kept = store.read_tile(senim.database, TileName(-1, 0))
    assert kept is not None
    one = "E'\\\\x{}'::bytea" if senim.database.dialect == "postgresql" else "X'{}'"
    engine = senim.database.engine

    def put(content: bytes) -> None:
        engine.execute(f"UPDATE log_bundle SET leaves = {one.format(content.hex())} WHERE n = 0")

    put(bytes(kept).replace(b'"test"', b'"tost"', 1))
    (problem,) = senim.log.verify().problems
    assert (problem.kind, problem.index) == (ProblemKind.CHANGED, 1)
    put(bytes(kept)[:-5])
    assert {one.kind for one in senim.log.verify().problems} == {ProblemKind.UNREADABLE}
    refused(Code.LOG_BROKEN, lambda: list(senim.log.entries()))
    put(bytes(kept))
    assert senim.log.verify().ok
    head = store.read_head(senim.database)
    note(senim, 5)
    senim.tick()
    frontier = b"".join(head.frontier).hex()
    engine.execute(
        f"UPDATE log_head SET size = {head.size}, checkpoint = '{head.checkpoint}', frontier = {one.format(frontier)}"
    )
    found = senim.log.verify()
    assert ProblemKind.CUT in {problem.kind for problem in found.problems}, "the anchor outside knows of more"


def test_one_sealer_at_a_time_and_the_next_when_its_lease_is_over(stage: Stage, clock: FixedClock) -> None:
    """While one process seals another leaves it alone; if it stops, the other goes on, and the tree is one tree."""
    senim = senim_of(stage)
    senim.tick()
    with another(stage, clock) as second:
        note(second)
        assert second.tick() == 0
        assert senim.tick() == 1
        note(senim)
        clock.move(seconds=6)
        assert second.tick() == 1
        note(senim)
        assert senim.tick() == 0
    assert senim.log.size == 4, "closing seals what waits and gives the lease back"
    note(senim)
    assert senim.tick() == 1
    assert senim.log.verify().ok


def test_two_sealers_that_both_think_it_is_their_turn_seal_every_entry_once(
    stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any lease: whoever is slower finds the head moved on, and nothing is sealed twice or lost."""
    monkeypatch.setattr(sealing, "LEASE", -1)
    senim = senim_of(stage)
    senim.tick()
    with another(stage, clock) as second:
        look = store.waiting
        for slow, fast in ((senim, second), (second, senim)) * 2:
            note(senim, 3)

            def overtaken(*asked: object, fast: Senim = fast) -> object:
                found = look(*asked)  # type: ignore[arg-type]  # as it is called
                monkeypatch.setattr(store, "waiting", look)
                assert fast.log.seal() == 3
                return found

            monkeypatch.setattr(store, "waiting", overtaken)
            assert slow.log._sealer.seal() == 0
        assert [entry.act for _, entry in senim.log.entries()] == ["policy.published"] + ["key.added"] * 12
        for one in (senim, second):
            report = one.log.verify()
            assert (report.ok, report.size) == (True, 13)


def test_many_sealers_and_writers_at_once_make_one_tree(
    stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads of two processes write and seal without any lease: each entry once, one tree, checkpoints in a row."""
    monkeypatch.setattr(sealing, "LEASE", -1)
    senim = senim_of(stage)
    with another(stage, clock) as second:

        def write_and_seal(one: Senim) -> None:
            for _ in range(8):
                note(one, 2)
                one.tick()

        assert at_once([partial(write_and_seal, one) for one in (senim, second, senim, second)]) == [None] * 4
        senim.tick()
        ids = [entry.id for _, entry in senim.log.entries()]
        assert len(ids) == len(set(ids)) == 1 + 4 * 8 * 2
        report = second.log.verify()
        assert (report.ok, report.size, report.waiting) == (True, 65, 0)


def test_two_sealers_of_an_empty_log_make_one_first_tree(
    new_postgres: Callable[[], str], mini: bytes, tmp_path: Path
) -> None:
    """The very first head is moved by one of them only, although there is no row yet that could be locked."""
    make_folder(tmp_path / "operator", mini, database=new_postgres())
    with open_senim(tmp_path / "operator", environment={}) as first, open_senim(tmp_path / "operator") as second:
        engine = second.database.engine
        look = engine.look
        note(first)

        def overtaken(guard: Guard, key: Row) -> Row | None:
            found = look(guard, key)
            engine.look = look  # type: ignore[method-assign]  # once
            note(first)
            assert first.log.seal() == 2
            return found

        engine.look = overtaken  # type: ignore[method-assign]  # between its look and its commit another seals
        assert second.log.seal() == 0
        report = first.log.verify()
        assert (report.ok, report.size) == (True, 2)
        assert len({entry.id for _, entry in first.log.entries()}) == 2


def test_checkpoints_are_kept_every_minute_and_lead_into_each_other(stage: Stage, clock: FixedClock) -> None:
    """Earlier checkpoints stay, so that a log written anew later is found."""
    senim = senim_of(stage)
    for _ in range(4):
        note(senim)
        senim.tick()
        clock.move(seconds=31)
    kept = store.kept_checkpoints(senim.database)
    assert [size for size, _ in kept] == [2, 4]
    verifier = LogVerifier(senim.log.vkey)
    assert [verifier.open(text).size for _, text in kept] == [2, 4]
    assert senim.log.verify().ok


def test_the_counts_of_acts_are_those_of_the_log(stage: Stage, clock: FixedClock) -> None:
    """Live evidence: how often each act ended how, since when and until when."""
    senim, person = senim_of(stage), stage.person()
    clock.move(days=1)
    for _ in range(3):
        acting.ask(senim, "use", "profiling", person.subject)
    senim.tick()
    tallies = {(one.act, one.detail): one for one in senim.log.tallies()}
    refusals = tallies["check.refused", "purpose_undeclared"]
    assert (refusals.count, refusals.first_at) == (3, refusals.last_at)
    assert tallies["consent.given", "done"].count == len(person.taken.receipts)
    entries = list(senim.log.entries())
    for (act, detail), one in tallies.items():
        mine = [n for n, entry in entries if entry.act == act and detail in (entry.outcome.value, *entry.codes)]
        assert (one.count, one.last_index) == (len(mine), mine[-1])


BESIDE = {
    "a person's entries hidden": ("UPDATE log_index SET records = {empty} WHERE level = 0 AND n = 0", "log_index"),
    "a list gone": ("DELETE FROM log_index", "log_index"),
    "refusals not counted": ("DELETE FROM log_tally WHERE act = 'key.added'", "log_tally"),
    "acts counted twice": ("UPDATE log_tally SET count = 2 * count WHERE act = 'key.added'", "log_tally"),
    "acts made up": (
        "INSERT INTO log_tally (act, detail, count, first_at, last_at, last_ix) VALUES ('drill', 'done', 1, 1, 1, 1)",
        "log_tally",
    ),
    "an act made younger": ("UPDATE log_tally SET last_at = last_at + 1 WHERE act = 'key.added'", "log_tally"),
    "another tree": ("UPDATE log_head SET frontier = {other}", "log_head"),
    "another size": ("UPDATE log_head SET size = size + 8", "log_head"),
    "another day of a policy": ("UPDATE policy_version SET effective_at = effective_at - 1", "policy version 1"),
    "a policy gone": ("DELETE FROM policy_version", "policy version 1"),
    "another number of a policy": ("UPDATE policy_version SET version = 2", "policy version"),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_stands_beside_the_tree_is_verified_too(name: str, stage: Stage) -> None:
    """Lists, counts, head and policy that tell of another log than the one that was signed are found."""
    senim, _ = senim_of(stage), stage.person()
    note(senim, 300)
    assert senim.log.verify().ok
    text = "E'\\\\x{}'::bytea" if senim.database.dialect == "postgresql" else "X'{}'"
    count = store.read_head(senim.database).size.bit_count()
    change, told = BESIDE[name]
    senim.database.engine.execute(change.format(empty=text.format(""), other=text.format("00" * 32 * count)))
    report = senim.log.verify()
    assert not report.ok
    assert all(
        problem.kind is ProblemKind.CHANGED and told in in_words(problem.detail, "en") for problem in report.problems
    )


def test_a_policy_rewritten_together_with_its_hash_is_found(stage: Stage) -> None:
    """A published version stays what it was: its hash stands in the log, out of reach of the table."""
    senim = senim_of(stage)
    canonical = senim.policies.version(1).canonical.replace(b"Privacy policy", b"Privacy police")
    text = "'\\x{}'::bytea" if senim.database.dialect == "postgresql" else "X'{}'"
    digest = hashlib.sha256(canonical).hexdigest()
    senim.database.engine.execute(
        f"UPDATE policy_version SET canonical = {text.format(canonical.hex())}, digest = '{digest}'"
    )
    (problem,) = senim.log.verify().problems
    assert (problem.kind, problem.detail) == (ProblemKind.CHANGED, Hint("version-other", number="1"))


def test_an_index_that_leads_to_another_person_is_not_believed(stage: Stage) -> None:
    """Nobody is shown entries about somebody else."""
    senim, people = senim_of(stage), [stage.person() for _ in range(2)]
    senim.tick()
    records = store.read_list(senim.database, 0)
    one, two = (bytes.fromhex(person.subject) for person in people)
    swapped = records.replace(one, b"?" * 16).replace(two, one).replace(b"?" * 16, two)
    unit = Unit()
    store.put_list(unit, 0, in_order(swapped))
    senim.database.commit(unit)
    refused(Code.LOG_BROKEN, lambda: senim.log.entries_about(people[0].subject))
    assert [one.kind for one in senim.log.verify().problems] == [ProblemKind.CHANGED]


def test_the_lists_of_many_bundles_are_verified(mini: bytes) -> None:
    """The merged list of 65,536 entries, of which people are told, must hold what the bundles hold."""
    with platform(mini) as stage:
        senim, person = senim_of(stage), stage.person()
        while senim.log.size < store.SEGMENT:
            note(senim, 8000)
            senim.tick()
        assert senim.log.verify().ok
        assert senim.log.entries_about(person.subject)
        senim.database.engine.execute("DELETE FROM log_index WHERE level = 1")
        (problem,) = senim.log.verify().problems
        assert (problem.kind, problem.index) == (ProblemKind.CHANGED, 0)


LOST = [
    "UPDATE log_head SET checkpoint = ''",
    "UPDATE log_head SET checkpoint = '', size = 0, frontier = {}",
    "DELETE FROM log_head",
]


@pytest.mark.parametrize("change", LOST)
@pytest.mark.parametrize("waits", [False, True])
def test_a_log_without_its_checkpoint_is_not_an_empty_one(change: str, waits: bool, stage: Stage) -> None:
    """Who takes the signatures away does not get a good log of no entries, nor a new signature over it."""
    senim = senim_of(stage)
    note(senim, 5)
    senim.tick()
    anchor = stage.platform.folder / "log" / "checkpoint"
    anchor.unlink()
    kept = store.read_head(senim.database)
    text = "'\\x'::bytea" if senim.database.dialect == "postgresql" else "X''"
    senim.database.engine.execute(change.format(text))
    senim.database.engine.execute("DELETE FROM log_checkpoint")
    if waits:
        note(senim)
        refused(Code.LOG_BROKEN, senim.log.seal)
    report = senim.log.verify()
    assert [problem.kind for problem in report.problems] == [ProblemKind.MISSING]
    assert report.waiting == int(waits)
    _put_back(senim, kept)


def test_nothing_is_signed_on_top_of_another_tree(stage: Stage) -> None:
    """A head that is not the one that was signed is not gone on with."""
    senim = senim_of(stage)
    note(senim, 4)
    senim.tick()
    kept = store.read_head(senim.database)
    unit = Unit()
    store.put_head(unit, replace(kept, frontier=tuple(bytes(32) for _ in kept.frontier)), kept)
    senim.database.commit(unit)
    note(senim)
    refused(Code.LOG_BROKEN, senim.log.seal)
    assert [problem.kind for problem in senim.log.verify().problems] == [ProblemKind.CHANGED]
    _put_back(senim, kept)
    assert senim.log.verify().ok


def _put_back(senim: Senim, kept: store.Head) -> None:
    senim.database.engine.execute("DELETE FROM log_head")
    unit = Unit()
    store.put_head(unit, kept, store.NO_HEAD)
    senim.database.commit(unit)
