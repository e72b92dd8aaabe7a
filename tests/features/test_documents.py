"""Files: put, list, open."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from senim.app import Senim
from senim.conformance import cast
from senim.consent import Scope
from senim.errors import Code
from senim.identity import Actor, new_id
from senim.storage import Query, Unit, main_metadata, query
from senim.testing import FixedClock, Stage
from senim.vault import Document, store
from senim.vault.sealing import CHUNK
from tests.features import acting
from tests.features.acting import about, another, recorded, refused, senim_of, stranger, told_of

PDF = b"%PDF-1.7 a made-up paper "
FIELD = "profile.scan"


def receive(
    senim: Senim,
    subject: str,
    content: bytes = PDF,
    *,
    field: str = FIELD,
    media: str = "application/pdf",
    purpose: str = "newsletter",
) -> Document:
    """Take in a file of a person."""
    return about(
        senim,
        subject,
        lambda work, who: senim.collection.receive(
            work, who, field, media=media, content=io.BytesIO(content), purpose=purpose
        ),
    )


def content_of(senim: Senim, subject: str, document: str, *, actor: Actor | None = None) -> bytes:
    """A file's content."""
    return about(
        senim,
        subject,
        lambda work, who: b"".join(senim.documents.open(work, who, document, "newsletter")[1]),
        actor=actor,
    )


def listed(senim: Senim, subject: str, actor: Actor | None = None) -> list[Document]:
    """A person's files."""
    return about(senim, subject, senim_list(senim), actor=actor)


def senim_list(senim: Senim) -> acting.Act[list[Document]]:
    """The verb, with the person second as all verbs have it."""
    return senim.documents.list


def chunks(senim: Senim) -> int:
    """How many chunks of files the database holds."""
    counted: Query = query(select(func.count()).select_from(main_metadata.tables["sealed_chunk"]))
    return int(senim.database.read(counted)[0][0])


@pytest.mark.parametrize("size", [5, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_file_comes_back_as_it_was_given_and_every_look_is_in_the_log(
    stage: Stage, clock: FixedClock, size: int
) -> None:
    """A file of any length is sealed in chunks, opened through the gate in any process, and logged (foundation-6)."""
    senim, person = senim_of(stage), stage.person()
    content = (PDF * (size // len(PDF) + 1))[:size]
    stored = recorded(senim, partial(receive, senim, person.subject, content))
    assert [(one.act, one.categories, one.count) for one in stored] == [
        ("document.stored", (FIELD,), -(-size // CHUNK))
    ]
    (document,) = listed(senim, person.subject)
    assert (document.id, document.field, document.size, document.media) == (
        stored[0].ref, FIELD, size, "application/pdf",
    )  # fmt: skip
    with another(stage, clock) as second:
        assert content_of(second, person.subject, document.id) == content
    assert [one.act for one in told_of(senim, person.subject)][-2:] == ["document.listed", "document.read"]
    other = stage.person()
    refused(Code.NOT_FOUND, partial(content_of, senim, other.subject, document.id))


def test_what_is_no_such_file_is_refused_and_nothing_of_it_is_kept(stage: Stage) -> None:
    """Wrong types, empty files, fields that take no files, card numbers and words on health are refused."""
    senim, person = senim_of(stage), stage.person()
    cases: tuple[tuple[Code, dict[str, Any]], ...] = (
        (Code.MEDIA_TYPE_WRONG, {"content": b""}),
        (Code.MEDIA_TYPE_WRONG, {"content": b"MZ an old program"}),
        (Code.MEDIA_TYPE_WRONG, {"content": PDF, "media": "image/png"}),
        (Code.MEDIA_TYPE_WRONG, {"content": PDF, "media": "application/x-sh"}),
        (Code.CATEGORY_UNDECLARED, {"field": "profile.diploma"}),
        (Code.INVALID_VALUE, {"field": "contact.note"}),
        (Code.FIELD_NOT_NEEDED, {"purpose": "orders"}),
        (Code.PURPOSE_UNDECLARED, {"purpose": "profiling"}),
        (Code.CARD_NUMBER, {"content": PDF + cast.card(7).encode()}),
        (Code.SPECIAL_CATEGORY, {"content": PDF + b"disability of the second group"}),
    )
    for code, changed in cases:
        entries = recorded(senim, partial(receive, senim, person.subject, **changed), refusal=code)
        assert [(one.act, one.outcome) for one in entries] == [("document.stored", "refused")], changed
        assert code in entries[0].codes
    assert chunks(senim) == 0
    assert listed(senim, person.subject) == []


def test_a_file_longer_than_its_field_allows_is_refused_and_leaves_no_chunk(staged: acting.Staged, mini: bytes) -> None:
    """The limit of a field is kept; what was written before it was reached is removed."""
    limited = mini.replace(b"scan: document", b"scan: {type: document, max: 300000, media: [application/pdf]}")
    stage = staged(limited)
    senim, person = senim_of(stage), stage.person()
    refused(Code.BODY_TOO_LARGE, partial(receive, senim, person.subject, PDF.ljust(300_001)))
    assert chunks(senim) == 0
    assert receive(senim, person.subject, PDF.ljust(300_000)).chunks == 2
    refused(Code.MEDIA_TYPE_WRONG, partial(receive, senim, person.subject, b"\xff\xd8\xff", media="image/jpeg"))


def test_a_file_is_opened_only_by_who_sees_its_field_in_clear(staged: acting.Staged, mini: bytes) -> None:
    """A file cannot be shown masked: a role that does not see its field is refused it and is not told of it."""
    viewer = mini.replace(
        b"purposes: [orders]\n    operations: [extract, use]\n    sees: [identity]",
        b"purposes: [orders, newsletter]\n    operations: [extract, use]\n    sees: [identity]",
    )
    stage = staged(viewer)
    senim, person = senim_of(stage), stage.person()
    document = receive(senim, person.subject)
    desk, shop = senim.actor("desk"), senim.actor("shop")
    entries = recorded(
        senim, partial(content_of, senim, person.subject, document.id, actor=desk), refusal=Code.ROLE_NOT_ALLOWED
    )
    assert [(one.act, one.outcome) for one in entries] == [("document.read", "refused")]
    assert content_of(senim, person.subject, document.id, actor=shop) == PDF
    assert listed(senim, person.subject, desk) == []
    assert listed(senim, person.subject, shop) == [document]
    refused(Code.ROLE_NOT_ALLOWED, partial(listed, senim, person.subject, stranger("check")))


def test_a_file_ends_with_its_consent_its_person_and_its_seal(stage: Stage) -> None:
    """Withdrawn, blocked, erased or changed in the database: the file is not opened."""
    senim, person, other = senim_of(stage), stage.person(), stage.person()
    document, kept = receive(senim, person.subject), receive(senim, other.subject)
    acting.withdraw(senim, person.subject, Scope(purpose="newsletter"))
    refused(Code.CONSENT_WITHDRAWN, partial(content_of, senim, person.subject, document.id))
    acting.erase(senim, person.subject)
    refused(Code.SUBJECT_ERASED, partial(content_of, senim, person.subject, document.id))
    assert chunks(senim) == 1
    for wrong in ("0" * 32, "", "../../etc/passwd", kept.id.upper()):
        refused(Code.NOT_FOUND, partial(content_of, senim, other.subject, wrong))
    senim.database.engine.execute("DELETE FROM sealed_chunk")
    refused(Code.SEAL_BROKEN, partial(content_of, senim, other.subject, kept.id))


def test_a_block_stops_the_list_of_files_too(stage: Stage) -> None:
    """While a person is blocked or stopped only the responsible person sees which files there are (travel-43)."""
    senim, shop = senim_of(stage), senim_of(stage).actor("shop")
    for halt in (
        lambda work, who: senim.gate.block(work, who, reason="request-of-person"),
        lambda work, who: senim.gate.stop(work, who, "", reason="request-of-person"),
    ):
        person = stage.person()
        document = receive(senim, person.subject)
        about(senim, person.subject, halt)
        entries = recorded(senim, partial(listed, senim, person.subject, shop), refusal=Code.SUBJECT_BLOCKED)
        assert [(one.act, one.outcome) for one in entries] == [("document.listed", "refused")]
        assert listed(senim, person.subject) == [document]


def test_who_may_not_take_files_in_has_none_searched(stage: Stage) -> None:
    """A file is not even looked into before the gate allowed it."""
    senim, person = senim_of(stage), stage.person()
    content = io.BytesIO(PDF + cast.card(7).encode())
    take = partial(
        about,
        senim,
        person.subject,
        lambda work, who: senim.collection.receive(
            work, who, FIELD, media="application/pdf", content=content, purpose="newsletter"
        ),
        actor=stranger("check"),
    )
    refused(Code.ROLE_NOT_ALLOWED, take)
    assert content.tell() == 0


def test_uploads_that_were_cut_off_are_removed_after_an_hour(stage: Stage) -> None:
    """What a killed process left of a file goes with the next upkeep; what may still be coming stays."""
    senim, person = senim_of(stage), stage.person()
    whole = receive(senim, person.subject)
    old, young = "0" * 12 + whole.id[12:], new_id()
    for document in (old, young):
        unit = Unit()
        store.put_document(unit, person.subject, store.SealedDocument(document, "", False, 0, b""))
        store.add_chunk(unit, person.subject, document, 0, b"sealed")
        senim.database.commit(unit)
    assert chunks(senim) == 3
    senim.upkeep()
    assert chunks(senim) == 2
    assert {one.id for one in store.documents_of(senim.database, person.subject)} == {whole.id, young}
    assert content_of(senim, person.subject, whole.id) == PDF


def test_a_person_erased_while_a_file_comes_in_keeps_nothing_of_it(stage: Stage) -> None:
    """Chunks that are still being written when the person is erased are refused, and none stays."""
    senim, person = senim_of(stage), stage.person()

    class Slow(io.BytesIO):
        """Content after whose first chunk the person is erased."""

        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == CHUNK:
                acting.erase(senim, person.subject)
            return super().read(size)

    content = PDF.ljust(3 * CHUNK)
    put = partial(
        about,
        senim,
        person.subject,
        lambda work, who: senim.documents.put(
            work, who, FIELD, media="application/pdf", content=Slow(content), purpose="newsletter"
        ),
    )
    refused(Code.SUBJECT_ERASED, put)
    assert chunks(senim) == 0
