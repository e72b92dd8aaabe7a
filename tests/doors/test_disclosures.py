"""Handing over through the doors: ``/v1``, the command, the library."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import senim
from senim.cli import senim as command
from senim.identity import new_subject
from tests.doors.conftest import Door

HANDING = {"recipient": "courier", "purpose": "delivery"}


def test_the_recipient_s_data_comes_in_the_answer_and_stands_in_the_register(door: Door) -> None:
    """travel-9, travel-34: what a recipient got, when and for what is told of every handing-over."""
    person, nobody = door.person(), new_subject()
    answer = door.post("/v1/disclosures", {"subjects": [person.subject, nobody], **HANDING})
    assert answer.status == 201
    got = answer.json["data"][person.subject]
    assert {name: one["value"] for name, one in got.items()} == {name: person.values[name] for name in got}
    assert set(got)
    assert [one["code"] for one in answer.json["refused"][nobody]] == ["not_found"]
    (line,) = door.get(f"/v1/subjects/{person.subject}/disclosures").json["disclosures"]
    assert (line["disclosure"], line["recipient"]) == (answer.json["disclosure"], "courier")
    assert line["country"] == "KZ"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"subjects": []}, 400, "body_malformed"),
        ({"subjects": ["me"]}, 400, "body_malformed"),
        ({"recipient": "somebody"}, 403, "recipient_undeclared"),
        ({"country": "US"}, 403, "country_not_allowed"),
        ({"surprise": 1}, 400, "body_malformed"),
    ],
)
def test_a_wrong_handing_over_is_refused_with_its_reason(
    door: Door, body: dict[str, object], status: int, code: str
) -> None:
    """Nothing leaves, and the caller hears why."""
    person = door.person()
    answer = door.post("/v1/disclosures", {"subjects": [person.subject], **HANDING, **body})
    assert (answer.status, answer.json["code"]) == (status, code)
    assert door.get(f"/v1/subjects/{person.subject}/disclosures").json["disclosures"] == []


def test_a_key_without_the_grant_hands_over_nothing(door: Door) -> None:
    """No door gives a role more than the policy's grants."""
    person = door.person()
    answer = door.post("/v1/disclosures", {"subjects": [person.subject], **HANDING}, role="desk")
    assert answer.status == 403
    assert door.post("/v1/disclosures", {"subjects": [person.subject], **HANDING}, role=None).status == 401


def test_the_command_and_the_library_hand_over_too(door: Door) -> None:
    """One verb behind every door."""
    person, folder = door.person(), str(door.stage.platform.folder)
    made = CliRunner().invoke(command, ["disclosures", "make", "courier", "delivery", person.subject, "-C", folder])
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert set(told["data"][person.subject])
    with senim.open(folder) as session:
        handed = session.disclose([person.subject], "courier", "delivery", categories=("identity",))
        assert {one.partition(".")[0] for one in handed.values[person.subject]} == {"identity"}
        assert [one.disclosure for one in session.disclosures(person.subject)] == [
            told["disclosure"],
            handed.disclosure,
        ]
    listed = CliRunner().invoke(command, ["disclosures", "list", person.subject, "-C", folder])
    assert "2 disclosures" in listed.stdout
    partly = CliRunner().invoke(
        command, ["disclosures", "make", "courier", "delivery", person.subject, new_subject(), "-C", folder]
    )
    assert partly.exit_code == 1
    assert "not_found" in partly.output


@pytest.mark.parametrize("others", [[], ["abc"]])
def test_an_address_in_the_place_of_an_id_is_nobody_and_reaches_no_entry(door: Door, others: list[str]) -> None:
    """What was typed by mistake may be personal; an entry about what is no person could not be sealed either."""
    slip, folder = "i.petrov@firma.de", str(door.stage.platform.folder)
    made = CliRunner().invoke(command, ["disclosures", "make", "courier", "delivery", slip, *others, "-C", folder])
    assert made.exit_code == 1
    assert "not_found" in (made.output if others else str(getattr(made.exception, "code", "")))
    door.seal()
    told = [entry for _, entry in door.stage.platform.log.entries() if entry.act == "data.disclosed"]
    assert [(one.outcome, one.subject) for one in told] == [("refused", None)] * (1 + len(others))
