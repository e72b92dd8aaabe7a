"""Opens an operator's database: driver, time limits, transactions; turns its errors into ours without their values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import NullPool, QueuePool

from senim.errors import Code, Held, Invalid, NotAllowed, SenimError, Unavailable
from senim.languages import Hint

LOCK_SECONDS = 5
"""How long a statement waits for rows that others have locked; it is tried again with the order."""

_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}
_DENIED = ("42501", 1044, 1045, 1142, 1143, 1227, 1370)
_BUSY = ("55P03", "57014", "40001", "40P01", 1205, 1213, 1969, 3024, 5, 6)
_BROKEN_RULE = ("22", "23")
_BROKEN_RULES = (1048, 1062, 1364, 1366, 1406, 1451, 1452, 3819, 4025)
_FULL = ("53100", 1021, 1114, 13)
_NO_FILE = 14
_GONE = (2002, 2003, 2006, 2013, 1040, 1053, 1927)


class Opened:
    """A database of the operator, with its connections."""

    def __init__(self, url: str, *, timeout: int = 60, where: str = "") -> None:
        self.where = where
        self._timeout = timeout
        self.engine = _engine(url, where)
        self.dialect = self.engine.dialect.name
        self._errors: type[Exception] = self.engine.dialect.loaded_dbapi.Error
        if self.dialect == "sqlite":
            sa.event.listen(self.engine, "connect", _sqlite)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A look that sees one state of the database from beginning to end, and changes nothing."""
        with self._connected("REPEATABLE READ") as connection:
            self._begin(connection, reading=True)
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: committed at the end, or taken back whole."""
        with self._connected("READ COMMITTED") as connection:
            self._begin(connection, reading=False)
            try:
                yield connection
                connection.commit()
            except BaseException:
                if not connection.invalidated:
                    connection.rollback()
                raise

    @contextmanager
    def _connected(self, isolation: str) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                if self.dialect in ("postgresql", "mysql", "mariadb"):
                    connection = connection.execution_options(isolation_level=isolation)  # noqa: PLW2901
                yield connection
        except exc.DBAPIError as error:
            # The message of the database may hold values ("Key (email)=(...) already exists"): it is not kept.
            raise converted(error, self.where) from None
        except self._errors as error:  # of the driver itself, where it is asked without SQLAlchemy
            raise converted(exc.DBAPIError("", None, error), self.where) from None
        except UnicodeError:
            raise Unavailable(Code.STORAGE_FAILED, self.where, hint=Hint("encoding-other")) from None

    def _begin(self, connection: Connection, *, reading: bool) -> None:
        seconds = self._timeout * (10 if reading else 1)
        if self.dialect == "postgresql":
            connection.exec_driver_sql(
                f"SELECT set_config('statement_timeout', '{seconds}s', true), "
                f"set_config('lock_timeout', '{LOCK_SECONDS}s', true), set_config('row_security', 'on', true)"
            )
        elif self.dialect == "mysql":
            connection.exec_driver_sql(f"SET innodb_lock_wait_timeout = {LOCK_SECONDS}")
            if getattr(connection.dialect, "is_mariadb", False):
                connection.exec_driver_sql(f"SET max_statement_time = {seconds}")
        elif self.dialect == "sqlite":
            connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _engine(url: str, where: str) -> Engine:
    try:
        address: URL = make_url(url)
        address = address.set(drivername=_DRIVERS.get(address.drivername, address.drivername))
        if address.drivername == "mysql+pymysql" and "charset" not in address.query:
            address = address.update_query_dict({"charset": "utf8mb4"})
        file = address.get_backend_name() == "sqlite"
        more: dict[str, Any] = {"poolclass": NullPool} if file else {"poolclass": QueuePool, "pool_pre_ping": True}
        if file:
            more["connect_args"] = {"timeout": LOCK_SECONDS, "isolation_level": None}
        elif address.get_backend_name() in ("postgresql", "mysql"):
            more["connect_args"] = {"connect_timeout": 10}
        return sa.create_engine(address, hide_parameters=True, **more)
    except exc.ArgumentError:
        raise Invalid(Code.SETTING_WRONG, where, hint=Hint("address-unread")) from None
    except ModuleNotFoundError as error:
        package = "senim[mariadb]" if error.name == "pymysql" else error.name or ""
        raise Unavailable(Code.STORAGE_UNREACHABLE, where, hint=Hint("driver-missing", package=package)) from error


def _sqlite(connection: Any, record: Any) -> None:
    """Foreign keys hold, and what is deleted is overwritten in the file. A text that is not UTF-8 comes as bytes."""
    connection.text_factory = _text
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def converted(error: exc.DBAPIError, where: str) -> SenimError:
    """An error of the database as one of ours: its kind and number, never its text."""
    original: Any = error.orig
    state = getattr(original, "sqlstate", None)
    number = original.args[0] if original is not None and original.args else None
    if getattr(original, "sqlite_errorcode", None) is not None:
        number = original.sqlite_errorcode & 0xFF
    detail = f"{type(original).__name__} {state or (number if isinstance(number, int) else '')}".strip()
    if state in _DENIED or number in _DENIED or number == 8:
        return NotAllowed(Code.ROLE_NOT_ALLOWED, where, detail=detail)
    if state in _BUSY or number in _BUSY:
        return Unavailable(Code.STORAGE_BUSY, where, detail=detail)
    if isinstance(error, exc.IntegrityError) or (state or "")[:2] in _BROKEN_RULE or number in _BROKEN_RULES:
        return Held(Code.CHANGED_MEANWHILE, where, hint=Hint("rule-broken", rule=detail))
    if state in _FULL or number in _FULL:
        return Unavailable(Code.STORAGE_FULL, where, detail=detail)
    lost = error.connection_invalidated or number in _GONE or (state or "")[:2] in ("08", "57", "28", "3D")
    file = getattr(original, "sqlite_errorcode", None)
    if lost or file == _NO_FILE or (state is None and file is None and isinstance(error, exc.OperationalError)):
        return Unavailable(Code.STORAGE_UNREACHABLE, where, detail=detail)
    return Unavailable(Code.STORAGE_FAILED, where, detail=detail)
