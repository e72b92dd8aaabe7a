"""What our role may do in a database, table by table, and the GRANT that is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from senim.connectors.schema import Rights


@dataclass(frozen=True, slots=True)
class Seen:
    """What a database tells of a table beside its columns."""

    rights: Rights = field(default_factory=Rights)
    rows: int = 0
    transactional: bool = True
    hidden: bool = False
    writable: bool = True
    past: bool = False


_POSTGRES = sa.text("""
    SELECT n.nspname || '.' || c.relname, has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'DELETE'),
           has_table_privilege(c.oid, 'UPDATE'), GREATEST(c.reltuples, 0)::bigint,
           row_security_active(c.oid), c.relkind,
           CASE WHEN has_table_privilege(c.oid, 'SELECT') THEN '{}'::text[] ELSE ARRAY(
             SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
             AND NOT a.attisdropped AND has_column_privilege(c.oid, a.attnum, 'SELECT')) END,
           CASE WHEN has_table_privilege(c.oid, 'UPDATE') THEN '{}'::text[] ELSE ARRAY(
             SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
             AND NOT a.attisdropped AND has_column_privilege(c.oid, a.attnum, 'UPDATE')) END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY(:schemas) AND c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition
""")
_BESIDE = sa.text("""
    SELECT DISTINCT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname <> ALL(:schemas)
      AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1
""")
_MYSQL_TABLES = sa.text("""
    SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME), ENGINE, COALESCE(TABLE_ROWS, 0), TABLE_TYPE = 'SYSTEM VERSIONED'
    FROM information_schema.TABLES
    WHERE TABLE_SCHEMA IN :schemas AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
""").bindparams(sa.bindparam("schemas", expanding=True))
_MYSQL_RIGHTS = sa.text("""
    SELECT '', '', '', PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE IN :us
    UNION ALL SELECT TABLE_SCHEMA, '', '', PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE IN :us
    UNION ALL SELECT TABLE_SCHEMA, TABLE_NAME, '', PRIVILEGE_TYPE FROM information_schema.TABLE_PRIVILEGES
      WHERE GRANTEE IN :us
    UNION ALL SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, PRIVILEGE_TYPE FROM information_schema.COLUMN_PRIVILEGES
      WHERE GRANTEE IN :us
""").bindparams(sa.bindparam("us", expanding=True))


def read(connection: Connection, schemas: tuple[str, ...]) -> dict[str, Seen]:
    """``schema.table`` → what is known of it. Empty where everything is allowed and nothing is told (SQLite)."""
    if connection.dialect.name == "postgresql":
        return dict(_postgres(connection, schemas))
    if connection.dialect.name == "mysql":
        return dict(_mysql(connection, schemas))
    return {}


def beside(connection: Connection, schemas: tuple[str, ...]) -> tuple[str, ...]:
    """Schemas of the same database that hold tables and are not among these; what extensions bring does not count."""
    if connection.dialect.name != "postgresql":
        return ()
    return tuple(connection.execute(_BESIDE, {"schemas": list(schemas)}).scalars())


def _postgres(connection: Connection, schemas: tuple[str, ...]) -> Iterator[tuple[str, Seen]]:
    for name, select, delete, update, rows, hidden, kind, readable, changeable in connection.execute(
        _POSTGRES, {"schemas": list(schemas)}
    ):
        allowed = Rights(
            select=select,
            delete=delete,
            update=update,
            select_columns=frozenset(readable),
            update_columns=frozenset(changeable),
        )
        yield name, Seen(allowed, int(rows), hidden=hidden, writable=kind != "m")


def _mysql(connection: Connection, schemas: tuple[str, ...]) -> Iterator[tuple[str, Seen]]:
    found = list(connection.execute(_MYSQL_RIGHTS, {"us": _mysql_roles(connection)}))
    for name, engine, rows, past in connection.execute(_MYSQL_TABLES, {"schemas": list(schemas)}):
        schema, _, table = name.partition(".")
        held = [
            (column, kind) for one, at, column, kind in found if (not one or _covers(one, schema)) and at in ("", table)
        ]
        whole = {kind for column, kind in held if not column}
        allowed = Rights(
            select="SELECT" in whole,
            delete="DELETE" in whole,
            update="UPDATE" in whole,
            select_columns=frozenset(column for column, kind in held if column and kind == "SELECT"),
            update_columns=frozenset(column for column, kind in held if column and kind == "UPDATE"),
        )
        transactional = (engine or "InnoDB") in ("InnoDB", "ROCKSDB", "NDBCLUSTER")
        yield name, Seen(allowed, int(rows), transactional=transactional, past=bool(past))


def _covers(pattern: str, schema: str) -> bool:
    """Whether a grant on a database, which may have wildcards, is for this one."""
    plain = pattern.replace("\\_", "_")
    return plain == schema or (plain.endswith("%") and schema.startswith(plain[:-1]))


def _mysql_roles(connection: Connection) -> list[str]:
    name, _, host = str(connection.exec_driver_sql("SELECT CURRENT_USER()").scalar()).rpartition("@")
    us = [f"'{name}'@'{host}'"]
    if getattr(connection.dialect, "is_mariadb", False):
        roles = connection.exec_driver_sql("SELECT ROLE_NAME FROM information_schema.ENABLED_ROLES").scalars()
        us += [form for role in roles if role for form in (f"'{role}'@''", f"'{role}'@'%'", f"'{role}'")]
    return us


def user(connection: Connection) -> str:
    """Our role as it stands in a GRANT."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    if connection.dialect.name == "postgresql":
        return quote(str(connection.exec_driver_sql("SELECT current_user").scalar()))
    if connection.dialect.name == "mysql":
        name, _, host = str(connection.exec_driver_sql("SELECT CURRENT_USER()").scalar()).rpartition("@")
        return f"{quote(name)}@{quote(host)}".replace("%%", "%")  # doubled for the driver, not for people
    return ""
