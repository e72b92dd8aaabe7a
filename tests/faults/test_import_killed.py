"""kill -9 of an import at any moment, on both databases: the same command goes on; nobody comes twice or is lost."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from senim.app import make_folder, open_senim
from senim.collection import store
from senim.conformance import cast
from senim.storage import open_database, query
from tests.faults.disk import ENVIRONMENT
from tests.faults.scene import halves
from tests.postgres import Server

PEOPLE = 400
EVERY = 25
"""Every so-manieth line is one that is refused."""

KILLS = (1, 90, 230)
"""At which line at the earliest the import is killed, one round after the other."""

_LINES = query(select(store.files.c.next_line))


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A PostgreSQL server of these tests' own."""
    server = Server(durable=True)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database that survives a power cut, on SQLite and on PostgreSQL in turn."""
    if request.param == "sqlite":
        return "sqlite:///senim.db"
    server: Server = request.getfixturevalue("own_server")
    server.execute("CREATE DATABASE imported")
    return server.url("imported")


@dataclass(frozen=True, slots=True)
class Desk:
    """An operator's folder and a file of people to take in."""

    folder: Path
    database: str
    file: Path

    def start(self) -> subprocess.Popen[str]:
        """Begin or go on with the import, as a process."""
        how = ["--point", "registration", "--consent", "orders", "--json", "-C", str(self.folder)]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.importer", "intake", "import", str(self.file), *how],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**ENVIRONMENT, "SENIM_LANGUAGE": "en"},
            start_new_session=True,
        )

    def kill_from(self, line: int) -> int:
        """Start the import and kill it when it is at a line or beyond; where it is then."""
        process = self.start()
        keys = open_database("sqlite:///keys.db", self.folder)
        looked = open_database(self.database, self.folder, keys=keys)
        try:
            while not any(row[0] > line for row in looked.read(_LINES)):
                assert process.poll() is None, process.communicate()
                time.sleep(0.002)  # another process is waited for: there is no clock to move
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=60)
            assert process.returncode == -signal.SIGKILL
            return int(looked.read(_LINES)[0][0])
        finally:
            looked.close()
            keys.close()


@pytest.fixture
def desk(database: str, tmp_path: Path, mini: bytes) -> Desk:
    """A desk with a file of which some lines must be refused."""
    folder, file = tmp_path / "operator", tmp_path / "people.csv"
    make_folder(folder, mini, database=database, origin="mini.example/log")
    with open_senim(folder, environment={}) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("identity.family", "identity.given", "contact.email", "contact.phone"))
        for number in range(1, PEOPLE + 1):
            mail = "no address" if number % EVERY == 0 else f"person.{number}@people.example"
            rows.writerow((cast.family(number), cast.given(number), mail, cast.phone(number)))
    return Desk(folder, database, file)


def test_a_killed_import_goes_on_where_it_was_cut(desk: Desk) -> None:
    """Killed three times and run to its end: each good line is one person, each bad line is in the report once."""
    places = [desk.kill_from(line) for line in KILLS]
    assert places == sorted(set(places)), "each run went on behind the one before"
    assert places[-1] < PEOPLE, "the last kill came before the end"
    process = desk.start()
    told, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert f"Going on with line {places[-1]}." in errors
    bad = [number + 1 for number in range(EVERY, PEOPLE + 1, EVERY)]
    assert f'"taken": {PEOPLE - len(bad)}' in told
    refused = desk.file.with_name("people.csv.refused.csv").read_text(encoding="utf-8").splitlines()
    assert refused == ["line,code,field", *(f"{line},invalid_value,contact.email" for line in bad)]
    again = desk.start()
    _, errors = again.communicate(timeout=60)
    assert again.returncode == 1
    assert errors.startswith("import_done: ")
    ahead = timedelta(minutes=1)  # the killed process's lease on sealing is over
    with open_senim(desk.folder, environment={}, now=lambda: datetime.now(UTC) + ahead) as senim:
        assert senim.subjects.count(senim.database)[0] == PEOPLE - len(bad)
        actor = senim.actor()
        for number in (one for one in range(1, PEOPLE + 1) if one % EVERY):
            find = partial(senim.vault.find, kind="email", value=f"person.{number}@people.example")
            assert senim.run(actor, find), "and one who came twice would be several_found"
        assert halves(senim) == []
