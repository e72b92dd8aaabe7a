"""Looking in the log: newest first, every part of a question, bounded work; short proofs that others can check."""

from __future__ import annotations

import base64
from collections import Counter
from datetime import timedelta

import pytest

from senim.audit import searching
from senim.audit.checkpoint import LogVerifier
from senim.audit.records import Entry, Outcome, ProblemKind, from_leaf
from senim.audit.searching import Found, Sought
from senim.audit.tiles import WIDTH
from senim.audit.tree import leaf_hash, verify_inclusion
from senim.consent import Scope
from senim.errors import Code
from senim.identity import SubjectId, new_id, new_subject
from senim.storage import Database
from senim.testing import FixedClock, Stage
from senim.times import micros
from senim.work import Work
from tests.features import acting
from tests.features.acting import refused, senim_of


def many(stage: Stage, count: int, clock: FixedClock) -> None:
    """Entries of three acts about two people, a second apart in fives."""
    senim = senim_of(stage)
    people = [stage.person().subject for _ in range(2)]
    for start in range(0, count, 5):

        def act(work: Work, start: int = start) -> None:
            for number in range(start, start + 5):
                subject = people[number % 2] if number % 4 else None
                outcome = Outcome.REFUSED if number % 7 == 0 else Outcome.DONE
                work.record(f"data.act{number % 3}", outcome=outcome, subject=subject, purpose=f"p{number % 2}")

        senim.run(senim.actor(name=f"n{start % 2}"), act)
        clock.move(seconds=1)
    senim.tick()


def everything(stage: Stage, sought: Sought, most: int = 7) -> tuple[list[tuple[int, Entry]], int]:
    """All that is found, page by page, and the number of looks."""
    log, before, looks = senim_of(stage).log, 0, 0
    found: list[tuple[int, Entry]] = []
    while True:
        page: Found = log.search(sought, before=before, most=most)
        looks += 1
        assert len(page.entries) <= most
        found += page.entries
        if not page.onwards:
            return found, looks
        assert not before or page.onwards < before
        before = page.onwards


def test_every_question_finds_what_fits_and_nothing_else(
    stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part of a question, alone and together: as a look at every entry finds it, newest first."""
    monkeypatch.setattr(searching, "_SLACK", 0)
    begin = clock.moment
    many(stage, 900, clock)
    log = senim_of(stage).log
    known = list(log.entries())[::-1]
    assert len(known) > 3 * 256
    person = next(one.subject for _, one in known if one.subject)
    since, until = (micros(begin + timedelta(seconds=at)) for at in (60, 90))
    for sought in (
        Sought(),
        Sought(act="data.act1"),
        Sought(act="data.act1", outcome=Outcome.REFUSED),
        Sought(act="data.none"),
        Sought(actor="staff:"),
        Sought(actor="staff:n1", purpose="p1"),
        Sought(subject=person or ""),
        Sought(subject=person or "", act="data.act2", until=until),
        Sought(since=since, until=until),
        Sought(since=since, outcome=Outcome.REFUSED),
        Sought(purpose="p0", until=since),
    ):
        found, _ = everything(stage, sought)
        assert found == [(index, one) for index, one in known if sought.fits(one)], sought


def test_a_look_is_bounded(stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is rare is looked for in steps; each says where the next one goes on."""
    many(stage, 900, clock)
    monkeypatch.setattr(searching, "FAR", 1)
    first = senim_of(stage).log.search(Sought(purpose="nowhere"))
    assert first.entries == ()
    assert first.onwards % 256 == 0
    assert 0 < first.onwards < senim_of(stage).log.size
    assert everything(stage, Sought(purpose="nowhere"))[1] == 1 + first.onwards // 256


def test_an_entry_is_proven_to_others(stage: Stage, clock: FixedClock) -> None:
    """Each entry's proof holds by the public key alone, and its text is what other tools read."""
    many(stage, 300, clock)
    log = senim_of(stage).log
    verifier = LogVerifier(log.vkey)
    for index in (0, 1, 255, 256, log.size - 1):
        proof = log.proof(index)
        assert proof.holds(verifier)
        head, _, note = proof.text().partition("\n\n")
        magic, place, *hashes = head.splitlines()
        assert (magic, place) == ("c2sp.org/tlog-proof@v1", f"index {index}")
        signed = verifier.open(note)
        told = [base64.b64decode(one) for one in hashes]
        assert verify_inclusion(proof.leaf_hash, index, signed.size, told, signed.root)
        assert from_leaf(log.leaf(index)) == log.entry(index) == next(log.entries(index, index + 1))[1]
        assert leaf_hash(log.leaf(index)) == proof.leaf_hash
    assert not log.proof(1).holds(LogVerifier(_other_key()))
    refused(Code.NOT_FOUND, lambda: log.proof(log.size))
    refused(Code.NOT_FOUND, lambda: log.entry(-1))


def _other_key() -> str:
    from senim.audit.checkpoint import LogSigner

    return LogSigner("other.example/log", bytes(32)).vkey


def test_a_quick_look_finds_what_was_signed_otherwise(stage: Stage, clock: FixedClock) -> None:
    """Without reading entries: a changed tile and a cut log are found by what was signed before."""
    senim = senim_of(stage)
    assert senim.log.consistent()[1] == []
    many(stage, 300, clock)
    clock.move(minutes=5)
    many(stage, 300, clock)
    size, problems = senim.log.consistent()
    assert (size, problems) == (senim.log.size, [])
    assert senim.log.checkpoints()
    stage.platform.database.engine.execute("DELETE FROM log_tile WHERE level = 1")
    assert {one.kind for one in senim.log.consistent()[1]} == {ProblemKind.REWRITTEN}


def test_the_newest_about_a_person_are_read_and_the_others_counted(
    stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, sealed or still waiting: no more is read than is shown."""
    many(stage, 900, clock)
    senim = senim_of(stage)
    ((person, _),) = Counter(SubjectId(one.subject) for _, one in senim.log.entries() if one.subject).most_common(1)
    senim.run(senim.actor(), lambda work: work.record("data.waits", subject=person))
    known = senim.log.everything_about(person)
    assert len(known) > 256
    read: list[int] = []
    leaves = searching._leaves

    def noted(database: Database, n: int) -> list[bytes]:
        read.append(n)
        return leaves(database, n)

    monkeypatch.setattr(searching, "_leaves", noted)
    for most in (1, 5, len(known), len(known) + 5):
        read.clear()
        found, total = senim.log.latest_about(person, most)
        assert (found, total) == (known[: -most - 1 : -1], len(known))
        assert len(read) <= most
    senim.tick()
    assert senim.log.latest_about(person, 3) == (known[:-4:-1], len(known))
    assert senim.log.latest_about(new_subject(), 3) == ([], 0)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bundles that were read since it was emptied, and -1 for each entry that was decoded."""
    noted: list[int] = []
    leaves = searching._leaves

    def bundle(database: Database, n: int) -> list[bytes]:
        noted.append(n)
        return leaves(database, n)

    def entry(leaf: bytes) -> Entry:
        noted.append(-1)
        return from_leaf(leaf)

    monkeypatch.setattr(searching, "_leaves", bundle)
    monkeypatch.setattr(searching, "from_leaf", entry)
    return noted


def talked_about(stage: Stage, count: int) -> SubjectId:
    """A person of whom the log tells so much, and as much again after a consent."""
    senim, person = senim_of(stage), stage.person()

    def act(work: Work) -> None:
        for _ in range(count):
            work.record("data.read", subject=person.subject)

    senim.run(senim.actor(), act)
    senim.tick()
    acting.give(senim, person.subject, Scope(purpose="newsletter", channel="email"), stage.evidence(person.point))
    senim.run(senim.actor(), act)
    senim.tick()
    return person.subject


def test_one_of_thousands_is_found_where_it_stands(stage: Stage, read: list[int]) -> None:
    """A consent is proven by reading its entry, not all that the log tells of the person."""
    person, senim = talked_about(stage, 3000), senim_of(stage)
    given = [one for one in senim.log.everything_about(person) if one.act == "consent.given"][-1]
    read.clear()
    event, _, _ = senim.run(senim.actor(), lambda work: senim.consents.prove(work, person, given.id))
    assert event.id == given.id
    assert senim.log.size > 6000
    bundles, decoded = sum(one >= 0 for one in read), read.count(-1)
    assert bundles <= 10  # the halves of 24 bundles, and the three where it may stand
    assert decoded <= 6


def test_every_entry_about_a_person_is_found_by_its_id(stage: Stage) -> None:
    """Sealed or waiting, also where it waited for its commit so long that it stands far from its place."""
    late = new_id()
    person, senim = talked_about(stage, WIDTH * 3), senim_of(stage)
    senim.run(senim.actor(), lambda work: work.record("data.late", subject=person, entry_id=late))
    senim.tick()
    senim.run(senim.actor(), lambda work: work.record("data.waits", subject=person))
    known = senim.log.everything_about(person)
    for one in (*known[:3], *known[::97], *known[-3:]):
        assert senim.log.entry_about(person, one.id) == one
    assert senim.log.entry_about(person, late) is not None
    for other in (new_id(), "0" * 32, "f" * 32, "", "x", late[:-1]):
        assert senim.log.entry_about(person, other) is None
    stranger = stage.person().subject
    senim.tick()
    assert senim.log.entry_about(stranger, late) is None
