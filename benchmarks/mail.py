"""(i) Requests by mail: letters a second, from the socket's other side to the open request and its acknowledgement."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

from benchmarks.figures import Figure, Spread
from benchmarks.ground import Ground
from senim.app import Senim, throwaway
from senim.cli.folder import profile

LETTERS, WARM = 400, 40
TARGET = 50
THREADS = 8

_SUBJECTS = (
    "Отзыв согласия на обработку персональных данных",
    "Дербес деректерді өңдеуге келісімді кері қайтарып алу",
    "Question about my data",
)
_TEXTS = (
    "Я, Серікова Әлия Қасымқызы, отзываю согласие на обработку моих персональных данных.",
    "Мен, Серікова Әлия Қасымқызы, дербес деректерімді өңдеуге берген келісімімді кері қайтарып аламын.",
    "Please send me a copy of all personal data that you hold about me. Alia Serikova",
)


def measure(ground: Ground) -> Iterator[Figure]:
    """Letters that ask for something, each from another sender, each opening a request."""
    with throwaway(profile("airline")) as senim:
        _through(senim, 0, WARM)
        samples = tuple(_through(senim, WARM + run * LETTERS, LETTERS) for run in range(ground.size.repetitions))
    found = Spread(samples)
    yield Figure(
        part="i",
        what="letters that open a request",
        database="sqlite",
        unit="/s",
        measured=found,
        target=f"≥ {TARGET}",
        met=found.median >= TARGET,
        how=f"sealed and durable by {THREADS} threads, then read, understood in three languages, opened, acknowledged",
    )


def _through(senim: Senim, first: int, count: int) -> float:
    """Take so many letters in and work them off; how many a second."""
    letters = [_letter(number) for number in range(first, first + count)]
    before = sum(1 for _ in senim.rights.everything(senim.database))
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda letter: senim.inbox.receive(letter, source="smtp"), letters))
    while senim.orders.run_due("letter"):
        pass
    seconds = time.perf_counter() - started
    after = sum(1 for _ in senim.rights.everything(senim.database))
    if after - before < count:
        raise AssertionError(f"{count} letters opened {after - before} requests")
    return count / seconds


def _letter(number: int) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"A <p{number}@people.example>", "data@operator.example"
    mail["Subject"], mail["Message-ID"] = _SUBJECTS[number % 3], f"<{number}@people.example>"
    mail["Date"] = "Sun, 22 Nov 2026 09:00:00 +0000"
    mail.set_content(_TEXTS[number % 3])
    return mail.as_bytes()
