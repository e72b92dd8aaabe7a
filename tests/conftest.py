"""What tests share: both databases, a small policy, a stage with made-up people."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from senim.storage import open_database
from senim.testing import FixedClock, Stage, platform
from tests.mariadb import MariaServer
from tests.postgres import Server
from tests.scratch import keep_in_memory

keep_in_memory()
HERE = Path(__file__).parent
DATABASES = ("sqlite", "postgresql")
_number = itertools.count()


@pytest.fixture(autouse=True, scope="session")
def passwords_cost_little() -> Iterator[None]:
    """Each costs a fifteenth of a second and 32 MB for a reason, which is none in tests with thousands of them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("senim.governance.desk._HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(autouse=True)
def no_settings_of_others() -> Iterator[None]:
    """Commands run in process set variables for the service that they become; the next test has none of them."""
    before = {name: value for name, value in os.environ.items() if name.startswith("SENIM_")}
    yield
    for name in [one for one in os.environ if one.startswith("SENIM_") and one not in before]:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL server for this session, with a migrated template database."""
    server = Server()
    server.execute("CREATE DATABASE migrated")
    folder = tmp_path_factory.mktemp("template")
    keys = open_database("sqlite:///keys.db", folder, create=True)
    open_database(server.url("migrated"), folder, keys=keys, create=True).close()
    keys.close()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaServer]:
    """A MariaDB server for this session."""
    server = MariaServer()
    yield server
    server.stop()


@pytest.fixture
def new_postgres(postgres: Server) -> Iterator[Callable[[], str]]:
    """Makes PostgreSQL databases with all tables; their addresses. They are gone after the test."""
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{os.getpid()}_{next(_number)}")
        postgres.execute(f"CREATE DATABASE {made[-1]} TEMPLATE migrated STRATEGY file_copy")
        return postgres.url(made[-1])

    yield make
    for name in made:
        postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database, SQLite and PostgreSQL in turn."""
    if request.param == "sqlite":
        return "sqlite:///senim.db"
    url: str = request.getfixturevalue("new_postgres")()
    return url


@pytest.fixture(scope="session")
def mini() -> bytes:
    """A small policy that has everything tests need."""
    return (HERE / "policies" / "mini.yaml").read_bytes()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands still until a test moves it."""
    return FixedClock()


@pytest.fixture
def staged(database_url: str, clock: FixedClock) -> Iterator[Callable[..., Stage]]:
    """Makes stages with any policy, on the database of this test."""
    opened: list[AbstractContextManager[Any]] = []

    def make(policy: bytes) -> Stage:
        place = platform(policy, database=database_url, now=clock)
        stage = place.__enter__()
        opened.append(place)
        return stage

    yield make
    for place in reversed(opened):
        place.__exit__(None, None, None)


@pytest.fixture
def stage(staged: Callable[..., Stage], mini: bytes) -> Stage:
    """A stage with the small policy, on SQLite and PostgreSQL in turn."""
    return staged(mini)
