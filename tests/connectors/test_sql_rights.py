"""A role that may do no more than it has to is enough; what it lacks is told as the statement to type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy.engine import Engine, make_url

from senim.connectors.records import Problem, Trouble, Wish, WishKind
from senim.connectors.sql.connector import SqlConnector
from senim.errors import NotAllowed
from tests.connectors import shop
from tests.connectors.shop import WHO, everything
from tests.connectors.test_sql_shop import blocking, sql
from tests.mariadb import PASSWORD

ERASE = Wish(kind=WishKind.ERASE)
ROLE = "made_up_role"
STAFF = """
senim-map: 1
system: {name: shop, url-env: SHOP_URL}
tables:
  employees:
    key: [id]
    person: {email: email}
    act: depersonalise
    columns: {email: {}, name: {}}
    plain: [id, boss_id]
"""


@dataclass
class Narrow:
    """A role with no rights at all, and the way to give it some."""

    engine: Engine
    url: str
    name: str

    def grant(self, *statements: str) -> None:
        """Run GRANT statements as the administrator."""
        sql(self.engine, *(one.rstrip(";") for one in statements))


@pytest.fixture
def narrow(engine: Engine, operator_url: str) -> Iterator[Narrow]:
    """A role of this test's database that may do nothing, on the servers that have roles."""
    if engine.dialect.name == "sqlite":
        pytest.skip("a file has no roles")
    shop.make(engine)
    name = ROLE if engine.dialect.name == "postgresql" else f"{ROLE}@'%'"
    sql(engine, f"CREATE ROLE {name} LOGIN" if name == ROLE else f"CREATE USER {name} IDENTIFIED BY '{PASSWORD}'")
    if name != ROLE:
        sql(engine, f"GRANT SELECT ON goods TO {name}")  # who may see nothing may not connect to the database
    url = make_url(operator_url).set(username=ROLE)
    yield Narrow(engine, url.render_as_string(hide_password=False), name)
    if name == ROLE:
        sql(engine, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")
    else:
        sql(engine, f"DROP USER {name}")


def grants(problems: tuple[Problem, ...]) -> list[str]:
    """The statements that are proposed."""
    missing = (str(one.remedy) for one in problems if one.code is Trouble.GRANT_MISSING)
    return [one for one in missing if one.startswith("GRANT")]


def test_the_grants_that_are_told_are_enough(narrow: Narrow, connect: Callable[..., SqlConnector]) -> None:
    """Typing what ``look`` shows, again and again until it shows nothing, makes the erasure possible."""
    system = connect(shop.MAP, narrow.url)
    for _ in range(6):
        missing = grants(system.look().problems)
        gone = [one.where for one in system.look().problems if one.code is Trouble.TABLE_GONE]
        if narrow.engine.dialect.name != "postgresql":  # MariaDB does not show what may not be read
            missing += [f"GRANT SELECT ON {one} TO {narrow.name}" for one in gone]
        if not missing:
            break
        narrow.grant(*missing)
    assert system.look().ready
    plan = system.plan(WHO, ERASE)
    assert blocking(plan) == []
    receipt = system.execute(plan, WHO, order="R-1")
    assert receipt.steps == plan.steps
    assert not receipt.remembered or narrow.engine.dialect.name == "postgresql"
    assert system.rescan(WHO).clean


def test_what_may_not_be_read_is_told_as_not_reached(narrow: Narrow, connect: Callable[..., SqlConnector]) -> None:
    """A table that is closed to the role stands in every answer, and no plan is ready without it."""
    tables = [one for one in shop.ROWS if one not in ("visits", "invoices")]
    narrow.grant(*(f"GRANT SELECT, UPDATE, DELETE ON {one} TO {narrow.name}" for one in tables))
    system = connect(shop.MAP, narrow.url)
    if narrow.engine.dialect.name == "postgresql":
        found = system.find(WHO)
        assert {one.table for one in found.not_reached if one.why is Trouble.NOT_READABLE} == {"visits", "invoices"}
        assert {one.table for one in system.rescan(WHO).not_reached} >= {"visits", "invoices"}
    else:
        assert {one.table for one in system.find(WHO).not_reached if one.why is Trouble.TABLE_GONE} == {
            "visits",
            "invoices",
        }
    plan = system.plan(WHO, ERASE)
    assert {"visits", "invoices"} <= {where for _, where in blocking(plan)}
    before = everything(narrow.engine)
    with pytest.raises(NotAllowed):
        system.execute(plan, WHO, order="R-1")
    assert everything(narrow.engine) == before


def test_single_columns_are_enough(narrow: Narrow, connect: Callable[..., SqlConnector]) -> None:
    """A role that may read and empty mapped columns alone does just that, and names the column it may not read."""
    narrow.grant(
        f"GRANT SELECT (id, email, name), UPDATE (email, name) ON employees TO {narrow.name}",
        f"GRANT SELECT (id, email) ON customers TO {narrow.name}",
    )
    system = connect(STAFF, narrow.url)
    who = {"email": ("dana@shop.example",)}
    plan = system.plan(who, ERASE)
    assert blocking(plan) == []
    system.execute(plan, who, order="R-1")
    assert "dana" not in str(everything(narrow.engine)["employees"]).lower()
    left = system.rescan(who)
    assert left.clean
    assert ("employees", ("boss_id",)) in {(one.table, one.columns) for one in left.not_reached}
    pages = list(system.export({"email": ("erlan@shop.example",)}))
    assert pages[0].columns == ("id", "name", "email")
    told = [one.where for page in pages for one in page.messages]
    assert ("employees.boss_id" in told) is (narrow.engine.dialect.name == "postgresql")  # MariaDB does not show it


def test_a_missing_right_is_told_with_its_statement(narrow: Narrow, connect: Callable[..., SqlConnector]) -> None:
    """The GRANT names verb, columns, table and role, quoted as this server wants it."""
    narrow.grant(f"GRANT SELECT ON employees TO {narrow.name}")
    statement = grants(connect(STAFF, narrow.url).look().problems)[0]
    plain = re.sub(r'["`]', "", statement)
    assert re.fullmatch(rf"GRANT UPDATE \(email, name\) ON employees TO {ROLE}(@%)?;", plain)
