"""Connected systems at the console: proposed, mapped, saved with who did it, searched on record; orders and tasks."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import Client

from senim.app import open_senim
from senim.connectors import Task
from senim.connectors.manual_tasks import About
from senim.connectors.maps import digest_of
from senim.errors import Code, NotAllowed
from senim.identity import SYSTEM, new_subject
from senim.languages import LANGUAGES, Hint, Language, explain
from senim.messaging.records import To
from senim.orders import Claimed, Context, Receipt
from senim.web.site import site
from tests.console import Colleague, colleague

EMAIL = "aigerim@example.kz"
OTHER_MAP = "senim-map: 1\nsystem: {name: shop, timeout: 1}\ntables: {}\n"


@pytest.fixture
def me(folder: Path, tmp_path: Path) -> Iterator[Colleague]:
    """The responsible person of an operator whose shop is a small database."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            f"""
            CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT);
            CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers (id), note TEXT);
            INSERT INTO customers VALUES (1, '{EMAIL}', 'Aigerim'), (2, 'bolat@example.kz', 'Bolat');
            INSERT INTO orders VALUES (1, 1, ''), (2, 2, '');
            """
        )
    connection.close()
    with (folder / "senim.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[systems]\nshop = "sqlite:///{path}"\ndown = "postgresql://127.0.0.1:1/none"\n')
    with open_senim(folder, environment={}) as senim:
        yield colleague(senim, Client(site(senim)))


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1].replace("&#34;", '"').replace("&#39;", "'").replace("&gt;", ">").replace("&amp;", "&")


@pytest.fixture
def mapped(me: Colleague) -> Colleague:
    """The proposal is looked at and saved."""
    page = me.post("/console/connectors/add", {"name": "shop"})
    assert page.status_code == 200
    assert re.search(r"<span class=\"quiet\">[0-9]+ %", page.text)
    form = {one: _hidden(page.text, one) for one in ("source", "instead_of", "reason")}
    assert me.post("/console/connectors/systems/shop/save", form).status_code == 303
    return me


def test_a_proposal_gives_its_reasons_and_is_saved_as_a_version(mapped: Colleague) -> None:
    """Who saved it is on the list of versions and in the log; the file is what was shown."""
    assert "ready" in mapped.get("/console/connectors/").text
    page = mapped.get("/console/connectors/systems/shop").text
    assert "customers" in page
    versions = mapped.get("/console/connectors/systems/shop/versions").text
    assert "from a proposal" in versions
    assert "The responsible" in versions
    assert mapped.senim.systems.check("shop").map is not None
    assert "map.saved" in _log(mapped)


def _log(me: Colleague) -> str:
    """All entries of the log, as text."""
    me.senim.tick()
    return "\n".join(str(entry) for _, entry in me.senim.log.entries())


def test_a_table_is_edited_as_a_form_and_the_version_before_can_be_put_back(mapped: Colleague) -> None:
    """What the form does not speak of stays; each version shows what it changed."""
    address = "/console/maps/shop/table?table=customers"
    form = _form(mapped.get(address).text)
    form |= {"act": "depersonalise", "k0-name": "tax", "k0-for": "5 years", "k0-en": "Tax Code", "k0-since": "id"}
    assert mapped.post(address, form).status_code == 303
    found = mapped.senim.systems.check("shop").map
    assert found is not None
    customers = found.tables["customers"]
    assert (customers.act, customers.keep["tax"].for_, customers.person) == (
        "depersonalise",
        "5 years",
        {"email": "email"},
    )
    page = mapped.get("/console/connectors/systems/shop/versions/2").text
    assert "<ins>+     act: depersonalise</ins>" in page
    first = mapped.get("/console/connectors/systems/shop/versions/1").text
    back = {one: _hidden(first, one) for one in ("source", "instead_of", "reason")}
    assert mapped.post("/console/connectors/systems/shop/save", back).status_code == 303
    found = mapped.senim.systems.check("shop").map
    assert found is not None
    assert found.tables["customers"].act == "delete"


def _form(page: str) -> dict[str, str]:
    """What a browser would send of a form that nobody touched."""
    main = page[page.index("<main") :].split("<form", 2)[1]
    form = {}
    for tag in re.findall(r"<input[^>]*>", main):
        name = re.search(r' name="([^"]+)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or " checked" in tag):
            form[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', main, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        form[name] = chosen[1] if chosen else re.findall(r'value="([^"]*)"', options)[0]
    del form["csrf_token"]
    return form


def test_an_untouched_form_changes_nothing(mapped: Colleague) -> None:
    """Editing and saving is no loss: the map says the same afterwards."""
    before = mapped.senim.systems.check("shop").map
    for table in ("customers", "orders"):
        address = f"/console/maps/shop/table?table={table}"
        assert mapped.post(address, _form(mapped.get(address).text)).status_code == 303
    assert mapped.senim.systems.check("shop").map == before


def test_a_file_with_faults_is_not_saved_and_every_fault_is_told(mapped: Colleague) -> None:
    """Each with its line; what was typed is still there. What somebody else saved meanwhile is not written over."""
    page = mapped.get("/console/maps/shop/file").text
    begun = _hidden(page, "instead_of")
    wrong = OTHER_MAP.replace("timeout: 1", "timeout: 0").replace("{}", "{people: {act: remove}}")
    answer = mapped.post("/console/maps/shop/file", {"source": wrong, "instead_of": begun})
    assert answer.status_code == 400
    assert "line 2" in answer.text
    assert "line 3" in answer.text
    assert "act: remove" in answer.text
    empty = mapped.post("/console/maps/shop/file", {"source": "", "instead_of": begun})
    assert (empty.status_code, "The file is empty" in empty.text) == (400, True)
    assert mapped.post("/console/maps/shop/file", {"source": OTHER_MAP, "instead_of": begun}).status_code == 303
    assert mapped.post("/console/maps/shop/file", {"source": OTHER_MAP, "instead_of": begun}).status_code == 400


WORSE = OTHER_MAP.replace(
    "tables: {}", "tables:\n  people: {keep: {tax: {for: a while, act: Tax, since: made}}}\nplain-tables: [people]"
)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("kk", ("Уақытты былай жазыңыз: «5 years»", "«people» кестесі tables бөлігінде де тұр")),
        ("ru", ("Напишите время так: «5 years»", "«people» стоит и в tables")),
    ],
)
def test_faults_of_a_map_are_told_in_the_reader_s_language(
    me: Colleague, language: Language, says: tuple[str, str]
) -> None:
    """Each in its own words alone: what its code means in a policy is not meant here."""
    me.get(f"/console/?language={language}")
    page = me.post("/console/maps/shop/file", {"source": WORSE, "instead_of": ""})
    assert page.status_code == 400
    for one in says:
        assert one in page.text
    assert explain(Code.NUMBER_WRONG, language) not in page.text


@pytest.mark.parametrize(("language", "says"), [("kk", "құрылымынан ұсынылды"), ("ru", "по нынешней схеме базы")])
def test_a_proposal_says_what_to_look_at_first(me: Colleague, language: str, says: str) -> None:
    """On the page, and above the map that is saved."""
    me.get(f"/console/?language={language}")
    page = me.post("/console/connectors/add", {"name": "shop"}).text
    assert says in page
    assert says in _hidden(page, "source").partition("senim-map")[0]


def test_a_person_is_searched_on_record_and_their_data_shown_only_when_asked(mapped: Colleague) -> None:
    """Counts and ways first; the search is in the log without what was searched for."""
    found = mapped.post("/console/searches/shop", {"by-email": EMAIL, "wish": "find"})
    assert found.status_code == 200
    assert "customers → orders" in found.text
    assert "Aigerim" not in found.text
    assert (
        "Nothing stands in the way" in mapped.post("/console/searches/shop", {"by-email": EMAIL, "wish": "erase"}).text
    )
    shown = mapped.post("/console/searches/shop", {"by-email": EMAIL, "wish": "excerpts"})
    assert "Aigerim" in shown.text
    assert mapped.post("/console/searches/shop", {"wish": "find"}).status_code == 400
    said = _log(mapped)
    assert said.count("system.searched") == 3
    assert EMAIL not in said


def test_a_system_that_is_down_is_told_and_not_waited_for(mapped: Colleague) -> None:
    """The list and its page are there all the same."""
    text = OTHER_MAP.replace("shop", "down")
    assert mapped.post("/console/maps/down/file", {"source": text, "instead_of": ""}).status_code == 303
    assert "not reached" in mapped.get("/console/connectors/").text
    assert mapped.get("/console/connectors/systems/down").status_code == 200
    assert mapped.post("/console/connectors/systems/down/proposal").status_code == 303
    assert mapped.post("/console/searches/down", {"by-email": EMAIL, "wish": "find"}).status_code == 400


@pytest.mark.parametrize(
    ("language", "looked", "planned"),
    [
        ("kk", "«phone» бағанын «customers» кестесінің", "«email: {act: depersonalise}» немесе"),
        ("ru", "Впишите «phone» в «columns:»", "«email: {act: depersonalise}» или"),
        ("en", "Write “phone” under “columns:”", "“email: {act: depersonalise}” or"),
    ],
)
def test_what_helps_is_told_in_words_and_what_is_typed_stays(
    mapped: Colleague, tmp_path: Path, language: str, looked: str, planned: str
) -> None:
    """A sentence in the reader's language, or a line to be copied, at a system and at a search in it."""
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("ALTER TABLE customers ADD COLUMN phone TEXT")
    connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, customer_id INT REFERENCES customers (id))")
    connection.close()
    source = mapped.senim.maps.source("shop").decode().replace("act: delete", "act: blank")
    source = source.replace("  customers:", "  notes: {act: delete, key: [id]}\n  customers:", 1)
    form = {"source": source, "instead_of": digest_of(mapped.senim.maps.source("shop"))}
    assert mapped.post("/console/maps/shop/file", form).status_code == 303
    mapped.get(f"/console/?language={language}")
    page = unescape(mapped.get("/console/connectors/systems/shop").text)
    assert looked in page
    assert re.search(r'<pre class="line">refers: \[\{columns: \[customer_id\], to: customers', page)
    assert planned in unescape(mapped.post("/console/searches/shop", {"by-email": EMAIL, "wish": "erase"}).text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_that_is_missing_is_told_by_its_system(me: Colleague, language: Language) -> None:
    """Where somebody would search there."""
    text = OTHER_MAP.replace("shop", "lost")
    assert me.post("/console/maps/lost/file", {"source": text, "instead_of": ""}).status_code == 303
    me.get(f"/console/?language={language}")
    answer = me.post("/console/searches/lost", {"by-email": EMAIL, "wish": "find"})
    assert answer.status_code == 400
    assert Hint("no-address", system="lost", place="[systems] lost").sentences(language) in unescape(answer.text)


def test_a_dataset_of_fides_is_looked_at_before_it_is_saved(me: Colleague) -> None:
    """The maps that come of it are shown; nothing is written before somebody says so."""
    dataset = (
        b"dataset:\n  - fides_key: crm\n    collections:\n      - name: people\n        fields:\n"
        b"          - {name: id, fides_meta: {primary_key: true}}\n"
        b"          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}\n"
    )
    page = me.post("/console/connectors/fides", {"file": (io.BytesIO(dataset), "crm.yml")})
    assert page.status_code == 200
    assert me.senim.systems.names() == ()
    form = {one: _hidden(page.text, one) for one in ("source", "instead_of", "reason")}
    assert me.post("/console/connectors/systems/crm/save", form).status_code == 303
    assert me.senim.systems.names() == ("crm",)
    assert me.post("/console/connectors/fides", {"file": (io.BytesIO(b"a: 1"), "a.yml")}).status_code == 400


def test_other_roles_see_neither_systems_nor_orders(console: Callable[..., Colleague]) -> None:
    """The desk of the small policy is granted neither."""
    desk = console(role="desk")
    for path in ("connectors/", "maps/shop/file", "searches/shop", "orders/"):
        assert desk.get(f"/console/{path}").status_code == 403
    assert desk.get("/console/tasks/").status_code == 200


def test_an_order_is_shown_given_up_and_run_again(console: Callable[..., Colleague]) -> None:
    """With its attempts and reason; it is given up for a reason of the list alone."""
    me = console()
    me.senim.run(
        SYSTEM,
        lambda work: me.senim.messages.send(
            work,
            "code",
            to=To(address=EMAIL),
            language="ru",
            facts={"code": "482910", "minutes": 10},
            about="R-2026-000001",
        ),
    )
    order = me.senim.orders.list(me.senim.database, kind="mail.send")[0].id
    listed = me.get("/console/orders/").text
    assert "Send a message" in listed
    assert EMAIL not in listed
    assert "R-2026-000001" in me.get(f"/console/orders/{order}").text
    assert me.post(f"/console/orders/{order}/again").status_code == 303
    assert me.get(f"/console/orders/{order}/give-up").status_code == 200
    assert me.post(f"/console/orders/{order}/give-up", {"reason": "bored"}).status_code == 422
    assert me.post(f"/console/orders/{order}/give-up", {"reason": "mistaken"}).status_code == 303
    assert "given up" in me.get(f"/console/orders/{order}").text
    assert me.post(f"/console/orders/{order}/again").status_code == 409
    assert me.get("/console/orders/?state=nonsense").status_code == 422


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("kk", "Карта өзгерді: жаңа жоспар жасаңыз (crm)."),
        ("ru", "Карта теперь другая: составьте новый план (crm)."),
        ("en", "The map is another: plan again (crm)."),
    ],
)
def test_what_helps_an_order_is_read_in_each_language(
    console: Callable[..., Colleague], language: str, says: str
) -> None:
    """It is kept without words, beside the code."""
    me = console(language=language)
    orders = me.senim.orders

    def refuse(context: Context, claimed: Claimed) -> Receipt:
        raise NotAllowed(Code.CHANGED_MEANWHILE, "crm", hint=Hint("map-other"))

    orders.handle("drill.refuse", refuse)
    order = me.senim.run(SYSTEM, lambda work: orders.place(work, "drill.refuse", lane_of=new_subject()))
    assert orders.run_due() == 1
    page = me.get(f"/console/orders/{order}").text
    assert says in page
    assert "changed_meanwhile" in page


def test_a_task_tells_whom_it_is_about_when_asked_and_ends_with_evidence(console: Callable[..., Colleague]) -> None:
    """Only to its role; without a paper or a place it is not done."""
    me, desk = console(), console(role="desk")
    task = Task(id="", system="paper", of="01a204ee2b7e77b68f0d602ab81c4370", wish="erase", role="desk")
    made = me.senim.tasks.ask(b"12345678", task, About(who={"email": (EMAIL,)}))
    other = me.senim.tasks.ask(
        b"87654321", Task(id="", system="safe", of=task.of, wish="erase", role="till"), About(who={})
    )
    assert "paper" in desk.get("/console/tasks/").text
    assert "safe" not in desk.get("/console/tasks/").text
    assert desk.get(f"/console/tasks/{other.id}").status_code == 403
    address = f"/console/tasks/{made.id}"
    assert EMAIL not in desk.get(address).text
    assert EMAIL in desk.post(address).text
    refused = desk.post(f"{address}/done", {"rows": "2"})
    assert refused.status_code == 400
    assert f'<form method="post" action="{address}">' in refused.text, "whom it is about is asked for where it is told"
    assert desk.post(f"{address}/done", {"archive": "AR-2026/0412", "rows": "2"}).status_code == 303
    assert "AR-2026/0412" in desk.get(address).text
