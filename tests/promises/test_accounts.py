"""What people do for themselves in the portal: change what is theirs, open it to a circle and close it again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from senim.cli.folder import profile
from senim.gate import Question
from senim.policy.taxonomy import Operation
from senim.testing import Person, Stage
from tests.doors.visitor import Visitor


@pytest.fixture
def airline(staged: Callable[[bytes], Stage]) -> Stage:
    """The airline, on SQLite and PostgreSQL in turn."""
    return staged(profile("airline"))


@pytest.fixture
def person(airline: Stage) -> Person:
    """Somebody on file there."""
    return airline.person()


@pytest.fixture
def client(airline: Stage, person: Person) -> Visitor:
    """The same person, signed in by a code."""
    visitor = Visitor(airline)
    visitor.sign_in(person)
    return visitor


def test_a_client_changes_its_data_and_settings_at_any_time(client: Visitor) -> None:
    """airline-11: a value is put right and a consent taken back at once; blocking and deleting are asked for."""
    client.get("/correct/work.position")
    assert "Dispatcher" in client.follow(client.post("/correct/work.position", how="at-once", value="Dispatcher"))
    choices = client.get("/choices")
    purpose = next(name for name, one in client.stage.policy.purposes.items() if one.optional)
    assert client.stage.policy.purposes[purpose].name.en[:10].lower() in choices.lower()
    assert "with effect at once" in client.follow(client.post("/choices/refuse", to=purpose))
    client.get("/requests/new/block")
    blocked = client.follow(client.post("/requests/new/block", ground="inaccurate"))
    assert "Blocking of data" in blocked
    assert "/portal/leave" in client.get("/")


def test_what_a_client_opens_to_a_circle_is_open_and_nothing_else(client: Visitor, person: Person) -> None:
    """airline-7: at the client's own wish, and closed again the next moment, one category by itself."""
    stage = client.stage
    circle = stage.policy.recipients["chosen-circle"]
    purpose, (first, second, *_) = circle.purposes[0], circle.uses
    seen = {
        one: Question(Operation.TRANSFER, purpose, person.subject, categories=(one,), recipient="chosen-circle")
        for one in (first, second)
    }
    assert [bool(stage.ask(one)) for one in seen.values()] == [True, True], "this person agreed to everything"
    client.get("/visibility")
    client.follow(client.post("/choices/refuse", to=f"{purpose}/chosen-circle#{first}"))
    assert [bool(stage.ask(one)) for one in seen.values()] == [False, True]
