"""The whole story of an operator, proven by an outsider, and a raw scan of everything that it left behind.

People are told, consent, give data; it is read and asked for, refused, withdrawn, erased. Then the log is verified
live and from an export with the public key alone, and every file of the folder, of the database server, of the
temporary folder and everything printed is searched for the personal values that were used, in many ways of writing.
Values shorter than six characters ("KZ", "17") are everywhere by chance and are not looked for, nor is what the
published policy itself says (the operator's own number and address).
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from senim.app import Senim, open_senim
from senim.cli.folder import profile as source_of
from senim.conformance import cast
from senim.gate import Question
from senim.policy.taxonomy import FILES
from senim.policy.values import normalise
from senim.testing import Story, story
from tests.postgres import Server
from tests.promises.house import Told, run
from tests.promises.scanning import forms, scan
from tests.promises.test_board import LATER

PROFILES = ("travel", "airline", "tickets", "foundation", "shop")
PEOPLE = 60
ON_POSTGRES = 30
CARDS = 200


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL server of this file alone, whose files nobody else writes to."""
    started = Server()
    yield started
    started.stop()


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of this test alone."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def places(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> tuple[Path, Path, Path]:
    """Where the operator, the outsider and the scan will work; and everything that is logged is kept."""
    caplog.set_level(logging.DEBUG)
    folder, outside, work = (tmp_path / name for name in ("operator", "outside", "work"))
    outside.mkdir()
    work.mkdir()
    return folder, outside, work


def made_up(senim: Senim, people: int) -> set[str]:
    """Every value that the cast may have used for so many people and their refused forms, as given and as kept."""
    values = {"моя инвалидность", *(cast.card(number) for number in range(CARDS))}
    for reference, field in senim.policies.in_force(senim.works.clock.now()).fields.items():
        if field.type not in FILES:
            given = {cast.value(reference, field, number * 7919) for number in range(1, people + 1)}
            values |= given | {normalise(value, field) for value in given}
    return values


def told(*arguments: str | Path) -> Told:
    """What a command answers in JSON, whatever its exit code."""
    answer: Told = json.loads(run(*arguments, "--json").stdout)
    return answer


def make(folder: Path, profile: str, database: str = "") -> Senim:
    """An operator with a published policy, open."""
    assert run("init", folder, "--profile", profile, "--database", database).exit_code == 0
    assert run("policy", "publish", "-C", folder).exit_code == 0
    return open_senim(folder, environment={})


def echo(what: str, number: int) -> None:
    """Say a step of the story, as the demo does."""
    click.echo(f"{number} {what}")


def happened(senim: Senim, done: Story) -> None:
    """The story was told to its end, and the log counts what happened."""
    assert done.report is not None
    assert done.report.ok
    for step in ("refused intakes", "reads", "refused reads", "allowed", "refused", "withdrawn", "erased"):
        assert done.counts[step] > 0, step
    tallies = {(one.act, one.detail): one.count for one in senim.log.tallies()}
    assert tallies["data.collected", "done"] >= len(done.people)
    assert tallies["data.collected", "refused"] == done.counts["refused intakes"]
    assert tallies["check.allowed", "allowed"] == done.counts["allowed"]
    assert tallies["check.refused", "refused"] == done.counts["refused"]
    assert tallies["data.read", "done"] == done.counts["reads"]
    assert tallies["subject.erased", "done"] == done.counts["erased"]
    erased = done.people[0]
    purpose = next(iter(senim.policies.in_force(senim.works.clock.now()).policy.purposes))
    gone = senim.gate.check(senim.actor(), Question("use", purpose, erased.subject))
    assert {reason.code for reason in gone.reasons} == {"subject_erased"}


def proven(folder: Path, outside: Path, profile: str) -> None:
    """Verified live, verified from an export by somebody who has the public key alone, and on the board."""
    live = told("verify", "-C", folder)
    assert live["ok"]
    assert live["problems"] == []
    key = run("log", "key", "-C", folder).stdout.strip()
    assert run("log", "export", outside / "log", "-C", folder).exit_code == 0
    program = [sys.executable, "-m", "senim", "verify", "log", "--key", key, "--json"]
    copy = subprocess.run(program, cwd=outside, capture_output=True, check=True)
    assert json.loads(copy.stdout)["root"] == told("verify", "-C", folder)["root"]
    board = told("conformance", "-C", folder)
    later = {ident for ident, _ in LATER}
    assert {one["id"] for one in board["clauses"]} >= {one for one in later if one.startswith(f"{profile}-")}
    assert not [one["id"] for one in board["clauses"] if one["id"] in later and one["status"] != "cannot_tell"]
    assert not [one["id"] for one in board["clauses"] if one["status"] == "broken"]


def nothing_in_clear(places: list[Path], wanted: set[bytes], work: Path, *, sample: bytes) -> None:
    """No form of a value is in any file; and the scan would have found one."""
    assert len(wanted) > 1000
    assert scan(places, wanted, work) == []
    planted = work / "planted"
    planted.write_bytes(b"\x00\x01" + sample)
    assert scan([planted], wanted, work)
    planted.unlink()


def printed(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, work: Path) -> Path:
    """Everything that was printed and logged so far, as a file."""
    out, err = capfd.readouterr()
    file = work / "printed"
    file.write_text(f"{out}\n{err}\n{caplog.text}", encoding="utf-8")
    return file


@pytest.mark.parametrize("profile", PROFILES)
def test_the_whole_story_on_sqlite(
    profile: str,
    tmp_path: Path,
    temp: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Told, agreed, sealed, used as promised, withdrawn, erased, proven: travel-25, airline-10, tickets-23, shop-11."""
    folder, outside, work = places(tmp_path, caplog)
    with make(folder, profile) as senim:
        done = story(senim, source_of(profile), PEOPLE, echo)
        happened(senim, done)
        public = (folder / "policy.yaml").read_text(encoding="utf-8")
        wanted = forms(done.values | made_up(senim, PEOPLE * 3), public=public)
        sample = max(done.values, key=len).encode()
        open_files = [path for path in folder.rglob("*") if path.is_file() and path.name != "policy.yaml"]
        assert {"senim.db", "senim.db-wal", "senim.db-shm", "keys.db", "keys.db-wal", "senim.toml"} <= {
            path.name for path in open_files
        }
        nothing_in_clear(open_files, wanted, work, sample=sample)
    proven(folder, outside, profile)
    said = printed(capfd, caplog, outside)
    assert f"{done.counts['erased']} erased" in said.read_text(encoding="utf-8")
    closed_files = [path for path in folder.rglob("*") if path.is_file() and path.name != "policy.yaml"]
    nothing_in_clear([*closed_files, temp, outside], wanted, work, sample=sample)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_whole_story_on_postgresql(
    profile: str,
    server: Server,
    tmp_path: Path,
    temp: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The same on PostgreSQL, its own files and write-ahead log included: travel-25, travel-47, foundation-25."""
    folder, outside, work = places(tmp_path, caplog)
    server.execute(f"CREATE DATABASE {profile}")
    with make(folder, profile, server.url(profile)) as senim:
        done = story(senim, source_of(profile), ON_POSTGRES)
        happened(senim, done)
        wanted = forms(
            done.values | made_up(senim, ON_POSTGRES * 3), public=(folder / "policy.yaml").read_text(encoding="utf-8")
        )
        server.execute("CHECKPOINT")
        sample = max(done.values, key=len).encode()
        assert not (folder / "senim.db").exists()
        nothing_in_clear([server.data], wanted, work, sample=sample)
    proven(folder, outside, profile)
    server.execute("CHECKPOINT")
    printed(capfd, caplog, outside)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "policy.yaml"]
    nothing_in_clear([server.data, temp, outside, *files], wanted, work, sample=sample)


def test_the_demo_runs_a_thousand_people_through(tmp_path: Path, temp: Path) -> None:
    """The demo fills an example operator, keeps its promises and leaves nothing in clear: tickets-23."""
    folder, work = tmp_path / "demo", tmp_path / "work"
    work.mkdir()
    program = [sys.executable, "-m", "senim", "demo", "--no-serve", "--dir", str(folder)]
    environment = {**os.environ, "TMPDIR": str(temp), "PYTHONIOENCODING": "utf-8", "SENIM_LANGUAGE": "en"}
    ran = subprocess.run(program, capture_output=True, check=False, env=environment)
    said = ran.stdout.decode()
    assert (ran.returncode, ran.stderr.decode()) == (0, "")
    assert "1,000  taken in after the notice, with consent" in said
    board = {line.split()[1]: line[0] for line in said.splitlines() if line[:1] in "✓✗?" and "tickets-" in line}
    assert len(board) == 25
    assert "✗" not in board.values()
    assert board["tickets-1"] == board["tickets-5"] == "✓"
    assert all(board[ident] == "?" for ident, _ in LATER if ident.startswith("tickets-"))
    assert told("verify", "-C", folder)["ok"]
    (work / "said").write_bytes(ran.stdout)
    with open_senim(folder, environment={}) as senim:
        known, erased = senim.subjects.count(senim.database)
        assert (known >= 1000, erased) == (True, 100)
        values = made_up(senim, 1200)
    wanted = forms(values, public=(folder / "policy.yaml").read_text(encoding="utf-8"))
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "policy.yaml"]
    sample = cast.phone(7919).encode()
    assert list(temp.iterdir()) == [], "the drills' platforms are gone"
    nothing_in_clear([*files, work / "said"], wanted, work, sample=sample)
