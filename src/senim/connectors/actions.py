"""The systems of an operator's folder: ``connectors/*.yaml``, each with its address from outside.

What a kind of system needs is loaded when there is one: most commands start without any.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from senim.connectors.datamap import DataMap, System
from senim.connectors.manual_tasks import Tasks
from senim.connectors.mapfile import ReadMap, read
from senim.connectors.records import Connector
from senim.errors import Code, Invalid, NotFound, Unavailable
from senim.languages import Hint
from senim.policy.file import MOST_BYTES

if TYPE_CHECKING:
    from senim.connectors.proposing import Proposal

FOLDER = "connectors"
LEAST_SECRET = 32
"""Characters of a secret that calls are signed with."""

Maker = Callable[[DataMap, str], Connector]
"""Makes a connector of a kind of system from its map and its address."""


class Connectors:
    """The connectors of one operator. Opened when they are first asked for."""

    def __init__(
        self,
        folder: Path,
        *,
        systems: Mapping[str, str],
        environment: Mapping[str, str],
        secret: bytes,
        now: Callable[[], datetime],
    ) -> None:
        self._folder = folder / FOLDER
        self._systems = systems
        self._environment = environment
        self._open: dict[str, tuple[str, Connector]] = {}
        self._makers: dict[str, Maker] = {
            "sql": functools.partial(_sql, secret=secret, now=now),
            "webhook": functools.partial(_webhook, environment=environment, secret=secret, now=now),
            "files": functools.partial(_files, secret=secret, now=now),
        }

    def add_kind(self, kind: str, maker: Maker) -> None:
        """Another kind of system."""
        self._makers[kind] = maker

    def names(self) -> tuple[str, ...]:
        """The systems that have a map."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.yaml"))) if self._folder.is_dir() else ()

    def path(self, name: str) -> Path:
        """Where a system's map is."""
        return self._folder / f"{name}.yaml"

    def check(self, name: str) -> ReadMap:
        """A system's map, or its faults with their lines. Raises NotFound."""
        if name not in self.names():
            raise NotFound(Code.NOT_FOUND, f"{FOLDER}/{name}.yaml")
        with self.path(name).open("rb") as file:
            return read(file.read(MOST_BYTES + 1))

    def connector(self, name: str) -> Connector:
        """A system's connector, as its map is now. Raises NotFound, Invalid (map_invalid), Unavailable."""
        found = self.check(name).map
        if found is None:
            raise Invalid(Code.MAP_INVALID, f"{FOLDER}/{name}.yaml", detail=f"senim connectors check {name}")
        if found.system.name != name:
            hint = Hint("other-name", file=name, system=found.system.name)
            raise Invalid(Code.ID_WRONG, f"{FOLDER}/{name}.yaml", hint=hint)
        known = self._open.get(name)
        if known is not None and known[0] == found.digest:
            return known[1]
        if found.system.kind not in self._makers:
            raise Invalid(Code.TYPE_WRONG, f"{FOLDER}/{name}.yaml", detail=f"kind: {found.system.kind}")
        address = "" if found.system.kind == "manual" else self.address(found.system.url_env, name)
        made = self._makers[found.system.kind](found, address)
        if known is not None:
            _close(known[1])
        self._open[name] = (found.digest, made)
        return made

    def all(self) -> tuple[Connector, ...]:
        """The connectors of all systems."""
        return tuple(map(self.connector, self.names()))

    def address(self, variable: str, name: str) -> str:
        """The address of a system: from its variable, or from ``[systems]``. Raises Unavailable (setting_wrong)."""
        found = self._environment.get(variable, "") if variable else ""
        found = found or self._systems.get(name, "")
        if not found:
            where = variable or f"[systems] {name}"
            raise Unavailable(Code.SETTING_WRONG, where, hint=Hint("no-address", system=name, place=where))
        return found

    def close(self) -> None:
        """Close what was opened."""
        for _, one in self._open.values():
            _close(one)
        self._open.clear()


def _close(one: Connector) -> None:
    """Close what a connector holds open, if it holds anything."""
    close: Callable[[], None] | None = getattr(one, "close", None)
    if close is not None:
        close()


def _sql(found: DataMap, url: str, *, secret: bytes, now: Callable[[], datetime]) -> Connector:
    from senim.connectors.sql.connector import SqlConnector

    return SqlConnector(found, url, secret=secret, now=now)


def _webhook(
    found: DataMap, url: str, *, environment: Mapping[str, str], secret: bytes, now: Callable[[], datetime]
) -> Connector:
    from senim.connectors.webhook.connector import WebhookConnector

    given = [environment.get(name, "").strip().encode() for name in found.system.secret_env]
    if not any(given) or any(len(one) < LEAST_SECRET for one in given if one):
        variables = ", ".join(found.system.secret_env)
        hint = Hint("secret-short", least=LEAST_SECRET, variables=variables)
        raise Unavailable(Code.SETTING_WRONG, variables, hint=hint)
    return WebhookConnector(found, url, secrets=[one for one in given if one], secret=secret, now=now)


def _files(found: DataMap, url: str, *, secret: bytes, now: Callable[[], datetime]) -> Connector:
    from senim.connectors.files.connector import FilesConnector
    from senim.connectors.files.opening import place_of

    place = place_of(url, where=found.system.name, timeout=found.system.timeout, now=now)
    return FilesConnector(found, place, secret=secret, now=now)


def by_hand(tasks: Tasks, *, secret: bytes) -> Maker:
    """Makes connectors of systems that are worked by hand."""
    from senim.connectors.manual import ManualConnector

    return lambda found, _: ManualConnector(found, tasks, secret=secret)


def proposal(url: str, system: System, fields: Mapping[str, str]) -> Proposal:
    """A map for a database, from its live schema and samples of its values. Raises Unavailable, NotAllowed."""
    from senim.connectors.proposing import propose
    from senim.connectors.sql.opening import Opened
    from senim.connectors.sql.reading import read_schema
    from senim.connectors.sql.sampling import Sampling

    opened = Opened(url, timeout=system.timeout, where=system.name)
    try:
        with opened.reading() as connection:
            schema = read_schema(connection, system.schemas)
            looked = Sampling(connection, schema).looked()
    finally:
        opened.close()
    return propose(schema, system, looked, fields)
