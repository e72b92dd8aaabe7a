"""The command line: people, consents, the gate, keys of systems; and what may stand on a screen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from senim.app import open_senim, throwaway
from senim.audit.statements import open_statement
from senim.conformance.stage import Person, Stage
from senim.identity import is_id
from tests.doors.conftest import Terminal

MARKER = "Маркеров-Тайный"
NOBODY = "0" * 32


@pytest.fixture
def person(folder: Path, mini: bytes) -> Person:
    """A made-up person of this operator, who agreed to everything."""
    with open_senim(folder, environment={}) as senim:
        return Stage(senim, mini, throwaway).person()


def test_a_person_is_found_without_the_value_in_the_shell_s_history(
    senim: Terminal, folder: Path, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The identifier is asked for, unseen, if it is left out: it stands neither in the history nor on the screen."""
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: person.values["contact.email"])
    typed = senim("subjects", "find", "email", "-C", folder)
    assert typed.code == 0
    assert typed.out.strip().endswith(person.subject)
    assert person.values["contact.email"] not in typed.out + typed.err
    told = senim("subjects", "find", "phone", "--value", person.values["contact.phone"], "-C", folder, "--json")
    assert told.json == {"subject": person.subject}


def test_a_look_at_a_person_names_its_purpose_and_is_logged(senim: Terminal, folder: Path, person: Person) -> None:
    """travel-22: reading on the command line leaves an entry as at every door."""
    shown = senim("subjects", "read", person.subject, "orders", "-C", folder)
    assert person.values["identity.family"] in shown.out
    assert person.values["payment-card.pan"] not in shown.out  # no human sees card data (mini-3)
    assert "payment-card" in shown.out
    told = senim("subjects", "read", person.subject, "orders", "-C", folder, "--json").json
    assert told["values"]["identity.family"].keys() == {"value", "source", "at", "status", "masked", "place"}
    assert told["withheld"] == ["payment-card"]
    entries = senim("subjects", "log", person.subject, "-C", folder, "--json").json
    assert [one["entry"]["act"] for one in entries].count("data.read") == 2
    assert senim("subjects", "log", person.subject, "-C", folder).out.count("data.read") == 2


def test_a_role_on_the_command_line_is_held_to_its_grants(senim: Terminal, folder: Path, person: Person) -> None:
    """``--role`` narrows what may be done, and never widens it."""
    desk = senim("subjects", "read", person.subject, "orders", "--role", "desk", "-C", folder, "--json")
    assert desk.json["values"]["identity.family"]["value"] == person.values["identity.family"]
    assert desk.json["values"]["contact.email"]["masked"]
    assert person.values["contact.email"] not in desk.out
    denied = senim(
        "subjects", "erase", person.subject, "--reason", "withdrawn", "--yes", "--role", "desk", "-C", folder
    )
    assert (denied.code, denied.out) == (1, "")
    assert denied.err.startswith("role_not_allowed")


def test_a_block_is_set_and_lifted(senim: Terminal, folder: Path, person: Person) -> None:
    """travel-43: while it is set the shop may not use the data."""
    question = ("check", "use", "orders", "--subject", person.subject, "--role", "shop", "-C", folder)
    assert senim(*question).code == 0
    blocked = senim("subjects", "block", person.subject, "--reason", "request-of-person", "-C", folder, "--json")
    assert is_id(blocked.json["entry"])
    assert senim(*question).code == 1
    assert senim("subjects", "unblock", person.subject, "--reason", "check-finished", "-C", folder).code == 0
    assert senim(*question).code == 0


def test_a_purpose_is_stopped_and_resumed(senim: Terminal, folder: Path, person: Person) -> None:
    """travel-44: one purpose is stopped at once and the others go on; without a purpose all are."""
    news = ("check", "use", "newsletter", "--channel", "email", "--subject", person.subject, "-C", folder)
    orders = ("check", "use", "orders", "--subject", person.subject, "-C", folder)
    why = ("--reason", "request-of-person", "-C", folder)
    stopped = senim("subjects", "stop", person.subject, "--purpose", "newsletter", *why, "--json")
    assert is_id(stopped.json["entry"])
    assert (senim(*news).code, senim(*orders).code) == (1, 0)
    assert senim("subjects", "resume", person.subject, "--purpose", "newsletter", *why).code == 0
    assert senim("subjects", "stop", person.subject, *why).out.startswith("stopped; entry ")
    assert (senim(*news).code, senim(*orders).code) == (1, 1)
    assert senim("subjects", "resume", person.subject, *why).code == 0
    assert (senim(*news).code, senim(*orders).code) == (0, 0)
    assert senim("subjects", "resume", person.subject, *why).code == 1


def test_an_event_ends_a_term(senim: Terminal, folder: Path, person: Person) -> None:
    """mini-2: when the order is completed its purpose is over; an unknown event, or one yet to come, is refused."""
    orders = ("check", "use", "orders", "--subject", person.subject, "-C", folder)
    event = ("subjects", "event", person.subject)
    assert senim(*event, "moon-full", "-C", folder).code == 1
    assert senim(*event, "order-completed", "--at", "2999-01-01", "-C", folder).code == 1
    assert senim(*orders).code == 0
    assert is_id(senim(*event, "order-completed", "-C", folder, "--json").json["entry"])
    told = senim(*orders)
    assert (told.code, "term_over" in told.out) == (1, True)


def test_values_are_corrected_from_a_file(senim: Terminal, folder: Path, person: Person, tmp_path: Path) -> None:
    """travel-39: a correction needs no value on the command line; what is not declared is refused."""
    file = tmp_path / "values.json"
    file.write_text('{"identity.family": "Сынақова"}', encoding="utf-8")
    done = senim("subjects", "correct", person.subject, "orders", file, "-C", folder, "--json")
    assert done.json == {"changed": ["identity.family"]}
    assert "Сынақова" in senim("subjects", "read", person.subject, "orders", "-C", folder).out
    for wrong in ('{"contact.pager": "5"}', "[", '["identity.family"]'):
        file.write_text(wrong, encoding="utf-8")
        assert senim("subjects", "correct", person.subject, "orders", file, "-C", folder).code == 1


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_erasure_is_asked_about_first(senim: Terminal, folder: Path, person: Person, typed: str) -> None:
    """What cannot be undone waits for a yes; anything else, and a closed keyboard too, is a no."""
    ran = senim("subjects", "erase", person.subject, "--reason", "withdrawn", "-C", folder, typed=typed)
    assert ran.code == 1
    assert senim("subjects", "read", person.subject, "orders", "-C", folder).code == 0


def test_erasure_prints_a_proof_that_holds(senim: Terminal, folder: Path, person: Person) -> None:
    """airline-12: gone for every command, and the proof can be verified with the public key alone."""
    done = senim("subjects", "erase", person.subject, "--reason", "withdrawn", "--yes", "-C", folder, "--json").json
    assert done.keys() == {"subject", "erased_at", "categories", "documents", "identifiers", "entry", "proof"}
    key = senim("keys", "public", "-C", folder, "--json").json["statements"]
    assert open_statement(done["proof"], key)[1]["subject"] == person.subject
    for gone in (("subjects", "read", person.subject, "orders"), ("consents", "give", person.subject, "orders")):
        ran = senim(*gone, "-C", folder)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("subject_erased")
    assert senim("subjects", "find", "email", "--value", person.values["contact.email"], "-C", folder).code == 1


def test_consents_are_listed_withdrawn_given_and_proven(senim: Terminal, folder: Path, person: Person) -> None:
    """mini-4: a clerk can do for a caller what a site does, with the evidence."""
    listed = senim("consents", "list", person.subject, "-C", folder, "--json").json
    event = listed["consents"][0]["event"]
    assert "given" in senim("consents", "list", person.subject, "-C", folder).out
    proof = senim("consents", "prove", person.subject, event, "-C", folder, "--json").json
    assert proof["event"]["id"] == event
    assert proof["shown"]
    ended = senim("consents", "withdraw", person.subject, "newsletter@email", "-C", folder, "--json").json
    assert len(ended["events"]) == len(ended["receipts"]) == 1
    everything = senim("consents", "withdraw", person.subject, "all", "-C", folder)
    assert "orders withdrawn" in everything.out
    digest = senim("intake", "notice", "registration", "-C", folder, "--json").json["digest"]
    evidence = json.dumps({"surface": "counter", "act": "signature", "language": "ru"})
    given = senim(
        "consents", "give", person.subject, "orders", "--notice", digest, "--evidence", evidence, "-C", folder, "--json"
    )
    assert given.json["events"][0]["said"]["proven"] is True
    unproven = senim("consents", "give", person.subject, "orders", "--evidence", '{"act": "use"}', "-C", folder)
    assert "unproven" in unproven.out


def test_the_gate_answers_yes_and_no_by_its_exit_code(senim: Terminal, folder: Path, person: Person) -> None:
    """A script need not read: 0 is yes, 1 is no; whoever reads sees clause and article."""
    yes = senim("check", "use", "orders", "--subject", person.subject, "-C", folder)
    assert (yes.code, yes.out.splitlines()[0]) == (0, "allowed")
    no = senim("check", "transfer", "orders", "--subject", person.subject, "--recipient", "nobody", "-C", folder)
    assert (no.code, no.out.splitlines()[0]) == (1, "refused")
    assert re.search(r"recipient_undeclared: nobody: .* \[(\S+, )?art\. \S+", no.out)
    told = senim("check", "use", "newsletter", "--subject", person.subject, "-C", folder, "--json")
    assert told.code == 1
    assert told.json.keys() == {"allowed", "reasons", "decision"}
    assert told.json["reasons"][0]["code"] == "channel_missing"


NAMES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("check", "use", "newsletter", "--channel", "fax"), "known channels of newsletter: email, sms"),
    (("check", "use", "newsleter"), "known purposes: orders, delivery, newsletter, bookkeeping"),
    (("check", "use", "orders", "--category", "contct"), "known categories: identity, contact, payment-card, profile"),
    (("check", "transfer", "orders", "--recipient", "kurier"), "known recipients of orders: mailer"),
    (("check", "depersonalise", "delivery"), "known operations of delivery: use, transfer"),
    (("check", "use", "orders", "--role", "sit"), "the policy's roles: responsible, shop, till, desk"),
    (("access", "add", "site", "--role", "sit"), "the policy's roles: shop, till, desk"),
    (("consents", "give", "{person}", "newsletter@fax"), "known channels of newsletter: email, sms"),
    (("consents", "give", "{person}", "oders"), "known purposes: orders, delivery, newsletter, bookkeeping"),
    (("consents", "withdraw", "{person}", "orders/kurier"), "known recipients of orders: mailer"),
    (("consents", "give", "{person}", "orders", "--evidence", '{"language": "de"}'), "language: one of en, kk, ru"),
    (
        ("consents", "give", "{person}", "orders", "--evidence", '{"tongue": "ru"}'),
        "tongue: known here: notice, language",
    ),
    (("intake", "notice", "nowhere"), "known points: registration"),
)


@pytest.mark.parametrize(("command", "says"), NAMES, ids=[" ".join(command) for command, _ in NAMES])
def test_a_name_that_is_not_known_is_told_with_those_that_are(
    senim: Terminal, folder: Path, person: Person, command: tuple[str, ...], says: str
) -> None:
    """A misspelt name is mended from the answer, without looking into the policy."""
    ran = senim(*(part.replace("{person}", person.subject) for part in command), "-C", folder)
    assert ran.code in (1, 2)
    assert says in ran.out + ran.err


def test_keys_of_systems_are_made_listed_and_revoked(senim: Terminal, folder: Path) -> None:
    """The token is shown once and stands nowhere; who lacks it cannot come in."""
    made = senim("access", "add", "site, shop", "--role", "shop", "-C", folder, "--json").json
    secret = made["token"].rpartition("_")[2]
    listed = senim("access", "list", "-C", folder, "--json")
    assert [(one["id"], one["label"], one["role"], one["revoked"]) for one in listed.json] == [
        (made["id"], "site, shop", "shop", None)
    ]
    assert secret not in listed.out
    assert all(secret.encode() not in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert senim("access", "revoke", made["id"], "-C", folder, "--json").json == {"id": made["id"], "revoked": True}
    assert "revoked" in senim("access", "list", "-C", folder).out
    for wrong in (made["id"], NOBODY, MARKER, ""):
        ran = senim("access", "revoke", wrong, "-C", folder)
        assert (ran.code, ran.err.partition(":")[0]) == (1, "not_found"), wrong
        assert MARKER not in ran.err


@pytest.mark.parametrize(
    ("label", "role", "code"),
    [
        ("x", "nobody", "not_found"),
        ("x\n", "shop", "invalid_value"),
        ("", "shop", "invalid_value"),
        ("x" * 61, "shop", "invalid_value"),
    ],
)
def test_a_key_belongs_to_a_role_and_has_a_name(
    senim: Terminal, folder: Path, label: str, role: str, code: str
) -> None:
    """A key without a role of the policy is none."""
    ran = senim("access", "add", label, "--role", role, "-C", folder)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(code)


def test_no_refusal_on_the_screen_repeats_what_was_typed(senim: Terminal, folder: Path, person: Person) -> None:
    """mini-2: error streams end up in tickets and logs; no value of a person is in them."""
    tries = (
        ("subjects", "find", "email", "--value", MARKER),
        ("subjects", "find", MARKER, "--value", MARKER),
        ("subjects", "read", MARKER, "orders"),
        ("subjects", "read", person.subject, MARKER),
        ("subjects", "log", MARKER),
        ("subjects", "block", MARKER, "--reason", "legal-duty"),
        ("subjects", "erase", MARKER, "--reason", "withdrawn", "--yes"),
        ("consents", "list", MARKER),
        ("consents", "give", person.subject, MARKER),
        ("consents", "give", MARKER, "orders"),
        ("consents", "give", person.subject, "orders", "--notice", MARKER),
        ("consents", "give", person.subject, "orders", "--evidence", json.dumps({"document": MARKER})),
        ("consents", "give", person.subject, "orders", "--evidence", json.dumps({"at": MARKER})),
        ("consents", "withdraw", person.subject, MARKER),
        ("consents", "prove", person.subject, MARKER),
        ("check", "use", MARKER),
        ("check", "use", "orders", "--subject", MARKER),
        ("check", "use", "orders", "--recipient", MARKER),
        ("check", "use", "orders", "--category", MARKER),
    )
    for arguments in tries:
        ran = senim(*arguments, "-C", folder)
        assert ran.code == 1, arguments
        assert MARKER not in ran.out + ran.err, arguments
        assert "internal" not in ran.err
    assert MARKER not in senim("log", "show", "--from", "0", "-C", folder, "--json").out


def test_a_bug_prints_its_place_and_no_message(senim: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw ends with 1 and without a value that a program's own message might hold."""
    from senim.vault import Vault

    def broken(*_: object, **__: object) -> None:
        raise KeyError(MARKER)

    monkeypatch.setattr(Vault, "find", broken)
    ran = senim("subjects", "find", "email", "--value", MARKER, "-C", folder)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("internal error: KeyError in broken (test_cli_people.py:")
    assert MARKER not in ran.err


def test_a_reader_who_leaves_early_is_no_error(folder: Path) -> None:
    """``senim … | head -1`` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        ran = subprocess.run(
            [sys.executable, "-c", "from senim.cli import main; main()", "policy", "schema"],
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert ran.stderr == b""
    assert ran.returncode in (0, 1)


def test_an_open_claim_holds_the_destruction(senim: Terminal, folder: Path, person: Person) -> None:
    """The shell is told which claim it is; a court's decision goes before it."""
    body = {"kind": "claim", "way": "api", "language": "en", "subject": person.subject, "text": "A refund."}
    number = senim("requests", "open", "-C", folder, "--json", typed=json.dumps(body)).json["number"]
    erase = ("subjects", "erase", person.subject, "--yes", "-C", folder, "--reason")
    held = senim(*erase, "purpose-met")
    assert held.code == 1
    assert held.err.startswith(f"claim_open: {number}")
    assert senim(*erase, "court-decision").code == 0
