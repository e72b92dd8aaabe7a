"""Reads the live schema: tables, keys, references, checks, what our role may do, and whether anything changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.engine import Connection
from sqlalchemy.engine.reflection import Inspector, ObjectKind

from senim.connectors.schema import Check, Column, Family, Index, Reference, Schema, Table
from senim.connectors.sql import lite, maria, rights

_FAMILIES: tuple[tuple[type[types.TypeEngine[Any]], Family], ...] = (
    (types.Boolean, Family.BOOLEAN),
    (types.JSON, Family.JSON),
    (types.Uuid, Family.UUID),
    (types.Integer, Family.INTEGER),
    (types.Numeric, Family.DECIMAL),
    (types.DateTime, Family.TIME),
    (types.Date, Family.DATE),
    (types.LargeBinary, Family.BINARY),
    (types.BINARY, Family.BINARY),
    (types.VARBINARY, Family.BINARY),
    (types.Enum, Family.OTHER),
    (types.String, Family.TEXT),
)


def read_schema(connection: Connection, schemas: tuple[str, ...] = ()) -> Schema:
    """The schema as our role sees it. Raises DBAPIError if the database cannot be asked."""
    default = sa.inspect(connection).default_schema_name
    allowed = rights.read(connection, schemas or (default or "",))
    tables: dict[str, Table] = {}
    for schema in schemas or (None,):
        shown = None if schema == default else schema
        for table in _tables(connection, shown, allowed, default):
            tables[table.id] = table
    version = ".".join(map(str, connection.dialect.server_version_info or ()))
    found = Schema.of(
        _name(connection),
        tables,
        version=f"{_name(connection)} {version}",
        fingerprint=fingerprint(connection, schemas),
        user=rights.user(connection),
    )
    return replace(found, beside=rights.beside(connection, schemas or (default or "",)))


def _name(connection: Connection) -> str:
    return "mariadb" if getattr(connection.dialect, "is_mariadb", False) else connection.dialect.name


def _id(schema: str | None, name: str) -> str:
    return f"{schema}.{name}" if schema else name


def _tables(
    connection: Connection, schema: str | None, allowed: Mapping[str, rights.Seen], default: str | None
) -> Iterable[Table]:
    if connection.dialect.name == "mysql":
        place = schema or default or ""
        yield from maria.read(
            connection,
            schema,
            place,
            {id_[len(place) + 1 :]: one for id_, one in allowed.items() if id_.startswith(f"{place}.")},
        )
        return
    inspector: Inspector = sa.inspect(connection)
    stored = inspector.dialect.name == "postgresql"
    kind = ObjectKind.TABLE | ObjectKind.MATERIALIZED_VIEW if stored else ObjectKind.TABLE
    what: Any = {"schema": schema, "kind": kind}
    columns: Mapping[Any, Any] = inspector.get_multi_columns(**what)
    keys: Mapping[Any, Any] = inspector.get_multi_pk_constraint(**what)
    foreign: Mapping[Any, Any] = inspector.get_multi_foreign_keys(**what)
    indexes: Mapping[Any, Any] = inspector.get_multi_indexes(**what)
    uniques: Mapping[Any, Any] = inspector.get_multi_unique_constraints(**what)
    lacking = inspector.dialect.name == "sqlite"  # SQLAlchemy guesses checks there from lines of text
    checks: Mapping[Any, Any] = {} if lacking else inspector.get_multi_check_constraints(**what)
    of_file = lite.read(connection) if lacking else {}
    for place, listed in columns.items():
        name = place[1]
        seen = allowed.get(_id(schema or default, name))
        if seen is None and allowed:
            continue  # a partition: its parent stands for it
        lines = of_file.get(name, lite.Lines())
        found = (*_indexes(indexes.get(place) or (), uniques.get(place) or ()), *lines.unique)
        known = {str(one["name"]): _column(one) for one in listed}
        primary = tuple(keys[place]["constrained_columns"] if keys.get(place) else ())
        seen = seen or rights.Seen()
        yield Table(
            id=_id(schema, name),
            name=name,
            schema=schema,
            columns=known,
            key=primary or _other_key(found, known),
            indexes=found,
            references=tuple(_reference(_id(schema, name), one, schema, default) for one in foreign.get(place) or ()),
            checks=lines.checks
            or tuple(
                Check(name=str(one.get("name") or ""), sql=str(one["sqltext"])) for one in checks.get(place) or ()
            ),
            rights=seen.rights,
            rows=seen.rows,
            transactional=seen.transactional,
            hidden=seen.hidden,
            writable=seen.writable and not lines.inner,
        )


def _column(one: Any) -> Column:
    kind = one["type"]
    family = next((family for sort, family in _FAMILIES if isinstance(kind, sort)), Family.OTHER)
    name = type(kind).__name__.lower()
    if name in ("citext", "inet", "cidr", "tinyint") and not isinstance(kind, types.Integer):
        family = Family.TEXT if name == "citext" else Family.OTHER
    if name.endswith("blob") or name == "bytea":
        family = Family.BINARY
    if name in ("array", "tsvector"):
        family = Family.OTHER
    return Column(
        name=str(one["name"]),
        type=_type(kind),
        family=family,
        nullable=bool(one.get("nullable", True)),
        length=getattr(kind, "length", None) if family is Family.TEXT else None,
        default=one.get("default") is not None or one.get("autoincrement") is True,
        generated=one.get("computed") is not None or bool((one.get("identity") or {}).get("always")),
        folded=name == "citext",
    )


def _type(kind: types.TypeEngine[Any]) -> str:
    try:
        return str(kind)
    except Exception:  # noqa: BLE001  # a type that has no name in plain SQL
        return type(kind).__name__.lower()


def _indexes(found: Iterable[Any], uniques: Iterable[Any]) -> tuple[Index, ...]:
    indexes = [
        Index(
            columns=tuple(name or "" for name in one["column_names"]),
            expressions=tuple(one.get("expressions") or ()),
            unique=bool(one["unique"]) and not (one.get("dialect_options") or {}).get("postgresql_where"),
        )
        for one in found
    ]
    indexes += [Index(columns=tuple(one["column_names"]), unique=True) for one in uniques]
    return tuple(dict.fromkeys(indexes))


def _other_key(indexes: Iterable[Index], columns: Mapping[str, Column]) -> tuple[str, ...]:
    """A unique index without NULL, for tables that have no primary key."""
    fit = (
        one.columns
        for one in indexes
        if one.unique and all(name in columns and not columns[name].nullable for name in one.columns)
    )
    return next(fit, ())


def _reference(table: str, one: Any, schema: str | None, default: str | None) -> Reference:
    there = one["referred_schema"] or schema
    options = one.get("options") or {}
    return Reference(
        table=table,
        columns=tuple(one["constrained_columns"]),
        to=_id(None if there == default else there, one["referred_table"]),
        to_columns=tuple(one["referred_columns"]),
        name=str(one.get("name") or ""),
        on_delete=str(options.get("ondelete") or "NO ACTION").upper(),
        deferrable=bool(options.get("deferrable")),
    )


_POSTGRES = sa.text("""
    SELECT md5(concat_ws('/', current_user,
      (SELECT sum(hashtext(concat_ws('/', c.oid, c.relname, c.relacl::text, c.relrowsecurity, a.attname, a.atttypid,
                                     a.atttypmod, a.attnotnull, a.attacl::text))::bigint)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped),
      (SELECT sum(hashtext(concat_ws('/', k.oid, k.confdeltype, k.conname))::bigint)
         FROM pg_constraint k WHERE k.connamespace = n.oid),
      (SELECT count(*) FROM pg_class i WHERE i.relnamespace = n.oid AND i.relkind = 'i')))
    FROM pg_namespace n WHERE n.nspname = ANY(:schemas) OR (:first AND n.nspname = current_schema())
""")
_MYSQL = sa.text("""
    SELECT SUM(CRC32(CONCAT_WS('/', CURRENT_USER(), TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_KEY,
                               PRIVILEGES)))
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
""")


def fingerprint(connection: Connection, schemas: tuple[str, ...]) -> str:
    """Changes when tables, columns, constraints or our rights change. Empty where the database cannot tell."""
    if connection.dialect.name == "postgresql":
        found = connection.execute(_POSTGRES, {"schemas": list(schemas), "first": not schemas}).scalars()
        return "".join(sorted(map(str, found)))
    if connection.dialect.name == "mysql" and not schemas:
        return str(connection.execute(_MYSQL).scalar())
    if connection.dialect.name == "sqlite":
        return str(connection.exec_driver_sql("PRAGMA schema_version").scalar())
    return ""
