"""Databases of made-up operators: SQLite, PostgreSQL and MariaDB in turn."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from senim.connectors.mapfile import read
from senim.connectors.sql.connector import SqlConnector
from senim.testing import FixedClock
from tests.connectors import shop
from tests.mariadb import MariaServer
from tests.postgres import Server

SERVERS = ("sqlite", "postgresql", "mariadb")
SECRET = b"a secret of the tests"
_number = itertools.count()


@pytest.fixture(params=SERVERS)
def operator_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of an operator, on each server in turn."""
    name = f"operator_{os.getpid()}_{next(_number)}"
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'operator.db'}"
    elif request.param == "postgresql":
        postgres: Server = request.getfixturevalue("postgres")
        postgres.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        yield postgres.url(name)
        postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")
    else:
        mariadb: MariaServer = request.getfixturevalue("mariadb")
        mariadb.execute(f"CREATE DATABASE {name}")
        yield mariadb.url(name)
        mariadb.execute(f"DROP DATABASE {name}")


def engine_of(url: str) -> Engine:
    """The administrator's way into a database."""
    driver = url.replace("postgresql://", "postgresql+psycopg://").replace("mysql://", "mysql+pymysql://")
    return sa.create_engine(driver, poolclass=NullPool)


@pytest.fixture
def engine(operator_url: str) -> Engine:
    """The administrator's way into this test's database."""
    return engine_of(operator_url)


@pytest.fixture
def connect(operator_url: str, clock: FixedClock) -> Iterator[Callable[..., SqlConnector]]:
    """Makes connectors with a map, on this test's database."""
    made: list[SqlConnector] = []

    def make(source: str, url: str = operator_url) -> SqlConnector:
        found = read(source.encode())
        assert found.map is not None, found.faults
        made.append(SqlConnector(found.map, url, secret=SECRET, now=clock))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def shop_system(engine: Engine, connect: Callable[..., SqlConnector]) -> SqlConnector:
    """The shop, mapped."""
    shop.make(engine)
    return connect(shop.MAP)
