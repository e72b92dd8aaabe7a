"""Attestations: who spoke for whom."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select

from senim.collection.records import Attestation
from senim.identity import SubjectId, lane_of
from senim.storage import Database, insert, main_metadata, query
from senim.storage.tables import blob, lane, table
from senim.work import Work

attestations = table(
    main_metadata, "attestation", lane(), blob("subject", key=True), blob("id", key=True), blob("body")
)

_INSERT = insert(attestations)
_OF = query(
    select(attestations.c.body)
    .where(attestations.c.lane == bindparam("lane"), attestations.c.subject == bindparam("subject"))
    .order_by(attestations.c.id)
)
_decode = msgspec.json.Decoder(Attestation).decode


def add(work: Work, attestation: Attestation) -> None:
    """Keep an attestation."""
    subject = attestation.subject
    work.add(
        _INSERT,
        lane_of(subject),
        bytes.fromhex(subject),
        bytes.fromhex(attestation.id),
        msgspec.json.encode(attestation),
    )


def of(database: Database, subject: SubjectId) -> list[Attestation]:
    """Attestations about a person."""
    return [_decode(bytes(row[0])) for row in database.read(_OF, lane_of(subject), bytes.fromhex(subject))]
