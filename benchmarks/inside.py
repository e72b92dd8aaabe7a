"""(a) Consent writes, (b) decisions and checks, (c) reads and finds, in process: the library without a door."""

from __future__ import annotations

import gc
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator

from benchmarks.bare import add_one, bare
from benchmarks.doors import weights
from benchmarks.figures import Figure, Spread, in_turns
from benchmarks.forms import NEWSLETTER, PURPOSE, ROLE, SHORT, Forms
from benchmarks.ground import Ground
from senim.app import Senim
from senim.consent import Evidence, Scope
from senim.gate import Question
from senim.gate.rules import decide, rule
from senim.identity import place
from senim.runner import Runner
from senim.subjects.store import STANDING
from senim.work import Work


def per_second(act: Callable[[int], object], seconds: float) -> float:
    """How often a thread does something in a second; the act gets a number that counts up."""
    done, started = 0, time.perf_counter()
    until = started + seconds
    while time.perf_counter() < until:
        for number in range(done, done + 100):
            act(number)
        done += 100
    return done / (time.perf_counter() - started)


def by_threads(act: Callable[[int], object], seconds: float, threads: int) -> float:
    """How often many threads together do something in a second."""
    counts, over = [0] * threads, threading.Event()

    def repeat(mine: int) -> None:
        for number in itertools.count(mine, threads):
            if over.is_set():
                return
            act(number)
            counts[mine] += 1

    workers = [threading.Thread(target=repeat, args=(mine,)) for mine in range(threads)]
    started = time.perf_counter()
    for one in workers:
        one.start()
    time.sleep(seconds)
    over.set()
    for one in workers:
        one.join()
    return sum(counts) / (time.perf_counter() - started)


def measure(ground: Ground, other: Ground) -> Iterator[Figure]:
    """All of it, on the operator's database."""
    with ground.opened() as platform:
        gc.collect()
        gc.freeze()
        yield from _decisions(ground, platform)
        yield from _checks(ground, platform)
        yield from _consents(ground, other, platform)
        yield from _reads(ground, platform)
        gc.unfreeze()


def _decisions(ground: Ground, platform: Senim) -> Iterator[Figure]:
    """The pure decision, facts in hand: by the gate, which knows the ruling already, and by the two rules alone."""
    promises = Forms.of(platform).promises
    actor = platform.actor(ROLE)
    work = platform.works.begin(actor)
    people = [platform.subjects.find(platform.database, subject) for subject, _ in ground.known[:1000]]
    questions = [
        Question(operation, purpose, channel=channel)
        for operation, purpose, channel in (
            ("use", PURPOSE, ""),
            ("extract", PURPOSE, ""),
            ("use", NEWSLETTER, "email"),
            ("transfer", NEWSLETTER, "sms"),
        )
    ]
    asked = [(question, person) for person in people for question in questions]
    at, count = work.at, len(asked)

    def by_gate(number: int) -> object:
        question, person = asked[number % count]
        return platform.gate.reasons(work, question, person)

    def by_rules(number: int) -> object:
        question, person = asked[number % count]
        return decide(promises, rule(promises, actor, question), person, at)

    found = in_turns(
        ground.size.repetitions,
        {name: _timed(act, ground) for name, act in (("gate", by_gate), ("rules", by_rules))},
    )
    yield Figure(
        part="b",
        what="decision, facts in hand",
        database="—",
        unit="/s per core",
        measured=found["gate"],
        ratio=Spread(tuple(one / 150_000 for one in found["gate"].values)),
        target="≥ 150,000",
        met=found["gate"].median >= 150_000,
        how="`Gate.reasons`, one thread; four questions about 1,000 people, two of them refused; the half that is the "
        "same for everybody is known from the question before",
    )
    yield Figure(
        part="b",
        what="decision, from the rules up",
        database="—",
        unit="/s per core",
        measured=found["rules"],
        how="`rule` and `decide`, nothing remembered between questions",
    )


def _timed(act: Callable[[int], object], ground: Ground) -> Callable[[], float]:
    return lambda: per_second(act, ground.size.seconds / 3)


def _checks(ground: Ground, platform: Senim) -> Iterator[Figure]:
    actor = platform.actor(ROLE)
    order = random.Random(3).sample(ground.known, len(ground.known))
    questions = [Question("use", PURPOSE, subject) for subject, _ in order]
    places = [place(subject) for subject, _ in order]
    raw, count = bare(ground.url, ground.folder), len(order)

    def checks(seconds: float) -> float:
        rate = per_second(lambda number: platform.gate.check(actor, questions[number % count]), seconds)
        platform.tick()
        return rate

    def clocked(seconds: float) -> float:
        runner = Runner(platform)
        runner.start()
        rate = per_second(lambda number: platform.gate.check(actor, questions[number % count]), seconds)
        runner.stop()
        platform.tick()
        return rate

    seconds = ground.size.seconds / 3
    found = in_turns(
        ground.size.repetitions,
        {
            "check": lambda: checks(seconds),
            "clocked": lambda: clocked(seconds),
            "bare": lambda: per_second(lambda number: raw.read(STANDING, *places[number % count]), seconds),
        },
    )
    limit = "the one indexed read that it needs, by the driver alone"
    for name, what, how in (
        ("check", "check in process, with its look-up", "one thread; its entry is made, and committed after the run"),
        (
            "clocked",
            "the same with the clock running",
            "entries committed and sealed at the same time, in the same core",
        ),
    ):
        ratio = found[name].over(found["bare"])
        yield Figure(
            part="b",
            what=what,
            database=ground.database,
            unit="/s",
            measured=found[name],
            limit=found["bare"],
            limited_by=limit,
            ratio=ratio,
            target="≥ 0.5 × limit",
            met=ratio.median >= 0.5,
            how=how,
        )


def _consents(ground: Ground, other: Ground, platform: Senim) -> Iterator[Figure]:
    actor, forms = platform.actor(ROLE), Forms.of(platform)
    size = weights(platform, ground.known[0][0])["consent"]
    evidence = Evidence(notice=forms.notices[SHORT], language="ru", surface="account", act="button")
    scope, inserts, count = Scope(purpose=NEWSLETTER), bare(other.url, other.folder).inserts(), len(ground.known)

    def give(number: int) -> None:
        subject, _ = ground.known[number % count]

        def act(work: Work) -> object:
            return platform.consents.give(work, platform.subjects.about(work, subject), scope, evidence=evidence)

        platform.run(actor, act)

    seconds, clients = ground.size.seconds, ground.size.clients
    found = in_turns(
        ground.size.repetitions,
        {
            "consent": lambda: by_threads(give, seconds, clients),
            "bare": lambda: by_threads(lambda _: add_one(inserts, size), seconds, clients),
        },
    )
    yield Figure(
        part="a",
        what="consent write in process",
        database=ground.database,
        unit="/s",
        measured=found["consent"],
        limit=found["bare"],
        limited_by=f"{clients} threads inserting {size:,} bytes, no door on either side",
        ratio=found["consent"].over(found["bare"]),
        how=f"{clients} threads of one process",
    )


def _reads(ground: Ground, platform: Senim) -> Iterator[Figure]:
    """Reads and finds one after the other: each waits for its own commit, so that the look-up itself counts little."""
    actor, forms, count = platform.actor(ROLE), Forms.of(platform), len(ground.known)
    emails = [forms.value("contact.email", number) for _, number in ground.known]
    work = platform.works.begin(actor)

    def read(number: int) -> object:
        work.unit.rows.clear()
        work.memo.clear()
        standing = platform.subjects.find(platform.database, ground.known[number % count][0])
        return platform.vault.read(work, standing, PURPOSE)

    def find(number: int) -> object:
        work.unit.rows.clear()
        return platform.vault.find(work, "email", emails[number % count])

    found = in_turns(ground.size.repetitions, {"read": _timed(read, ground), "find": _timed(find, ground)})
    slower = found["read"].over(found["find"])
    yield Figure(
        part="c",
        what="find by e-mail in process, before its commit",
        database=ground.database,
        unit="/s",
        measured=found["find"],
        limit=found["read"],
        limited_by="read by id, before its commit; the ratio is how much longer a find takes",
        ratio=slower,
        target="≤ 1.3 × read",
        met=slower.median <= 1.3,
        how="one thread; normalise, blind index, look-up, entry made",
    )
