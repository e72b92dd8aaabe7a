"""The log: every act leaves its entry, nobody changes it unseen, outsiders verify it with the public key alone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

import senim
from senim.audit.tiles import TileName, pack, unpack
from tests.promises.conftest import Open
from tests.promises.house import House, Told, run

PROFILES = ("travel", "airline", "tickets", "foundation", "shop")


def verified(folder: Path, key: str, *anchors: Path) -> Told:
    """What an outsider learns of an exported log with the public key alone."""
    more = [part for anchor in anchors for part in ("--anchor", anchor)]
    done = run("verify", folder, "--key", key, "--json", *more)
    told: Told = json.loads(done.stdout)
    assert done.exit_code == (0 if told["ok"] else 1)
    return told


def exported(place: House, target: Path) -> str:
    """Export the log; its public key."""
    assert place.command("log", "export", str(target)).exit_code == 0
    return place.command("log", "key").stdout.strip()


@pytest.mark.parametrize("profile", PROFILES)
def test_every_act_on_a_person_is_in_the_log(house: Open, profile: str) -> None:
    """All actions are accounted for, refusals too: travel-22, tickets-5, shop-2, airline-10, foundation-25."""
    place = house(profile)
    point = place.stage.point(lambda one: one.subject == "self")
    purpose = place.stage.policy.points[point].consents[0].purpose
    subject, values = place.person(point)
    site = place.door("site")
    change = {"purpose": purpose, "values": {next(one for one in values if one.endswith(".given")): "Жанна"}}
    assert site.read(subject, purpose).status == 200
    assert site("PATCH", f"/v1/subjects/{subject}/data", change).status == 200
    assert site.check("use", purpose, subject).body["allowed"]
    assert not site.check("transfer", purpose, subject, recipient="somebody").body["allowed"]
    assert site.read(subject, "no-such-purpose").status == 403
    assert place.consent("site", subject, purpose, given=False).status == 201
    place.senim.tick()
    place.senim.log.release()
    assert place.command("subjects", "block", subject, "--reason", "unlawful-reported").exit_code == 0
    assert place.command("subjects", "erase", subject, "--reason", "request", "--yes").exit_code == 0
    entries = place.log(subject)
    acts = [(one["act"], one["outcome"]) for one in entries]
    for expected in (
        ("data.collected", "done"),
        ("consent.given", "done"),
        ("data.read", "done"),
        ("data.corrected", "done"),
        ("check.allowed", "allowed"),
        ("check.refused", "refused"),
        ("data.read", "refused"),
        ("consent.withdrawn", "done"),
        ("subject.blocked", "done"),
        ("subject.erased", "done"),
    ):
        assert expected in acts
    read = next(one for one in entries if one["act"] == "data.read" and one["outcome"] == "done")
    assert read["purpose"] == purpose
    assert read["categories"]
    assert read["actor"].startswith("service:key-")
    assert all(one["at"] and one["actor"] and one["policy"] == 1 for one in entries if one["act"] != "subject.blocked")
    text = json.dumps(entries, ensure_ascii=False)
    assert not any(value in text for value in (*values.values(), "Жанна") if len(value) > 5)


def test_a_refused_intake_is_logged_without_what_was_sent(house: Open) -> None:
    """The refusal is accounted for, the value is not kept: travel-22, shop-2, foundation-9."""
    place = house("shop")
    body = place.body("order")
    body["values"]["order.wishes"] = "у меня диабет"
    body["values"]["order.person@people.example"] = "1"
    assert place.take(body).status == 422
    assert place.command("verify").exit_code == 0
    entries = [one["entry"] for one in place.told("log", "show")]
    refused = next(one for one in entries if one["act"] == "data.collected")
    assert refused["outcome"] == "refused"
    assert {"special_category", "category_undeclared"} <= set(refused["codes"])
    text = json.dumps(entries, ensure_ascii=False)
    assert "диабет" not in text
    assert "people.example" not in text


def test_the_person_can_be_shown_who_looked(house: Open) -> None:
    """Accounting by person and category, for whoever may see the log: travel-22, travel-34, shop-21."""
    place = house("shop")
    subject, _ = place.person("order")
    support = place.door("support")
    assert support.read(subject, "feedback").status == 403
    assert place.door("order-desk").read(subject, "fulfilment").status == 200
    administration = place.door("administration")
    told = administration("GET", f"/v1/subjects/{subject}/entries").body
    looks = [one for one in (*(e["entry"] for e in told["entries"]), *told["waiting"]) if one["act"] == "data.read"]
    assert {one["outcome"] for one in looks} == {"done", "refused"}
    assert place.door("site")("GET", f"/v1/subjects/{subject}/entries").status == 403
    assert place.door("order-desk")("GET", "/v1/log/tile/entries/000").status == 403


def test_where_a_value_came_from_and_who_consented_can_be_shown_later(house: Open) -> None:
    """For each value: public, received before, or with consent, with evidence: shop-21."""
    place = house("shop")
    page = "https://people.example/open"
    public, _ = place.person("order", source={"id": "open", "place": page})
    before, _ = place.person("order", source="third-party")
    site = place.door("site")
    assert {one["place"] for one in site.read(public, "fulfilment").body["values"].values()} == {page}
    assert {one["source"] for one in site.read(before, "fulfilment").body["values"].values()} == {"third-party"}
    events = place.told("consents", "list", before)["events"]
    proof = place.told("consents", "prove", before, events[0]["id"])
    assert proof["receipt"].count(".") == 2
    assert proof["shown"].startswith("heading:")
    assert any(one["act"] == "consent.given" and one["id"] == events[0]["id"] for one in place.log(before))


@pytest.mark.parametrize("profile", PROFILES)
def test_an_outsider_verifies_live_and_exported_log_with_the_public_key(
    house: Open, tmp_path: Path, profile: str
) -> None:
    """Tamper-evident for everybody: travel-22, airline-10, foundation-25, tickets-23, shop-21."""
    place = house(profile)
    for _ in range(5):
        place.person(place.stage.point(lambda one: one.subject == "self"))
    live = place.told("verify")
    assert live["ok"]
    key = exported(place, tmp_path / "copy")
    copy = verified(tmp_path / "copy", key)
    assert (copy["ok"], copy["size"], copy["root"]) == (True, live["size"], live["root"])
    with senim.open(place.folder) as library:
        assert library.verify().root == live["root"]
    assert place.door()("GET", "/v1/keys").body["log"] == key
    stranger = "other.example/log+00000000+" + key.rpartition("+")[2]
    assert run("verify", tmp_path / "copy", "--key", stranger).exit_code == 1


@pytest.mark.parametrize(
    ("what", "kind"), [("changed", "changed"), ("removed", "removed"), ("moved", "moved"), ("cut", "cut")]
)
def test_whoever_changes_removes_reorders_or_cuts_entries_is_found(
    house: Open, tmp_path: Path, what: str, kind: str
) -> None:
    """Found and located, with the public key alone: travel-22, airline-10, tickets-23, shop-21."""
    place = house("travel")
    for _ in range(4):
        place.person("booking")
    key = exported(place, tmp_path / "copy")
    anchor = tmp_path / "kept-elsewhere"
    anchor.write_text(place.command("log", "checkpoint").stdout, encoding="utf-8")
    size = verified(tmp_path / "copy", key)["size"]
    bundle = tmp_path / "copy" / "tile" / TileName(-1, 0, size).path
    leaves = unpack(bundle.read_bytes())
    if what == "changed":
        leaves[7] = leaves[7].replace(b'"done"', b'"gone"')
    elif what == "removed":
        del leaves[7]
    elif what == "moved":
        leaves[7], leaves[8] = leaves[8], leaves[7]
    else:
        earlier = tmp_path / "copy" / "checkpoints"
        oldest = min(earlier.iterdir()).read_text(encoding="utf-8")
        (tmp_path / "copy" / "checkpoint").write_text(oldest, encoding="utf-8")
    bundle.write_bytes(pack(leaves))
    found = verified(tmp_path / "copy", key, anchor)
    assert not found["ok"]
    assert kind in {one["kind"] for one in found["problems"]}
    if what != "cut":
        assert 7 in {one["index"] for one in found["problems"]}


def test_a_change_in_the_database_itself_is_found_by_verify(house: Open, tmp_path: Path) -> None:
    """Not even the administrator of the database edits the past unseen: travel-22, shop-21, airline-10."""
    place = house("shop")
    for _ in range(3):
        place.person("order")
    assert place.told("verify")["ok"]
    place.close()
    shutil.copytree(place.folder, tmp_path / "forged")
    with sqlite3.connect(tmp_path / "forged" / "senim.db") as database:
        number, leaves = database.execute("SELECT n, leaves FROM log_bundle ORDER BY n").fetchone()
        forged = bytes(leaves).replace(b'"data.collected"', b'"data.corrected"', 1)
        assert forged != leaves
        database.execute("UPDATE log_bundle SET leaves = ? WHERE n = ?", (forged, number))
    database.close()
    found = run("verify", "-C", tmp_path / "forged", "--json")
    assert found.exit_code == 1
    assert "changed" in {one["kind"] for one in json.loads(found.stdout)["problems"]}


def test_the_log_can_be_read_by_role_alone_and_tiles_by_anybody(house: Open) -> None:
    """Outsiders get hashes and checkpoints, auditors entries: travel-22, tickets-7."""
    place = house("tickets")
    place.person("order")
    assert place.told("verify")["ok"]
    size = place.door()("GET", "/v1/log/checkpoint").content.decode().splitlines()[1]
    assert place.door()("GET", f"/v1/log/tile/0/000.p/{size}").status == 200
    assert place.door()("GET", f"/v1/log/tile/entries/000.p/{size}").status == 401
    assert place.door("administration")("GET", f"/v1/log/tile/entries/000.p/{size}").status == 200
    assert place.door("support")("GET", f"/v1/log/tile/entries/000.p/{size}").status == 403


def test_two_commands_in_a_row_see_each_others_entries(house: Open) -> None:
    """What one clerk did, the next one sees at once: travel-22, tickets-5."""
    place = house("tickets")
    subject, _ = place.person("order")
    place.close()
    for count in (1, 2, 3):
        assert run("subjects", "read", subject, "service", "-C", place.folder).exit_code == 0
        entries = json.loads(run("subjects", "log", subject, "--json", "-C", place.folder).stdout)
        assert sum(one["entry"]["act"] == "data.read" for one in entries) == count
