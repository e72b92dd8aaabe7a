"""Maps as people change them: saved with who did it, every earlier version kept; searches by hand, put on record.

The file in ``connectors/`` is what counts, whoever writes it. What is saved here is kept as a version as well; a file
that was changed in the folder is kept as a version of its own before it is written over.
"""

from __future__ import annotations

import hashlib
import re

from senim.connectors import map_store as store
from senim.connectors.actions import FOLDER, Connectors
from senim.connectors.map_store import MapVersion, SavedAs
from senim.connectors.mapfile import ReadMap, read
from senim.errors import Code, Held, Invalid, NotFound
from senim.identity import Actor
from senim.storage import Database
from senim.work import Work, Works

SAVED, SEARCHED = "map.saved", "system.searched"
SEARCHES = ("find", "erase", "depersonalise", "excerpts")
"""What a search by hand is for."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}\Z")


class Maps:
    """The maps of an operator's systems, and their versions."""

    def __init__(self, works: Works, systems: Connectors) -> None:
        self._works = works
        self._systems = systems

    def source(self, name: str) -> bytes:
        """The file of a system's map; empty if there is none. Raises Invalid (id_wrong)."""
        if not _NAME.match(name):
            raise Invalid(Code.ID_WRONG, "system.name")
        return self._systems.path(name).read_bytes() if name in self._systems.names() else b""

    def checked(self, name: str, source: bytes) -> ReadMap:
        """What is to be saved as a system's map, with all its faults. Raises Invalid (id_wrong)."""
        found = read(source)
        if not _NAME.match(name) or (found.map is not None and found.map.system.name != name):
            raise Invalid(Code.ID_WRONG, "system.name", detail=name if _NAME.match(name) else "")
        return found

    def save(self, actor: Actor, name: str, source: bytes, *, reason: SavedAs, instead_of: str) -> MapVersion:
        """Save a map that has no fault: first who saves it is on record, then the file is written.

        ``instead_of`` is the digest of the file that was changed, empty for a new system. Raises NotAllowed, Invalid
        (map_invalid, id_wrong), Held (changed_meanwhile) if the file is another one by now.
        """

        def act(work: Work) -> MapVersion:
            work.attempt(SAVED, reason=reason)
            work.need("policy")
            if self.checked(name, source).map is None:
                raise Invalid(Code.MAP_INVALID, f"{FOLDER}/{name}.yaml")
            before = self.source(name)
            if digest_of(before) != instead_of:
                raise Held(Code.CHANGED_MEANWHILE, f"{FOLDER}/{name}.yaml")
            return self._keep(work, name, before, source, reason)

        saved = self._works.run(actor, act)
        path = self._systems.path(name)
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_bytes(source)
        draft.replace(path)
        return saved

    def _keep(self, work: Work, name: str, before: bytes, source: bytes, reason: SavedAs) -> MapVersion:
        """The new version, and before it the file that was there, if it is no version yet."""
        known = store.every(work.database, name)
        number = len(known)
        if before and (not known or known[-1].digest != digest_of(before)):
            number += 1
            store.add(work, _version(work, name, number, before, "outside"))
        made = _version(work, name, number + 1, source, reason)
        store.add(work, made)
        work.record(SAVED, reason=reason, digest=made.digest, ref=name)
        return made

    def versions(self, database: Database, name: str) -> list[MapVersion]:
        """All saved versions of a map, the oldest first."""
        return store.every(database, name)

    def version(self, database: Database, name: str, number: int) -> tuple[MapVersion, MapVersion | None]:
        """A version, and the one before it. Raises NotFound."""
        known = store.every(database, name)
        if not 0 < number <= len(known):
            raise NotFound(Code.NOT_FOUND, "version")
        return known[number - 1], known[number - 2] if number > 1 else None

    def search(self, work: Work, name: str, *, purpose: str) -> None:
        """Put on record that somebody searches a system by hand; to be durable before anything is looked up.

        Raises NotAllowed, NotFound, Invalid.
        """
        work.attempt(SEARCHED, reason=purpose if purpose in SEARCHES else None)
        work.need("handle")
        if purpose not in SEARCHES:
            raise Invalid(Code.INVALID_VALUE, "purpose")
        if name not in self._systems.names():
            raise NotFound(Code.NOT_FOUND, f"{FOLDER}/{name[:40]}.yaml")
        work.record(SEARCHED, reason=purpose, ref=name)


def digest_of(source: bytes) -> str:
    """SHA-256 of a file, in hex; empty if there is none."""
    return hashlib.sha256(source).hexdigest() if source else ""


def _version(work: Work, name: str, number: int, source: bytes, reason: SavedAs) -> MapVersion:
    by = "" if reason == "outside" else work.actor.label
    return MapVersion(
        system=name,
        number=number,
        digest=digest_of(source),
        reason=reason,
        saved_by=by,
        saved_at=work.at,
        source=source,
    )
