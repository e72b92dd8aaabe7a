"""Files: sealed in chunks as they come, opened in chunks as they go, never whole in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from senim.errors import Code, Invalid, NotAllowed, NotFound, SenimError, Tampered
from senim.gate import Gate, Question
from senim.identity import SubjectId, is_id, new_id
from senim.policy import Policies
from senim.policy.promises import Promises
from senim.policy.records import Field
from senim.policy.taxonomy import FILES, Operation
from senim.storage import Database, Unit
from senim.subjects import Standing, Subjects
from senim.vault import store
from senim.vault.persons import PersonKeys
from senim.vault.records import Document, DocumentMeta
from senim.vault.rules import check_blocked, sees, visible
from senim.vault.sealing import CHUNK, bound_chunk, bound_to, seal, unseal
from senim.work import Work, Works

_decode = msgspec.json.Decoder(DocumentMeta).decode
MOST_BYTES = 20 * 1024 * 1024
"""Largest file where the policy says nothing else."""

_PATIENCE = 3600
"""Seconds after which nobody is still sending a file."""

MAGIC: dict[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
    "image/heic": (b"\x00\x00\x00",),
    "application/pkcs7-mime": (b"\x30",),
}
"""How files of these media types begin. What does not begin so is not what it says it is."""


@dataclass(slots=True)
class _Upload:
    document: str
    size: int = 0
    chunks: int = 0


class Documents:
    """Sealed files of people."""

    def __init__(self, works: Works, policies: Policies, subjects: Subjects, gate: Gate, persons: PersonKeys) -> None:
        self._works = works
        self._policies = policies
        self._subjects = subjects
        self._gate = gate
        self._persons = persons
        self._settle_at = 0.0

    def put(
        self, work: Work, standing: Standing, reference: str, *, media: str, content: BinaryIO, purpose: str
    ) -> Document:
        """Seal a file into a field. Chunks are written as they come; the file is there when the act is committed.

        Raises Invalid (invalid_value, media_type_wrong, body_too_large), NotPromised, NotAllowed.
        """
        promises = self._policies.in_force(work.now)
        told = promises.told(subject=standing.subject, operation="collect", purpose=purpose, categories=(reference,))
        work.attempt("document.stored", told)
        field = self.admit(work, standing, reference, media=media, purpose=purpose)
        key = self._persons.open(work, standing.subject)
        upload = self._write(key, standing, content, field.max or MOST_BYTES, media)
        meta = msgspec.json.encode(DocumentMeta(media, upload.size, work.at))
        bound = bound_to(bytes.fromhex(standing.subject), f"{upload.document} {reference}", upload.chunks)
        row = store.SealedDocument(upload.document, reference, True, upload.chunks, seal(key, meta, bound))
        store.put_document(work.unit, standing.subject, row)
        work.record("document.stored", told, ref=upload.document, count=upload.chunks)
        return Document(
            id=upload.document, field=reference, media=media, size=upload.size, at=work.at, chunks=upload.chunks
        )

    def admit(self, work: Work, standing: Standing, reference: str, *, media: str, purpose: str) -> Field:
        """The field that a file may come into, if it may at all. Raises as :meth:`put` does."""
        work.need("intake")
        field = self._declared(self._policies.in_force(work.now), reference, media)
        self._gate.require(work, Question(Operation.COLLECT, purpose, standing.subject, (reference,)), standing)
        return field

    @staticmethod
    def _declared(promises: Promises, reference: str, media: str) -> Field:
        field = promises.fields.get(reference)
        if field is None:
            raise Invalid.because(promises.reason(Code.CATEGORY_UNDECLARED, reference))
        if field.type not in FILES:
            raise Invalid(Code.INVALID_VALUE, reference)
        if media not in (field.media or MAGIC):
            raise Invalid(Code.MEDIA_TYPE_WRONG, reference)
        return field

    def _write(self, key: AESGCM, standing: Standing, content: BinaryIO, most: int, media: str) -> _Upload:
        """Seal and store chunk by chunk, each guarded by the person's standing."""
        upload = _Upload(new_id())
        subject, ident = bytes.fromhex(standing.subject), bytes.fromhex(upload.document)
        unfinished = store.SealedDocument(upload.document, "", False, 0, b"")
        chunk = content.read(CHUNK)
        if not chunk or not chunk.startswith(MAGIC.get(media, (b"",))):
            raise Invalid(Code.MEDIA_TYPE_WRONG, "content")
        try:
            while chunk:
                upload.size += len(chunk)
                if upload.size > most:
                    raise Invalid(Code.BODY_TOO_LARGE, "content")
                following = content.read(CHUNK)
                sealed = seal(key, chunk, bound_chunk(subject, ident, upload.chunks, not following))
                unit = Unit()
                self._subjects.watch(unit, standing)
                store.put_document(unit, standing.subject, unfinished)
                store.add_chunk(unit, standing.subject, upload.document, upload.chunks, sealed)
                self._works.database.commit(unit)
                upload.chunks += 1
                chunk = following
        except BaseException:
            self._drop(standing.subject, upload.document)
            raise
        return upload

    def settle(self) -> None:
        """Remove what came of files an hour ago and never became whole: the process was killed, or decided anew."""
        if time.monotonic() < self._settle_at:  # all files are looked at: not more often than there may be something
            return
        self._settle_at = time.monotonic() + _PATIENCE
        for subject, document in store.unfinished(self._works.database, before=time.time() - _PATIENCE):
            self._drop(subject, document)

    def _drop(self, subject: SubjectId, document: str) -> None:
        """Remove what came of a file that will not be whole; :meth:`settle` removes what a dead disk kept of it."""
        unit = Unit()
        store.drop_document(unit, subject, document)
        with suppress(SenimError):
            self._works.database.commit(unit)

    def of(self, database: Database, work: Work, standing: Standing) -> list[Document]:
        """A person's files, without their content."""
        rows = [row for row in store.documents_of(database, standing.subject) if row.complete]
        return [self._document(work, standing, row) for row in rows]

    def kept(self, database: Database, subject: SubjectId, document_id: str) -> bool:
        """Whether a file is kept of a person; for checks, tells nobody."""
        return is_id(subject) and is_id(document_id) and store.has_document(database, subject, document_id)

    def list(self, work: Work, standing: Standing) -> list[Document]:
        """A person's files, for who may read: those that this actor could open.

        Raises NotPromised for a person who is blocked or stopped, but for the responsible person, who may look.
        """
        work.attempt("document.listed", subject=standing.subject)
        work.need("read")
        promises, actor, marks = self._policies.in_force(work.now), work.actor, standing.marks
        check_blocked(promises, actor, marks.block or "" in marks.stops)
        work.record("document.listed", subject=standing.subject)
        everything = self.of(work.database, work, standing)
        return [one for one in everything if visible(promises, actor, one.field) and sees(promises, actor, one.field)]

    def _document(self, work: Work, standing: Standing, row: store.SealedDocument) -> Document:
        key = self._persons.open(work, standing.subject)
        bound = bound_to(bytes.fromhex(standing.subject), f"{row.id} {row.field}", row.chunks)
        meta = _decode(unseal(key, row.meta, bound))
        return Document(id=row.id, field=row.field, media=meta.media, size=meta.size, at=meta.at, chunks=row.chunks)

    def open(self, work: Work, standing: Standing, document_id: str, purpose: str) -> tuple[Document, Iterator[bytes]]:
        """A file and its content, chunk by chunk; in the log before the first byte is told.

        Raises NotFound, NotPromised, NotAllowed; while reading Tampered (seal_broken).
        """
        rows = {row.id: row for row in store.documents_of(work.database, standing.subject) if row.complete}
        row = rows.get(document_id) if is_id(document_id) else None
        promises = self._policies.in_force(work.now)
        categories = (row.field,) if row else ()
        told = promises.told(subject=standing.subject, operation="extract", purpose=purpose, categories=categories)
        work.attempt("document.read", told)
        work.need("read")
        if row is None:
            raise NotFound(Code.NOT_FOUND, "document")
        self._gate.require(work, Question(Operation.EXTRACT, purpose, standing.subject, categories), standing)
        if not visible(promises, work.actor, row.field):
            raise NotFound(Code.NOT_FOUND, "document")
        if not sees(promises, work.actor, row.field):  # a file cannot be shown masked
            raise NotAllowed.because(promises.reason(Code.ROLE_NOT_ALLOWED, row.field, f"roles.{work.actor.role}"))
        document = self._document(work, standing, row)
        work.record("document.read", told, ref=document_id)
        return document, self._chunks(work, standing.subject, row)

    def _chunks(self, work: Work, subject: SubjectId, row: store.SealedDocument) -> Iterator[bytes]:
        key = self._persons.open(work, subject)
        for n, sealed in enumerate(store.read_chunks(work.database, subject, row)):
            if sealed is None:
                raise Tampered(Code.SEAL_BROKEN, "document")
            bound = bound_chunk(bytes.fromhex(subject), bytes.fromhex(row.id), n, n == row.chunks - 1)
            yield unseal(key, sealed, bound)
