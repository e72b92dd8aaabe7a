"""A file that was cut, turned, grown or moved in the database does not open."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest

from senim.conformance.stage import Person, Stage
from senim.errors import Code, Invalid, Tampered
from senim.testing import platform
from senim.vault.sealing import CHUNK
from senim.work import Work
from tests.unit.made import varied

POLICY = varied({"categories.identity.fields.passport": {"type": "document", "max": "1500000"}})
HEAD = b"%PDF-1.7 "
PURPOSES = {"profile.scan": "newsletter", "identity.passport": "orders"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with platform(POLICY) as made:
        yield made


@pytest.fixture
def person(stage: Stage) -> Person:
    return stage.person()


def put(stage: Stage, person: Person, content: bytes, field: str = "profile.scan") -> str:
    """Upload a file; its id."""

    def act(work: Work) -> str:
        documents, standing = stage.platform.documents, stage.platform.subjects.about(work, person.subject)
        made = documents.put(
            work, standing, field, media="application/pdf", content=io.BytesIO(content), purpose=PURPOSES[field]
        )
        return made.id

    made: str = stage.platform.run(stage.actor, act)
    return made


def read(stage: Stage, person: Person, document: str, purpose: str = "newsletter") -> bytes:
    """The content of a file, as somebody who may read it gets it."""

    def act(work: Work) -> bytes:
        standing = stage.platform.subjects.about(work, person.subject)
        _, chunks = stage.platform.documents.open(work, standing, document, purpose)
        return b"".join(chunks)

    content: bytes = stage.platform.run(stage.actor, act)
    return content


def meddle(stage: Stage, sql: str) -> None:
    """What somebody with the database in hand may do."""
    stage.platform.database.engine.execute(sql)


def content(size: int) -> bytes:
    return HEAD + os.urandom(size - len(HEAD))


@pytest.mark.parametrize("size", [len(HEAD), CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5])
def test_files_of_all_lengths_come_back_whole(stage: Stage, person: Person, size: int) -> None:
    """A file is kept to the last byte, at the edges of chunks too (tickets-9)."""
    file = content(size)
    assert read(stage, person, put(stage, person, file)) == file


def test_an_empty_file_is_refused(stage: Stage, person: Person) -> None:
    """No bytes are no document."""
    with pytest.raises(Invalid) as refused:
        put(stage, person, b"")
    assert refused.value.code is Code.MEDIA_TYPE_WRONG


@pytest.mark.parametrize(("size", "fits"), [(1_500_000, True), (1_500_001, False)])
def test_the_limit_of_the_field_is_exact(stage: Stage, person: Person, size: int, *, fits: bool) -> None:
    """A file as long as the policy allows comes in, one byte more does not, and leaves nothing behind."""
    if fits:
        assert put(stage, person, content(size), "identity.passport")
        return
    with pytest.raises(Invalid) as refused:
        put(stage, person, content(size), "identity.passport")
    assert refused.value.code is Code.BODY_TOO_LARGE
    found = stage.platform.run(
        stage.actor,
        lambda work: stage.platform.documents.list(work, stage.platform.subjects.about(work, person.subject)),
    )
    assert found == []


HERE = "document = x'{document}'"
SPOILED = {
    "its last chunk cut off": f"DELETE FROM sealed_chunk WHERE {HERE} AND n = 2",
    "cut off and the number mended": (
        f"DELETE FROM sealed_chunk WHERE {HERE} AND n = 2; "
        "UPDATE sealed_document SET chunks = 2 WHERE id = x'{document}'"
    ),
    "a chunk in the middle gone": f"DELETE FROM sealed_chunk WHERE {HERE} AND n = 1",
    "chunks in another order": (
        f"UPDATE sealed_chunk SET n = 9 WHERE {HERE} AND n = 0; UPDATE sealed_chunk SET n = 0 WHERE {HERE} AND n = 1; "
        f"UPDATE sealed_chunk SET n = 1 WHERE {HERE} AND n = 9"
    ),
    "a chunk more": (
        "INSERT INTO sealed_chunk (lane, subject, document, n, sealed) "
        f"SELECT lane, subject, document, 3, sealed FROM sealed_chunk WHERE {HERE} AND n = 2; "
        "UPDATE sealed_document SET chunks = 4 WHERE id = x'{document}'"
    ),
    "a bit turned": f"UPDATE sealed_chunk SET sealed = CAST(sealed || x'00' AS BLOB) WHERE {HERE} AND n = 1",
    "a chunk emptied": f"UPDATE sealed_chunk SET sealed = x'' WHERE {HERE} AND n = 1",
    "what is known of it spoiled": "UPDATE sealed_document SET meta = x'01' WHERE id = x'{document}'",
    "moved to a field that others read": ("UPDATE sealed_document SET field = 'profile.scan' WHERE id = x'{document}'"),
}


@pytest.mark.parametrize("sql", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_file_does_not_open(stage: Stage, sql: str) -> None:
    """Whoever has the database in hand can destroy a file, but neither shorten, grow, turn nor move it."""
    person = stage.person()
    document = put(stage, person, content(2 * CHUNK + 100), "identity.passport")
    for part in sql.format(document=document).split("; "):
        meddle(stage, part)
    purpose = "newsletter" if "profile.scan" in sql else "orders"
    with pytest.raises(Tampered) as refused:
        read(stage, person, document, purpose)
    assert refused.value.code is Code.SEAL_BROKEN


def test_a_chunk_of_another_file_does_not_open(stage: Stage, person: Person) -> None:
    """The same person's other file lends no chunk."""
    mine, other = put(stage, person, content(CHUNK)), put(stage, person, content(CHUNK))
    meddle(
        stage,
        f"UPDATE sealed_chunk SET sealed = (SELECT sealed FROM sealed_chunk WHERE document = x'{other}') "
        f"WHERE document = x'{mine}'",
    )
    with pytest.raises(Tampered):
        read(stage, person, mine)
    assert len(read(stage, person, other)) == CHUNK


def test_a_file_given_to_another_person_does_not_open(stage: Stage, person: Person) -> None:
    """A file belongs to one person: under another's name it is only noise."""
    other = stage.person()
    document = put(stage, person, content(100))
    lane = int(other.subject[-2:], 16) % 64
    for table in ("sealed_document", "sealed_chunk"):
        column = "id" if table == "sealed_document" else "document"
        meddle(
            stage,
            f"UPDATE {table} SET lane = {lane}, subject = x'{other.subject}' WHERE {column} = x'{document}'",
        )
    with pytest.raises(Tampered):
        read(stage, other, document)
