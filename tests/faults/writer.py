"""A process that works until it is killed: ``writer.py FOLDER MINUTES SEED``; says each act when it is acknowledged.

It runs as an operator's program does, through ``senim.open``, with several threads. ``MINUTES`` puts its clock ahead,
so that each round of a test comes after the one before.
"""

from __future__ import annotations

import random
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from senim.app import open_senim, throwaway
from senim.consent import Scope
from senim.errors import SenimError
from senim.runner import Runner
from senim.testing import Person, Stage
from senim.work import Work

THREADS = 4
_telling = threading.Lock()


def tell(*words: str) -> None:
    """A line, whole and at once."""
    with _telling:
        sys.stdout.write(" ".join(words) + "\n")
        sys.stdout.flush()


def _work(stage: Stage, chance: random.Random) -> None:
    """Take in, consent, withdraw, correct, erase; without end."""
    mine: list[Person] = []
    scope = Scope(purpose="newsletter")
    senim = stage.platform
    while True:
        choice = chance.random()
        if choice < 0.5 or not mine:
            mine.append(stage.person("registration"))
            tell("intake", mine[-1].subject)
            continue
        person = chance.choice(mine)
        if choice < 0.85:
            given = stage.consent(person, scope, given=chance.random() < 0.5)
            tell("consent", person.subject, given[0].event.id)
            continue
        mine.remove(person)

        def erase(work: Work, person: Person = person) -> None:
            senim.vault.erase(work, senim.subjects.about(work, person.subject), reason="request")

        senim.run(stage.actor, erase)
        tell("erase", person.subject)


def main(folder: Path, minutes: int, seed: int) -> None:
    """Open and work."""
    ahead = timedelta(minutes=minutes)
    senim = open_senim(folder, environment={}, now=lambda: datetime.now(UTC) + ahead)
    Runner(senim).start()

    def run(number: int) -> None:
        stage = Stage(senim, b"", throwaway)
        stage._number = seed * 10_000_000 + number * 1_000_000
        while True:
            try:
                _work(stage, random.Random(seed * 100 + number))
            except SenimError as refusal:
                tell("refused", refusal.code)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
