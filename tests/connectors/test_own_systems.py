"""The systems of an operator's folder, by kind; and tasks for people, at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from senim.app import Senim, make_folder, open_senim
from senim.cli import senim as command
from senim.connectors.files import FilesConnector
from senim.connectors.manual import ManualConnector
from senim.connectors.mapfile import read
from senim.connectors.records import State, Wish, WishKind
from senim.connectors.webhook import WebhookConnector
from senim.errors import Code, Invalid, NotAllowed, NotFound, Unavailable
from senim.identity import Actor, ActorKind
from tests.connectors.places import FILES, HAND, HOOK, WHO

ERASE = Wish(kind=WishKind.ERASE)


@pytest.fixture
def folder(tmp_path: Path, mini: bytes) -> Path:
    """An operator's folder with three systems that are no databases."""
    made = tmp_path / "operator"
    make_folder(made, mini)
    (made / "connectors").mkdir()
    for name, source in {"hook": HOOK, "lists": FILES, "paper": HAND}.items():
        renamed = source.replace("name: shop", f"name: {name}")
        (made / "connectors" / f"{name}.yaml").write_text(renamed, encoding="utf-8")
    return made


def opened(folder: Path, **more: str) -> Senim:
    """The operator's platform, its addresses in the environment."""
    usual = {"SHOP_URL": "https://crm.example/x", "SHOP_SECRET": "x" * 32, "SHOP_FILES": str(folder)}
    return open_senim(folder, environment={**usual, **more})


def test_each_kind_of_system_has_its_connector(folder: Path) -> None:
    """A map is enough: what it is, where its address and its secret are."""
    with opened(folder) as senim:
        made = {one.name: type(one) for one in senim.systems.all()}
    assert made == {"hook": WebhookConnector, "lists": FilesConnector, "paper": ManualConnector}


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_secret_is_given_and_long(folder: Path, secret: str) -> None:
    """Calls are not signed with nothing, nor with what can be guessed; the secret is not repeated."""
    with opened(folder, SHOP_SECRET=secret) as senim, pytest.raises(Unavailable) as raised:
        senim.systems.connector("hook")
    assert raised.value.where == "SHOP_SECRET"


def test_a_map_of_tasks_has_its_role_and_words() -> None:
    """Who does it, and what to do in three languages: a fault with its place otherwise."""
    found = read(HAND.replace("  role: archive\n", "").replace("ru: Уничтожьте бумаги., ", "").encode())
    assert {one.where for one in found.faults} == {"system.role", "system.tasks.erase"}


def give(senim: Senim) -> str:
    """A task, as an order gives it; its id."""
    paper = senim.systems.connector("paper")
    receipt = paper.execute(paper.plan(WHO, ERASE), WHO, order="018f-order")
    assert receipt.state is State.WAITING
    [task] = senim.tasks.list(senim.database)
    return task.id


def test_a_task_is_done_by_its_role_with_evidence(folder: Path) -> None:
    """Another role neither sees whom it is about nor ends it; without evidence nobody does; then it is closed."""
    with opened(folder) as senim:
        task = give(senim)
        other = Actor(kind=ActorKind.STAFF, id="desk", role="desk")
        archive = Actor(kind=ActorKind.STAFF, id="archive-1", role="archive")
        with pytest.raises(NotAllowed):
            senim.run(other, lambda work: senim.tasks.read(work, task))
        with pytest.raises(NotAllowed):
            senim.run(other, lambda work: senim.tasks.done(work, task, archive="AR-2026/1"))
        _, about = senim.run(archive, lambda work: senim.tasks.read(work, task))
        assert about.who == WHO
        for wrong in ("", "done", "aigerim@example.kz"):
            with pytest.raises(Invalid) as raised:
                senim.run(archive, lambda work, wrong=wrong: senim.tasks.done(work, task, archive=wrong))  # type: ignore[misc]
            assert raised.value.code is Code.EVIDENCE_MISSING
        ended = senim.run(archive, lambda work: senim.tasks.done(work, task, archive="AR-2026/1", rows=2))
        assert ended.done_by == archive.label
        with pytest.raises(NotFound):
            senim.run(archive, lambda work: senim.tasks.read(work, task))


def test_a_task_stands_in_no_page_in_clear(folder: Path) -> None:
    """Whom it is about is sealed, in the database and in the log."""
    with opened(folder) as senim:
        give(senim)
        senim.tick()
    pages = b"".join(path.read_bytes() for path in folder.glob("*.db*"))
    assert len(pages) > 10_000
    assert b"aigerim" not in pages.lower()


def test_tasks_at_the_command_line(folder: Path) -> None:
    """Listed without a value, shown with its words, done with evidence."""
    with opened(folder) as senim:
        task = give(senim)
    runner, where = CliRunner(env={"SENIM_LANGUAGE": "en"}), ["-C", str(folder)]
    listed = runner.invoke(command, ["connectors", "tasks", *where])
    assert task in listed.output
    assert "aigerim" not in listed.output
    shown = runner.invoke(command, ["connectors", "task", task, *where])
    assert "Destroy the papers." in shown.output
    assert "aigerim@example.kz" in shown.output
    done = runner.invoke(command, ["connectors", "done", task, "--archive", "AR-2026/1", "--json", *where])
    assert (done.exit_code, json.loads(done.output)["evidence"]) == (0, "AR-2026/1")
    assert "0 tasks" in runner.invoke(command, ["connectors", "tasks", *where]).output
    assert "1 tasks" in runner.invoke(command, ["connectors", "tasks", "--all", *where]).output
