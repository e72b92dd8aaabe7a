"""What was seen to go wrong in erasures elsewhere goes right here, or is told before anything is touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.engine import Engine

from senim.connectors.records import Act, Trouble, Wish, WishKind
from senim.connectors.sql.connector import SqlConnector
from senim.errors import Held, NotAllowed
from tests.connectors.shop import everything
from tests.connectors.test_sql_shop import blocking, sql

ERASE = Wish(kind=WishKind.ERASE)
WHO = {"email": ("aigerim@example.kz",), "phone": ("87000000001",), "iin": ("981231500014",)}
HEAD = "senim-map: 1\nsystem: {name: made, url-env: MADE_URL}\ntables:\n"
PEOPLE = (
    "CREATE TABLE people (id int NOT NULL PRIMARY KEY, email varchar(80) NOT NULL, name varchar(80), other varchar(80))"
)
ONE = "INSERT INTO people VALUES (1, 'aigerim@example.kz', 'Айгерім', NULL), (2, 'bolat@example.kz', 'Болат', NULL)"


def mapped(act: str, *, email: str = "", plain: str = "other") -> str:
    """The map of people alone: what happens to them and to their e-mail, and which columns are plain."""
    rest = f", plain: [{plain}]" if plain else ""
    columns = f"columns: {{email: {{{email}}}, name: {{}}}}"
    return f"{HEAD}  people: {{key: [id], person: {{email: email}}, act: {act}, {columns}{rest}}}"


def erased(system: SqlConnector, order: str = "R-1") -> None:
    """Plan and carry out an erasure of the person."""
    plan = system.plan(WHO, ERASE)
    assert blocking(plan) == []
    system.execute(plan, WHO, order=order)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("varchar(80)", "Aigerim@EXAMPLE.kz"),
        ("text", "wrote from aigerim@example.kz today"),
        ("varchar(80)", "8 (700) 000-00-01"),
        ("text", "tel. +7 700 000 00 01, evenings"),
        ("bigint", "77000000001"),
        ("varchar(80)", "9812 3150 0014"),
    ],
)
def test_a_second_column_is_found_although_the_map_forgot_it(
    engine: Engine, connect: Callable[..., SqlConnector], column: str, value: str
) -> None:
    """E-mail, telephone and IIN that the map does not know of are found again, in tables that it does not know too."""
    sql(
        engine,
        PEOPLE,
        ONE,
        f"CREATE TABLE journal (id int, line {column})",
        f"INSERT INTO journal VALUES (1, '{value}')",
    )
    sql(engine, f"ALTER TABLE people ADD COLUMN copied {column}", f"UPDATE people SET copied = '{value}' WHERE id = 1")
    system = connect(mapped("blank", email="with: gone@example.org", plain="other, copied"))
    erased(system)
    left = system.rescan(WHO)
    assert not left.clean
    assert {(one.table, one.column, one.rows, one.mapped) for one in left.left} == {
        ("people", "copied", 1, False),
        ("journal", "line", 1, False),
    }


def test_an_erasure_that_changes_nothing_is_not_called_clean(
    engine: Engine, connect: Callable[..., SqlConnector]
) -> None:
    """A map that keeps every column changes nothing, says so, and the search finds the person again."""
    sql(engine, PEOPLE, ONE)
    columns = "columns: {email: {act: keep}, name: {act: keep}}, plain: [other]"
    system = connect(HEAD + f"  people: {{key: [id], person: {{email: email}}, act: blank, {columns}}}")
    plan = system.plan(WHO, ERASE)
    assert plan.rows == 0
    system.execute(plan, WHO, order="R-1")
    assert not system.rescan(WHO).clean


def test_a_column_that_nobody_described_stops_the_plan(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """No column of a row that stays is passed over in silence: it is told, and nothing is done before it is decided."""
    sql(engine, PEOPLE, ONE)
    system = connect(mapped("blank", email="with: gone@example.org", plain=""))
    plan = system.plan(WHO, ERASE)
    assert blocking(plan) == [("column_not_mapped", "people.other")]
    with pytest.raises(NotAllowed):
        system.execute(plan, WHO, order="R-1")
    assert ("column_not_mapped", "people.other") in {(one.code.value, one.where) for one in system.look().problems}


@pytest.mark.parametrize(
    ("email", "met"),
    [
        ("", [("not_null", "people.email")]),
        ("with: ''", []),
        ("act: depersonalise", []),
    ],
)
def test_a_column_that_may_not_be_empty_is_met_before(
    engine: Engine, connect: Callable[..., SqlConnector], email: str, met: list[tuple[str, str]]
) -> None:
    """NOT NULL is told in the plan with what to write into the map; nothing is half done."""
    sql(engine, PEOPLE, ONE)
    system = connect(mapped("blank", email=email))
    before = everything(engine)
    plan = system.plan(WHO, ERASE)
    assert blocking(plan) == met
    assert everything(engine) == before
    if not met:
        system.execute(plan, WHO, order="R-1")
        assert system.rescan(WHO).clean


def test_rules_of_the_database_are_met_before(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """A CHECK that the new value would break, or a constant in a unique column, is told in the plan."""
    sql(engine, PEOPLE.replace("other varchar(80)", "other varchar(80), CHECK (email LIKE '%@%'), CHECK (id > 0)"), ONE)
    system = connect(mapped("blank", email="with: none"))
    assert blocking(system.plan(WHO, ERASE)) == [("check", "people.email")]
    sql(engine, "DROP TABLE people", PEOPLE.replace("NOT NULL,", "NOT NULL UNIQUE,"), ONE)
    again = connect(mapped("blank", email="with: a@b.kz"))
    assert blocking(again.plan(WHO, ERASE)) == [("unique", "people.email")]
    third = connect(mapped("blank", email="act: depersonalise"))
    erased(third)


@pytest.mark.parametrize(("action", "code"), [("", "referred_to"), ("ON DELETE CASCADE", "cascade")])
def test_rows_of_an_unmapped_table_are_met_before(
    engine: Engine, connect: Callable[..., SqlConnector], action: str, code: str
) -> None:
    """Rows that the map does not know, and that would block the deletion or vanish with it, are told in the plan."""
    loans = f"CREATE TABLE loans (id int PRIMARY KEY, person int, FOREIGN KEY (person) REFERENCES people (id) {action})"
    sql(engine, PEOPLE, ONE, loans, "INSERT INTO loans VALUES (5, 1)")
    system = connect(mapped("delete"))
    before = everything(engine)
    assert blocking(system.plan(WHO, ERASE)) == [(code, "loans.person")]
    assert everything(engine) == before
    assert Trouble.TABLE_NOT_MAPPED in {one.why for one in system.find(WHO).not_reached}
    bolat = {"email": ("bolat@example.kz",)}
    system.execute(system.plan(bolat, ERASE), bolat, order="R-1")


def test_what_appears_after_the_plan_undoes_all(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """A row that comes between plan and execution and stands against it takes everything back."""
    loans = "CREATE TABLE loans (id int PRIMARY KEY, person int, FOREIGN KEY (person) REFERENCES people (id))"
    notes = "CREATE TABLE notes (person int, said varchar(80))"
    sql(engine, PEOPLE, ONE, loans, notes, "INSERT INTO notes VALUES (1, 'hello')")
    system = connect(mapped("delete") + "\n  notes: {columns: {said: {}}, refers: [{columns: [person], to: people}]}")
    plan = system.plan(WHO, ERASE)
    assert plan.ready
    sql(engine, "INSERT INTO loans VALUES (5, 1)")
    before = everything(engine)
    with pytest.raises(Held):
        system.execute(plan, WHO, order="R-1")
    assert everything(engine) == before


def test_a_reference_that_may_not_be_empty_keeps_its_row(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """Who is mentioned by others' rows that cannot do without stays as a nameless row."""
    deals = "CREATE TABLE deals (id int PRIMARY KEY, agent int NOT NULL, FOREIGN KEY (agent) REFERENCES people (id))"
    sql(engine, PEOPLE, ONE, deals, "INSERT INTO deals VALUES (1, 1)")
    system = connect(
        mapped("delete", email="is: email")
        + "\n  deals: {key: [id], plain: [id], refers: [{columns: [agent], to: people, as: mentions}]}"
    )
    plan = system.plan(WHO, ERASE)
    assert [(one.table, one.act, one.because) for one in plan.steps] == [("people", Act.DEPERSONALISE, Trouble.NEEDED)]
    system.execute(plan, WHO, order="R-1")
    assert system.rescan(WHO).clean
    assert len(everything(engine)["people"]) == 2


def test_tables_that_refer_to_each_other_are_erased(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """A circle of references, a row that refers to itself, and a chain of five are followed and removed."""
    sql(
        engine,
        PEOPLE,
        ONE,
        "CREATE TABLE a (id int NOT NULL PRIMARY KEY, person int, b int, parent int REFERENCES a (id), "
        "FOREIGN KEY (person) REFERENCES people (id), FOREIGN KEY (parent) REFERENCES a (id))",
        "CREATE TABLE b (id int NOT NULL PRIMARY KEY, a int NOT NULL, FOREIGN KEY (a) REFERENCES a (id))",
        "INSERT INTO a VALUES (1, 1, NULL, NULL)",
        "INSERT INTO a VALUES (2, NULL, NULL, 1)",
        "INSERT INTO a VALUES (3, NULL, NULL, 2)",
        "INSERT INTO a VALUES (4, 2, NULL, NULL)",
        "INSERT INTO a VALUES (5, NULL, NULL, NULL)",
        "UPDATE a SET parent = 5 WHERE id = 5",
        "INSERT INTO b VALUES (1, 3)",
        "INSERT INTO b VALUES (2, 4)",
        "UPDATE a SET b = 1 WHERE id = 1",
        "UPDATE a SET b = 1 WHERE id = 5",
    )
    if engine.dialect.name != "sqlite":
        sql(engine, "ALTER TABLE a ADD CONSTRAINT to_b FOREIGN KEY (b) REFERENCES b (id)")
    system = connect(
        mapped("delete")
        + """
  a:
    key: [id]
    plain: [id]
    refers: [{columns: [person], to: people}, {columns: [b], to: b}, {columns: [parent], to: a}]
  b: {key: [id], plain: [id], refers: [{columns: [a], to: a}]}
"""
    )
    found = system.find(WHO)
    assert {one.table: one.rows for one in found.tables} == {"people": 1, "a": 4, "b": 1}
    erased(system)
    after = everything(engine)
    assert [row[0] for row in after["a"]] == [4]
    assert [row[0] for row in after["b"]] == [2]


def test_rows_are_erased_although_what_led_to_them_is_emptied(
    engine: Engine, connect: Callable[..., SqlConnector]
) -> None:
    """Where references go both ways one has to be emptied first: the row that it led to still goes."""
    sql(
        engine,
        PEOPLE,
        ONE,
        "ALTER TABLE people ADD COLUMN card int",
        "CREATE TABLE cards (id int NOT NULL PRIMARY KEY, holder int, word varchar(80), "
        "FOREIGN KEY (holder) REFERENCES people (id))",
        "INSERT INTO cards VALUES (1, 1, 'secret'), (2, 1, 'second'), (3, 2, 'other')",
        "UPDATE people SET card = 2 WHERE id = 1",
    )
    if engine.dialect.name != "sqlite":
        sql(engine, "ALTER TABLE people ADD CONSTRAINT to_card FOREIGN KEY (card) REFERENCES cards (id)")
    system = connect(
        mapped("delete").replace("plain: [other]", "plain: [other], refers: [{columns: [card], to: cards, as: owns}]")
        + "\n  cards: {key: [id], columns: {word: {}}, plain: [id], refers: [{columns: [holder], to: people}]}"
    )
    erased(system)
    assert everything(engine)["cards"] == [(3, 2, "other")]


def test_tables_without_a_key_are_given_out_and_erased(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """Rows that cannot be told apart are still the person's."""
    sql(engine, "CREATE TABLE mailing (email varchar(80), word text)")
    sql(engine, f"INSERT INTO mailing VALUES ('Aigerim@example.kz', '{'x' * 20_000}'), ('aigerim@example.kz', 'b')")
    sql(engine, "INSERT INTO mailing VALUES ('bolat@example.kz', 'c')")
    system = connect(HEAD + "  mailing: {person: {email: email}, columns: {email: {}, word: {}}}")
    pages = list(system.export(WHO))
    assert sum(len(page.rows) for page in pages) == 2
    long = "".join(str(piece) for page in pages for piece in page.pieces)
    inline = "".join(str(cell) for page in pages for row in page.rows for cell in row)
    assert "x" * 20_000 in long + inline
    erased(system)
    assert everything(engine)["mailing"] == [("bolat@example.kz", "c")]


def test_a_key_that_is_personal_is_met_before(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """A natural key cannot be emptied where the row stays; where it goes, its children are found and go too."""
    sql(engine, "CREATE TABLE people (email varchar(80) NOT NULL PRIMARY KEY)")
    sql(engine, "CREATE TABLE visits (who varchar(80), FOREIGN KEY (who) REFERENCES people (email))")
    sql(engine, "INSERT INTO people VALUES ('Aigerim@example.kz')", "INSERT INTO visits VALUES ('Aigerim@example.kz')")
    source = HEAD + (
        "  people: {key: [email], person: {email: email}, act: ACT, columns: {email: {}}}\n"
        "  visits: {columns: {who: {}}, refers: [{columns: [who], to: people}]}\n"
    )
    assert ("key_is_personal", "people.email") in blocking(connect(source.replace("ACT", "blank")).plan(WHO, ERASE))
    system = connect(source.replace("ACT", "delete"))
    erased(system)
    assert everything(engine) == {"people": [], "visits": []}


def test_who_is_unknown_and_who_is_erased_look_alike(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """After an erasure a person is found no more than somebody who never was."""
    sql(engine, PEOPLE, ONE)
    system = connect(mapped("delete"))
    erased(system)
    assert system.find(WHO) == system.find({"email": ("never@example.kz",)})
