"""(f) A million people from CSV, and (d) ten thousand erased, against the bare writing of the same rows."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks.bare import BarePeople, prepared
from benchmarks.figures import Figure, Spread
from benchmarks.forms import PURPOSE, ROLE, SHORT, Forms
from benchmarks.ground import Ground, run
from benchmarks.load import senim
from senim.app import Senim
from senim.cli.collection import BATCH
from senim.identity import SubjectId
from senim.storage import Unit
from senim.work import Work

_FIRST = 20
"""The first twentieth of the people fills an empty database and is not counted."""

_REASON = "request"

TOGETHER = 500
"""People who are erased in one transaction."""


def import_people(ground: Ground, other: Ground, meanwhile: Callable[[], None]) -> Iterator[Figure]:
    """Import everybody, in parts, each in turns with the bare writing of as many rows as make one part's sample.

    ``meanwhile`` is called after each part.
    """
    parts = _parts(ground.size.people, ground.size.repetitions)
    sample = min(len(parts[1]), 20_000)
    rates, processor, limits = [], [], []
    for number, part in enumerate(parts):
        seconds, worked = _import(ground, part)
        if number:
            rates.append(len(part) / seconds)
            processor.append(len(part) / worked)
            limits.append(_bare_import(other, sample))
        meanwhile()
    per_core, limit = Spread(tuple(processor)), Spread(tuple(limits))
    yield Figure(
        part="f",
        what="bulk import from CSV, per second of processor",
        database=ground.database,
        unit="people/s per core",
        measured=per_core,
        limit=limit,
        limited_by="the same rows, prepared beforehand, written by the driver alone in the same transactions",
        ratio=Spread(tuple(rates)).over(limit),
        target="≥ 10,000",
        met=per_core.median >= 10_000,
        how=f"`senim intake import`, six fields and a consent a person, {BATCH} people in a transaction, sealing "
        f"included; user and system time of the command, start included, while {ground.size.people:,} people come in; "
        "the ratio is that of the passing time",
    )
    yield Figure(
        part="f",
        what="bulk import from CSV, by the clock",
        database=ground.database,
        unit="people/s",
        measured=Spread(tuple(rates)),
        how="the same runs",
    )


def _parts(people: int, repetitions: int) -> list[range]:
    first = max(1, people // _FIRST)
    each = (people - first) // repetitions
    starts = [0, *(first + each * number for number in range(repetitions)), people]
    return [range(start, end) for start, end in itertools.pairwise(starts)]


def _import(ground: Ground, numbers: Sequence[int]) -> tuple[float, float]:
    """Import people by the command: seconds that passed, and seconds of processor."""
    path = ground.place / "people.csv"
    with ground.opened() as platform:
        Forms.of(platform).table(path, numbers)
    point = ["--point", SHORT, "--consent", PURPOSE, "--role", ROLE]
    ran = run([senim(), "intake", "import", str(path), *point], env=ground.environment())
    ground.imported += len(numbers)
    path.unlink()
    return ran.seconds, ran.processor


def _bare_import(other: Ground, count: int) -> float:
    """People whose rows the driver alone writes in a second."""
    with other.opened() as platform:
        numbers = other.new_numbers(count)
        ready = [prepared(_taken_in(platform, numbers[at : at + BATCH])) for at in range(0, count, BATCH)]
    people = BarePeople(other.url, other.folder)
    started = time.perf_counter()
    for rows in ready:
        people.write(rows)
    return count / (time.perf_counter() - started)


def _taken_in(platform: Senim, numbers: Sequence[int]) -> Unit:
    """The rows of people who come in together, not committed."""
    work, forms = platform.works.begin(platform.actor(ROLE)), Forms.of(platform)
    for number in numbers:
        platform.collection.intake(work, forms.intake(SHORT, number))
    return work.unit


def erase_people(ground: Ground, other: Ground) -> Iterator[Figure]:
    """Erase people, half a thousand in a transaction, in turns with the bare deletion of as many people's rows."""
    each = max(1, ground.size.erased // ground.size.repetitions)
    rates, limits = [], []
    with ground.opened() as platform, other.opened() as bare_platform:
        writer = BarePeople(other.url, other.folder)
        for _ in range(ground.size.repetitions):
            rates.append(_erase(platform, sorted(ground.forget(each))))
            limits.append(_bare_erase(bare_platform, writer, other, each))
    measured, limit = Spread(tuple(rates)), Spread(tuple(limits))
    yield Figure(
        part="d",
        what=f"erase {each * ground.size.repetitions:,} people",
        database=ground.database,
        unit="people/s",
        measured=measured,
        limit=limit,
        limited_by="the same deletions, prepared beforehand, by the driver alone",
        ratio=measured.over(limit),
        how=f"key, values, index entries and files of people out of {ground.imported:,}, {TOGETHER} in a transaction, "
        "in the order of their keys; ledger, entry and signed proof of each included; in process, one thread",
    )


def _erase(platform: Senim, subjects: list[SubjectId]) -> float:
    started = time.perf_counter()
    for at in range(0, len(subjects), TOGETHER):

        def act(work: Work, some: list[SubjectId] = subjects[at : at + TOGETHER]) -> None:
            for subject in some:
                platform.vault.erase(work, platform.subjects.about(work, subject), reason=_REASON)

        platform.run(platform.actor(), act)
    return len(subjects) / (time.perf_counter() - started)


def _bare_erase(platform: Senim, writer: BarePeople, other: Ground, count: int) -> float:
    """The same number of people come in by the driver, and go by it; only their going is timed."""
    numbers = other.new_numbers(count)
    gone = []
    for at in range(0, count, TOGETHER):
        taken = _taken_in(platform, numbers[at : at + TOGETHER])
        writer.write(prepared(taken))
        people = [SubjectId(bytes(row[1]).hex()) for statement, row in taken.keys if statement.table == "person_key"]
        work = platform.works.begin(platform.actor())
        for subject in sorted(people):
            platform.vault.erase(work, platform.subjects.about(work, subject), reason=_REASON)
        gone.append(prepared(work.unit))
    started = time.perf_counter()
    for rows in gone:
        writer.write(rows)
    return count / (time.perf_counter() - started)
