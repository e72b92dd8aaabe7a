"""Old data survives: what the first version of the tables kept is read, bound, verified and erased by this one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from senim.app import Senim, open_senim
from senim.audit.checkpoint import LogVerifier
from senim.errors import Code
from senim.identity import SubjectId
from senim.storage import open_database
from senim.storage.migrate import numbered
from senim.testing import FixedClock
from tests.features import acting
from tests.features.acting import ask, codes, find, refused
from tests.migrations.first import EMAIL, PAPER, TASTES, First, first, operator, put_rows, rows_of
from tests.postgres import Server

_number = itertools.count()


@pytest.fixture(scope="module")
def kept() -> First:
    """What version 1 kept."""
    return first()


@pytest.fixture
def empty_url(database_url: str, request: pytest.FixtureRequest) -> str:
    """The address of a database without a table, on the database of this test."""
    if database_url.startswith("sqlite"):
        return database_url
    server: Server = request.getfixturevalue("postgres")
    name = f"first_{os.getpid()}_{next(_number)}"
    server.execute(f"CREATE DATABASE {name}")
    return server.url(name)


@pytest.fixture
def folder(tmp_path: Path, empty_url: str, kept: First, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's folder as version 1 left it, on SQLite and PostgreSQL in turn."""
    folder = tmp_path / "operator"
    with monkeypatch.context() as patched:
        patched.setattr("senim.storage.migrate.numbered", lambda kind: numbered(kind)[:1])
        operator(folder, empty_url)
        keys = open_database("sqlite:///keys.db", folder)
        main = open_database(empty_url, folder, keys=keys)
        for database, rows in ((keys, kept.keys), (main, kept.main)):
            put_rows(database, rows)
            assert rows_of(database) == rows
            database.close()
    return folder


@pytest.fixture
def senim(folder: Path) -> Iterator[Senim]:
    """That folder opened by this version."""
    with open_senim(folder, environment={}, now=FixedClock(FixedClock().moment.replace(day=24))) as opened:
        yield opened


def test_values_files_and_identifiers_of_the_first_version_are_read(senim: Senim, kept: First) -> None:
    """A person who came under the first version is found, read and decided on as before."""
    assert find(senim, "email", EMAIL.upper()) == kept.reader
    assert acting.read(senim, kept.reader).values["contact.email"].value == EMAIL
    assert acting.read(senim, kept.reader, "newsletter").values["profile.tastes"].value == TASTES
    content = acting.about(
        senim,
        kept.reader,
        lambda work, who: b"".join(senim.documents.open(work, who, kept.document, "newsletter")[1]),
    )
    assert content == PAPER
    assert ask(senim, "use", "newsletter", kept.reader, channel="email")
    event = senim.consents.history(SubjectId(kept.reader))[0][0]
    _, _, shown = senim.run(senim.actor(), lambda work: senim.consents.prove(work, SubjectId(kept.reader), event.id))
    assert shown.startswith("heading:")


def test_what_bound_under_the_first_version_binds_still(senim: Senim, kept: First) -> None:
    """A withdrawal, a block and an erasure of before are not lost by an upgrade."""
    assert codes(ask(senim, "use", "newsletter", kept.leaver, channel="email")) == {
        Code.CONSENT_WITHDRAWN, Code.SUBJECT_BLOCKED,
    }  # fmt: skip
    refused(Code.SUBJECT_ERASED, partial(acting.read, senim, kept.erased))
    assert senim.subjects.count(senim.database) == (3, 1)
    assert senim.persons.counts() == {"kek-1": 2}


def test_the_log_of_the_first_version_goes_on(senim: Senim, kept: First) -> None:
    """The old entries lead to the old root, an anchor of before still fits, and new entries follow."""
    report = senim.log.verify(anchors=(kept.anchor,))
    assert (report.ok, report.size) == (True, kept.size + 1)
    assert LogVerifier(senim.log.vkey).open(kept.anchor).root.hex() == kept.root
    acting.read(senim, kept.reader)
    assert senim.tick() == 1
    assert senim.log.verify(anchors=(kept.anchor,)).ok


def test_keys_answers_and_drills_of_the_first_version_are_known(senim: Senim, kept: First) -> None:
    """The operator's systems sign in with their keys, a repeated request is told its answer, the board its evidence."""
    promises = senim.policies.in_force(senim.works.clock.now())
    assert promises.version == 1
    assert senim.access.actor(promises, kept.token).role == "shop"
    assert senim.works.run_once(senim.actor(), "first", b"request", lambda work: b"other") == (b"answer", True)
    assert {clause.status for clause in senim.conformance.board().clauses} == {"kept"}


def test_a_person_of_the_first_version_is_erased_without_a_trace(senim: Senim, kept: First) -> None:
    """Rows, key and identifiers of before are destroyed like those of today."""
    erasure = acting.erase(senim, kept.reader)
    assert (erasure.values, erasure.documents) == (4, 1)
    refused(Code.NOT_FOUND, partial(find, senim, "email", EMAIL))
    left = rows_of(senim.database)
    assert left["sealed_chunk"] == left["sealed_document"] == []
    assert len(left["sealed_value"]) == 4, "those of the one who stays"
