"""The command line: a request from the letter that came in to its answer, and who did what."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from senim.app import open_senim, throwaway
from senim.conformance.stage import Person, Stage
from tests.doors.conftest import Terminal


@pytest.fixture
def person(folder: Path, mini: bytes) -> Person:
    """A made-up person of this operator, who agreed to everything."""
    with open_senim(folder, environment={}) as senim:
        return Stage(senim, mini, throwaway).person()


def test_a_letter_is_entered_decided_and_carried_out_by_two_people(
    senim: Terminal, folder: Path, person: Person, tmp_path: Path
) -> None:
    """Entered, identified, granted and planned by one, approved by another, answered with a certificate."""
    scan = tmp_path / "letter.pdf"
    scan.write_bytes(b"%PDF-1.7 please erase me")
    body = {"kind": "erase", "way": "letter", "language": "en", "text": "Please erase everything.",
            "identifiers": {"email": person.values["contact.email"]}}  # fmt: skip
    opened = senim(
        "requests", "open", "--paper", "letter", scan, "--as", "anna", "-C", folder, "--json", typed=json.dumps(body)
    )
    assert opened.code == 0, opened.err
    number = opened.json["number"]
    assert person.values["contact.email"] not in opened.out
    listed = senim("requests", "list", "-C", folder)
    assert number in listed.out
    assert "identity_needed" in listed.out
    shown = senim("requests", "identify", number, "--document", "--as", "anna", "-C", folder, "--json")
    assert (shown.json["state"], shown.json["proven_by"]) == ("received", "staff:anna")
    decided = senim("requests", "decide", number, "--grant", "--as", "anna", "-C", folder, "--json")
    assert decided.json["state"] == "waiting_approval", decided.err
    digest = decided.json["plan"]["digest"]
    own = senim("requests", "approve", number, "--plan", digest, "--as", "anna", "-C", folder)
    assert own.code == 1
    assert "second_person_needed" in own.err
    done = senim("requests", "approve", number, "--plan", digest, "--as", "boris", "-C", folder, "--json")
    assert (done.json["state"], done.json["data_rights_protocol"]["status"]) == ("answered", "fulfilled"), done.err
    out = tmp_path / "certificate.jws"
    answer = senim("requests", "answer", number, "certificate", "--out", out, "-C", folder)
    assert answer.code == 0
    assert out.read_text(encoding="utf-8").count(".") == 2
    assert senim("subjects", "read", person.subject, "orders", "-C", folder).code == 1
    assert senim("verify", "-C", folder).code == 0


def test_what_was_written_is_shown_when_it_is_asked_for_alone(senim: Terminal, folder: Path, person: Person) -> None:
    """``show`` has no value of a person in it; ``show --read`` has, and the log knows of the look."""
    body = {"kind": "claim", "way": "letter", "language": "en", "text": "Give back my money for the pink parrot."}
    number = senim("requests", "open", "-C", folder, "--json", typed=json.dumps(body)).json["number"]
    plain = senim("requests", "show", number, "-C", folder, "--json")
    assert "parrot" not in plain.out
    assert "pink parrot" in senim("requests", "show", number, "--read", "-C", folder, "--json").out
    assert "request.read" in senim("log", "show", "-C", folder).out + senim("log", "export", "-C", folder).out
    assert senim("requests", "overdue", "-C", folder).code == 0
    assert senim("requests", "tidy", "-C", folder, "--json").json["destroyed"] == 0


def test_where_something_is_still_found_is_shown(
    senim: Terminal, folder: Path, person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is not done because of a table that the map forgot says which one, without ``--json``."""
    address, file = person.values["contact.email"], tmp_path / "made.db"
    with closing(sqlite3.connect(file)) as made, made:
        made.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT)")
        made.execute("CREATE TABLE forgotten (note TEXT)")
        made.execute("INSERT INTO people (email) VALUES (?)", (address,))
        made.execute("INSERT INTO forgotten VALUES (?)", (address,))
    monkeypatch.setenv("MADE_URL", f"sqlite:///{file}")
    (folder / "connectors").mkdir()
    (folder / "connectors" / "made.yaml").write_text(
        "senim-map: 1\nsystem: {name: made, url-env: MADE_URL}\ntables:\n"
        "  people: {key: [id], person: {email: email}, act: delete, columns: {email: {}}, plain: [id]}\n",
        encoding="utf-8",
    )
    body = {"kind": "erase", "way": "counter", "language": "en", "subject": person.subject}
    number = senim("requests", "open", "-C", folder, "--json", typed=json.dumps(body)).json["number"]
    senim("requests", "identify", number, "--document", "--subject", person.subject, "-C", folder)
    digest = senim("requests", "decide", number, "--grant", "-C", folder, "--json").json["plan"]["digest"]
    senim("requests", "approve", number, "--plan", digest, "--as", "second", "-C", folder)
    shown = senim("requests", "show", number, "-C", folder).out
    assert "made: forgotten.note still found 1" in shown
    assert address not in shown


def test_wrong_use_is_told(senim: Terminal, folder: Path) -> None:
    """A number that is none, a body that is none, an identification without a way."""
    assert senim("requests", "show", "R-1", "-C", folder).code == 1
    assert "body_malformed" in senim("requests", "open", "-C", folder, typed="{").err
    assert senim("requests", "decide", "R-2026-00000018", "-C", folder).code == 2
    assert senim("requests", "list", "-C", folder, "--json").json == []
