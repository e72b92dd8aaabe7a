"""Files that were damaged: told with a code, never guessed at, never made anew; no wrong value is ever read."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from senim.app import Senim, make_folder, open_senim, throwaway
from senim.consent import Evidence, Scope
from senim.errors import Code, SenimError, Unavailable
from senim.gate import Question
from senim.storage import open_database
from senim.testing import FixedClock, Person, Stage
from tests.faults.conftest import Command
from tests.faults.scene import halves

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda content: content[: len(content) // 2],
    "cut within a page": lambda content: content[: len(content) - 13_288],
    "not a database": lambda content: b"this is a text file\n" * 500,
    "another header": lambda content: b"\x00" * 100 + content[100:],
    "pages of noise": lambda content: content[:8192] + random.Random(7).randbytes(len(content) - 8192),
    "zeros in the middle": lambda content: content[:4096] + bytes(len(content) - 8192) + content[-4096:],
}
_TOLD = ("storage_corrupt", "log_broken", "seal_broken", "key_file_wrong", "storage_failed")


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("file", ["senim.db", "keys.db"])
def test_a_damaged_database_ends_with_a_code(damage: str, file: str, operator: Path, command: Command) -> None:
    """Exit code 1, a stable code and what to do; the right file in its place works again."""
    path = operator / file
    good = path.read_bytes()
    path.write_bytes(DAMAGE[damage](good))
    codes = []
    for ask in (("verify",), ("keys", "check"), ("log", "show", "--from", "0"), ("conformance",)):
        ran = command(*ask, "-C", operator)
        assert ran.code in (0, 1)
        assert "internal error" not in ran.err
        codes.append(ran.err.partition(":")[0] if ran.code else "")
    assert set(codes) <= {"", *_TOLD}, codes
    assert "storage_corrupt" in codes
    for rest in operator.glob(f"{file}-*"):
        rest.unlink()
    path.write_bytes(good)
    assert command("verify", "-C", operator).code == 0


@pytest.mark.parametrize(("file", "code"), [("senim.db", "storage_unreachable"), ("keys.db", "key_store_missing")])
@pytest.mark.parametrize("how", ["gone", "zero length", "an empty database"])
def test_a_lost_database_is_never_silently_made_new(
    file: str, code: str, how: str, operator: Path, command: Command
) -> None:
    """What was in use and is empty now is lost: it is told, and nothing is written in its place."""
    path = operator / file
    kept = path.read_bytes()
    path.unlink()
    if how == "zero length":
        path.touch()
    elif how == "an empty database":
        sqlite3.connect(path).execute("PRAGMA user_version = 7").close()
    for ask in (("verify",), ("policy", "publish"), ("access", "list"), ("serve",), ("keys", "rotate")):
        ran = command(*ask, "-C", operator)
        assert (ran.code, ran.err.partition(":")[0]) == (1, code), (ask, ran.err)
    assert path.exists() is (how != "gone")
    if path.exists():
        with sqlite3.connect(path) as there:
            assert there.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        there.close()
    path.write_bytes(kept)
    for rest in operator.glob(f"{file}-*"):
        rest.unlink()
    with open_senim(operator, environment={}) as senim:
        assert halves(senim) == []


def test_an_empty_postgresql_in_the_place_of_the_data_is_told(postgres: Any, operator: Path) -> None:
    """The wrong database name in the settings makes no second log beside the first."""
    postgres.execute("CREATE DATABASE nothing_in_here")
    url = postgres.url("nothing_in_here")
    with pytest.raises(Unavailable) as refusal:
        open_senim(operator, environment={"SENIM_DATABASE": url})
    assert refusal.value.code is Code.STORAGE_UNREACHABLE
    keys = open_database("sqlite:///keys.db", operator)
    open_database(url, operator, keys=keys, create=True).close()
    keys.close()


def _verbs(senim: Senim, people: list[Person]) -> Iterator[Callable[[], Any]]:
    """What an operator does with its people, and with its log."""
    actor = senim.actor()
    for person in people:
        subject = person.subject
        yield partial(senim.gate.check, actor, Question("extract", "orders", subject))
        yield partial(senim.consents.history, subject)
        yield partial(_read, senim, person)
    mail = people[0].values["contact.email"]
    yield lambda: senim.run(actor, lambda work: senim.vault.find(work, "email", mail))
    yield lambda: Stage(senim, b"", throwaway).person()
    yield lambda: _consent(senim, people[1])
    yield lambda: senim.run(
        actor, lambda work: senim.vault.erase(work, senim.subjects.about(work, people[2].subject), reason="request")
    )
    yield senim.tick
    yield lambda: list(senim.log.entries())
    yield senim.log.verify
    yield senim.conformance.board
    yield lambda: senim.log.export(senim.folder / "copy")
    yield lambda: senim.access.all(senim.works.begin(actor))


def _read(senim: Senim, person: Person) -> None:
    """Read a person; whatever is told is what was given."""
    told = senim.run(
        senim.actor(), lambda work: senim.vault.read(work, senim.subjects.about(work, person.subject), "orders")
    )
    for name, kept in told.values.items():
        assert name in told.masked or kept.value == person.values[name]


def _consent(senim: Senim, person: Person) -> None:
    def act(work: Any) -> None:
        standing = senim.subjects.about(work, person.subject)
        senim.consents.withdraw(work, standing, Scope(purpose="newsletter"), evidence=Evidence(surface="account"))

    senim.run(senim.actor(), act)


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory, mini: bytes) -> tuple[Path, list[Person]]:
    """An operator's folder with four people; to be copied."""
    folder = tmp_path_factory.mktemp("peopled") / "operator"
    make_folder(folder, mini, origin="mini.example/log")
    with open_senim(folder, environment={}, now=FixedClock()) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
        stage = Stage(senim, mini, throwaway)
        people = [stage.person() for _ in range(4)]
    return folder, people


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bits_never_tell_a_wrong_value_nor_break_with_anything_but_a_code(
    seed: int, peopled: tuple[Path, list[Person]], tmp_path: Path
) -> None:
    """Bits flipped anywhere in either database: every verb answers rightly or refuses with a code."""
    source, people = peopled
    for number in range(12):
        chance = random.Random(seed * 1000 + number)
        folder = tmp_path / str(number)
        shutil.copytree(source, folder)
        path = folder / chance.choice(["senim.db", "senim.db", "keys.db"])
        content = bytearray(path.read_bytes())
        for _ in range(chance.choice([1, 4, 20])):
            content[chance.randrange(100, len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        with suppress(SenimError):
            senim = open_senim(folder, environment={}, now=FixedClock())
            for verb in _verbs(senim, people):
                with suppress(SenimError):
                    verb()
            with suppress(SenimError):
                senim.close()


def test_a_flipped_bit_in_a_sealed_value_is_told_by_its_reading(operator: Path, command: Command) -> None:
    """A value that was changed does not open; nothing of it is told."""
    with sqlite3.connect(operator / "senim.db") as main:
        subject, sealed = main.execute(
            "SELECT subject, sealed FROM sealed_value WHERE category = 'identity'"
        ).fetchone()
        changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        main.execute("UPDATE sealed_value SET sealed = ? WHERE subject = ? AND sealed = ?", (changed, subject, sealed))
    main.close()
    ran = command("subjects", "read", subject.hex(), "orders", "-C", operator, "--json")
    assert (ran.code, ran.err.partition(":")[0], ran.out) == (1, "seal_broken", "")


def test_a_changed_entry_is_found_and_the_system_says_where(operator: Path, command: Command) -> None:
    """``verify`` locates the entry; nothing else stops working because of it."""
    with sqlite3.connect(operator / "senim.db") as main:
        lane, n, leaves = main.execute("SELECT lane, n, leaves FROM log_bundle").fetchone()
        changed = leaves.replace(b'"outcome":"done"', b'"outcome":"xone"', 1)
        main.execute("UPDATE log_bundle SET leaves = ? WHERE lane = ? AND n = ?", (changed, lane, n))
    main.close()
    ran = command("verify", "-C", operator, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["ok"]) == (1, False)
    assert [(problem["kind"], problem["index"]) for problem in told["problems"]] == [("changed", 0)]
    shown = command("log", "show", "--from", "0", "-C", operator)
    assert (shown.code, shown.err.partition(":")[0]) == (1, "log_broken")
    assert command("policy", "show", "-C", operator).code == 0
