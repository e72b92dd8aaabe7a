"""What the log says about published versions, and what their rows say: they must be the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from senim.audit.records import Entry
from senim.languages import Hint
from senim.policy import store
from senim.storage import Database
from senim.times import moment, stamp
from senim.work import Work


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry keeps of a version beside its digest: the SHA-256 of the file as it was, and the law's day."""

    source: str
    law_on: str


ACTS = frozenset(("policy.published", "policy.cancelled"))
"""The acts that make and cancel versions."""

_publication = msgspec.json.Decoder(Publication).decode


def record_published(work: Work, version: store.StoredVersion) -> None:
    """Put the publication of a version into the log."""
    told = Publication(source=hashlib.sha256(version.source).hexdigest(), law_on=version.law_on)
    work.record(
        "policy.published",
        policy=version.version,
        digest=version.digest,
        ref=moment(version.effective_at).isoformat(),
        record=msgspec.Raw(msgspec.json.encode(told)),
    )


class Versions:
    """Versions and their cancellations, held against their entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self) -> Mapping[str, Mapping[str, str]]:
        """What stands in the database now."""
        gone = store.all_cancelled(self._database)
        found = store.all_versions(self._database)
        versions = {str(one.version): _facts(one) for one in found}
        for number, (at, by) in gone.items():
            versions[str(number)] = {
                **versions.get(str(number), {}),
                "cancelled": stamp(moment(at)),
                "cancelled_by": by,
            }
        return versions

    def note(self, entry: Entry, told: dict[str, Mapping[str, str]]) -> None:
        """Add what an entry tells; only the first publication of a number is one."""
        number = str(entry.policy)
        if entry.act == "policy.published" and entry.policy:
            told.setdefault(number, _told(entry))
        elif entry.act == "policy.cancelled" and number in told:
            told[number] = {**told[number], "cancelled": entry.at, "cancelled_by": entry.actor}

    def wrong(self, name: str) -> Hint:
        """What is said of a version that is not as the log tells."""
        return Hint("version-other", number=name)


def _facts(version: store.StoredVersion) -> dict[str, str]:
    return {
        "digest": hashlib.sha256(version.canonical).hexdigest(),
        "effective": moment(version.effective_at).isoformat(),
        "published": stamp(moment(version.published_at)),
        "by": version.published_by,
        "source": hashlib.sha256(version.source).hexdigest(),
        "law_on": version.law_on,
        "cancelled": "",
        "cancelled_by": "",
    }


def _told(entry: Entry) -> dict[str, str]:
    told = {"digest": entry.digest or "", "effective": entry.ref or "", "published": entry.at, "by": entry.actor}
    if entry.record is not msgspec.UNSET:  # the entries of the first releases keep no more than that
        kept = _publication(entry.record)
        told |= {"source": kept.source, "law_on": kept.law_on}
    return {**told, "cancelled": "", "cancelled_by": ""}
