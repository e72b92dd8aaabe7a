"""An operator as version 1 of the tables kept it: made once, kept as ``first.json``, read by every later version.

``python -m tests.migrations.first`` makes it anew; after the first release it is never made again.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import MetaData, create_engine, insert, select

from senim.app import make_folder, open_senim, throwaway
from senim.consent import Scope
from senim.storage import Database
from senim.testing import FixedClock, Stage
from senim.vault.keys import SECRETS
from tests.features import acting

FILE = Path(__file__).with_name("first.json")
POLICY = Path(__file__).parents[1] / "policies" / "mini.yaml"
EMAIL, TASTES = "first@people.example", "tea and books"
PAPER = b"%PDF-1.7 a made-up paper"

Rows = dict[str, list[list[Any]]]


class First(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept, and what is known of it."""

    reader: str
    leaver: str
    erased: str
    document: str
    token: str
    root: str
    size: int
    anchor: str
    main: Rows
    keys: Rows


def operator(folder: Path, database: str = "") -> None:
    """An operator's folder whose secrets everybody knows: each a byte, repeated."""
    (folder / "keys").mkdir(parents=True, mode=0o700)
    for number, name in enumerate(("kek-1", *SECRETS), 1):
        path = folder / "keys" / f"{name}.key"
        path.write_text(base64.b64encode(bytes([number]) * 32).decode(), encoding="ascii")
        path.chmod(0o600)
    make_folder(folder, POLICY.read_bytes(), database=database, origin="first.example/log")


def rows_of(database: Database) -> Rows:
    """All rows of all tables as they stand in the database, in the order of their keys."""
    place, found = create_engine(database.engine.sqlalchemy_url), MetaData()
    with place.connect() as connection:
        found.reflect(connection)
        rows: Rows = {}
        for name, table in sorted(found.tables.items()):
            ordered = select(table).order_by(*table.primary_key)
            rows[name] = [[_plain(value) for value in row] for row in connection.execute(ordered)]
    place.dispose()
    return rows


def put_rows(database: Database, rows: Rows) -> None:
    """Fill the tables, which must be empty but for their version."""
    place, found = create_engine(database.engine.sqlalchemy_url), MetaData()
    with place.begin() as connection:
        found.reflect(connection)
        for name, table in found.tables.items():
            if name != "schema_version" and rows[name]:
                columns = [column.name for column in table.columns]
                connection.execute(
                    insert(table), [dict(zip(columns, map(_stored, row), strict=True)) for row in rows[name]]
                )
    place.dispose()


def _plain(value: Any) -> Any:
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def _stored(value: Any) -> Any:
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value


def make() -> First:
    """Somebody who stays, somebody who withdrew and is blocked, somebody who was erased; a file, a key, a drill."""
    clock = FixedClock()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "operator"
        operator(folder)
        with open_senim(folder, environment={}, now=clock) as senim:
            source = POLICY.read_bytes()
            senim.run(senim.actor(), lambda work: senim.policies.publish(work, source))
            stage = Stage(senim, source, throwaway)
            values = {**stage.values("registration"), "contact.email": EMAIL, "profile.tastes": TASTES}
            reader, leaver, erased = stage.person(values=values), stage.person(), stage.person()
            document = stage.upload(reader, PAPER)
            clock.move(hours=1)
            acting.withdraw(senim, leaver.subject, Scope(purpose="newsletter"))
            acting.about(senim, leaver.subject, lambda work, who: senim.gate.block(work, who, reason="legal-duty"))
            acting.erase(senim, erased.subject)
            _, token = senim.run(senim.actor(), lambda work: senim.access.add(work, "site", role="shop"))
            senim.works.run_once(senim.actor(), "first", b"request", lambda work: b"answer")
            senim.conformance.drill()
            acting.ask(senim, "use", "orders", reader.subject)
            senim.works.flush()  # one entry is left waiting
            report = senim.log.verify()
            acting.ask(senim, "use", "profiling", reader.subject)
            return First(
                reader=reader.subject,
                leaver=leaver.subject,
                erased=erased.subject,
                document=document,
                token=token,
                root=report.root,
                size=report.size,
                anchor=senim.log.checkpoint(),
                main=rows_of(senim.database),
                keys=rows_of(senim.key_store),
            )


def first() -> First:
    """The operator of version 1."""
    return msgspec.json.decode(FILE.read_bytes(), type=First)


if __name__ == "__main__":
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(make()), indent=0) + b"\n")
