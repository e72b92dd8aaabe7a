"""The vault: everything of a person is sealed, found without being read, and destroyed for good."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

import senim
from senim.audit.statements import open_statement
from senim.errors import SenimError
from senim.identity import SubjectId
from senim.vault import keystore, store
from tests.promises.conftest import Open
from tests.promises.house import House, run
from tests.promises.scanning import forms, holding, scan

SEALED = (
    ("travel", "booking", "travel-25"),
    ("airline", "registration", "airline-10"),
    ("tickets", "order", "tickets-16"),
    ("foundation", "agreement", "foundation-8"),
    ("shop", "order", "shop-11"),
)


def clerk(profile: str) -> str:
    """The role that takes data in at the point of the table."""
    return "office" if profile == "foundation" else "site"


def files(folder: Path) -> list[Path]:
    """Every file of the operator but the policy, which everybody may read."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "policy.yaml"]


def erased(place: House, subject: str, reason: str = "withdrawn") -> dict[str, object]:
    """Erase by command: what it says."""
    done = place.command("subjects", "erase", subject, "--reason", reason, "--yes", "--json")
    assert done.exit_code == 0, done.output
    told: dict[str, object] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize(("profile", "point", "clause"), SEALED, ids=[clause for *_, clause in SEALED])
def test_no_value_stands_in_clear_in_any_file(
    house: Open, tmp_path: Path, profile: str, point: str, clause: str
) -> None:
    """Personal data is stored encrypted: travel-25, airline-10, tickets-16, foundation-8, shop-11, foundation-25."""
    place = house(profile)
    public = (place.folder / "policy.yaml").read_text(encoding="utf-8")
    used: list[str] = []
    for _ in range(3):
        subject, values = place.person(point, clerk(profile), surface="document", act="signature")
        used += values.values()
        purpose = next(iter(place.stage.policy.purposes))
        place.door("site").read(subject, purpose)
    assert place.command("consents", "withdraw", subject, "all").exit_code == 0
    wanted = forms(used, public=public)
    assert len(wanted) > 20
    assert not scan(files(place.folder), wanted, tmp_path)
    planted = place.folder / "planted.txt"
    planted.write_text(f"a note of {max(used, key=len)}", encoding="utf-8")
    assert scan(files(place.folder), wanted, tmp_path), "the scan finds what is there"
    assert clause.startswith(profile)


def test_keys_stand_apart_and_are_readable_by_their_owner_alone(house: Open) -> None:
    """The database alone opens nothing: travel-25, airline-10, foundation-25."""
    place = house("travel")
    subject, _ = place.person("booking")
    wrapped = keystore.read_key(place.senim.key_store, SubjectId(subject))
    assert wrapped is not None
    place.close()
    assert holding(files(place.folder), [wrapped[1]]) == ["keys.db"]
    for key in (place.folder / "keys").iterdir():
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert holding(files(place.folder), [key.read_bytes().strip()]) == [key.name]
    exposed = place.folder / "keys" / "kek-1.key"
    exposed.chmod(0o644)
    refused = run("subjects", "read", subject, "booking", "-C", place.folder)
    assert isinstance(refused.exception, SenimError)
    assert refused.exception.code == "key_file_exposed"


@pytest.mark.parametrize(
    ("profile", "point", "field", "purpose", "writer", "reader", "clause"),
    [
        ("tickets", "registration", "papers.membership", "identification", "site", "members-desk", "tickets-9"),
        ("foundation", "agreement", "agreement.signed", "services", "office", "office", "foundation-8"),
        ("travel", "contact", "appeal.attachment", "requests", "site", "support", "travel-25"),
    ],
    ids=["tickets-9", "foundation-8", "travel-25"],
)
def test_files_are_sealed_and_every_look_is_logged(
    house: Open,
    tmp_path: Path,
    profile: str,
    point: str,
    field: str,
    purpose: str,
    writer: str,
    reader: str,
    clause: str,
) -> None:
    """Scans and signed papers: type and size limits, sealed, viewers logged: tickets-9, foundation-8, foundation-4."""
    place = house(profile)
    subject, _ = place.person(point, writer, surface="document", act="signature")
    line = b"(of one paper with many pages) "
    content = b"%PDF-1.7\n" + line * 20_000
    where, why = f"/v1/subjects/{subject}/fields/{field}/document", {"query_string": {"purpose": purpose}}
    stored = place.door(writer)("POST", where, content, content_type="application/pdf", **why)
    assert stored.status == 201, stored.body
    path = f"/v1/subjects/{subject}/documents/{stored.body['id']}"
    seen = place.door(reader)("GET", path, **why)
    assert seen.content == content
    assert seen.headers["Content-Disposition"].startswith("attachment")
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    assert not scan(files(place.folder), [line], tmp_path)
    looks = [one for one in place.log(subject) if one["act"] == "document.read"]
    assert [one["ref"] for one in looks] == [stored.body["id"]]
    for wrong, media, code in (
        (b"MZ a program", "application/pdf", "media_type_wrong"),
        (b"<html>", "text/html", "media_type_wrong"),
        (b"%PDF-1.7" + b"0" * 21_000_000, "application/pdf", "body_too_large"),
    ):
        refused = place.door(writer)("POST", where, wrong, content_type=media, **why)
        assert refused.codes == {code}
    assert clause.startswith(profile)


def test_papers_are_seen_by_the_desk_that_checks_them_alone(house: Open) -> None:
    """Checked by staff of the documents desk, by no other role: tickets-9, tickets-20."""
    place = house("tickets")
    subject, _ = place.person("registration")
    why = {"query_string": {"purpose": "identification"}}
    where = f"/v1/subjects/{subject}/fields/papers.membership/document"
    stored = place.door("site")("POST", where, b"%PDF-1.7 card", content_type="application/pdf", **why)
    path = f"/v1/subjects/{subject}/documents/{stored.body['id']}"
    for role in place.stage.policy.roles:
        seen = place.door(role)("GET", path, **why)
        assert (seen.status == 200) == (role == "members-desk"), role
        assert role == "members-desk" or b"%PDF" not in seen.content


FOUND = (
    ("travel", "booking", "contact.mobile", "travel-3"),
    ("tickets", "order", "contact.phone", "tickets-11"),
    ("airline", "registration", "contact.phone", "airline-12"),
    ("shop", "order", "contact.phone", "shop-20"),
)


@pytest.mark.parametrize(("profile", "point", "phone", "clause"), FOUND, ids=[clause for *_, clause in FOUND])
def test_people_are_found_however_a_number_is_written(
    house: Open, profile: str, point: str, phone: str, clause: str
) -> None:
    """By e-mail, telephone in all its ways and order number: travel-3, tickets-11, airline-12, shop-20."""
    place = house(profile)
    subject, values = place.person(point)
    place.person(point)
    national = values[phone][2:]
    site = place.door("site")
    ways = [values[phone], f"8{national}", f"+7 ({national[:3]}) {national[3:6]}-{national[6:8]}-{national[8:]}"]
    asked = [("phone", way) for way in ways] + [("email", values["contact.email"].upper())]
    asked += [(name, values[name]) for name in ("trip.order", "purchases.number", "order.number") if name in values]
    for kind, value in asked:
        found = site("POST", "/v1/subjects/find", {"kind": kind, "value": value})
        assert found.body.get("subject") == subject, kind
        told = place.command("subjects", "find", kind, "--value", value)
        assert told.stdout.strip() == subject
    nobody = site("POST", "/v1/subjects/find", {"kind": "phone", "value": "+77990000000"})
    assert nobody.status == 404
    assert clause.startswith(profile)


ERASED = (
    ("travel", "booking", "booking", "travel-39"),
    ("airline", "registration", "client", "airline-12"),
    ("foundation", "order", "services", "foundation-30"),
    ("shop", "order", "fulfilment", "shop-15"),
)


@pytest.mark.parametrize(("profile", "point", "purpose", "clause"), ERASED, ids=[clause for *_, clause in ERASED])
def test_an_erased_person_is_gone_and_the_proof_stays(
    house: Open, tmp_path: Path, profile: str, point: str, purpose: str, clause: str
) -> None:
    """Destroyed with key, values and index; proven to an outsider: travel-39, travel-45, airline-12, foundation-30."""
    place = house(profile)
    subject, values = place.person(point)
    with senim.open(place.folder, role="site") as library:
        done = erased(place, subject)
        assert not library.check(subject, "use", purpose)
    jwk = place.pages.get("/.well-known/jwks.json").get_json()["keys"][0]
    proof = open_statement(str(done["proof"]), jwk)[1]
    assert (proof["subject"], proof["reason"]) == (subject, "withdrawn")
    assert proof["destroyed"]["key"]
    assert proof["destroyed"]["categories"] > 0
    file = tmp_path / "proof.jws"
    file.write_text(str(done["proof"]), encoding="ascii")
    assert run("verify", file, "--key", json.dumps(jwk)).exit_code == 0
    site = place.door("site")
    assert site.check("use", purpose, subject).codes == {"subject_erased"}
    for request in (
        ("GET", f"/v1/subjects/{subject}/data?purpose={purpose}"),
        ("PATCH", f"/v1/subjects/{subject}/data", {"purpose": purpose, "values": {}}),
        ("POST", "/v1/intake", place.body(point, subject=subject)),
        ("POST", "/v1/consents", {"subject": subject, "purpose": purpose, "given": True}),
    ):
        assert site(*request).status == 410
    email = {"kind": "email", "value": values["contact.email"]}
    assert site("POST", "/v1/subjects/find", email).status == 404
    entries = place.log(subject)
    assert entries[0]["act"] in ("consent.given", "data.collected")
    assert any(one["id"] == done["entry"] and one["act"] == "subject.erased" for one in entries)
    assert clause.startswith(profile)


def rows_of(place: House, subject: str) -> tuple[bytes, list[bytes]]:
    """The wrapped key and the sealed values of a person, as they stand in the files."""
    wrapped = keystore.read_key(place.senim.key_store, SubjectId(subject))
    assert wrapped is not None
    return wrapped[1], [one.sealed for one in store.values_of(place.senim.database, SubjectId(subject))]


def test_no_byte_of_a_destroyed_key_is_left_in_the_key_store(house: Open) -> None:
    """Destroyed means gone from the files, write-ahead log included, while the service runs: airline-12, travel-39."""
    place = house("airline")
    people = [place.person("registration")[0] for _ in range(20)]
    kept = {subject: rows_of(place, subject) for subject in people}
    key_files = [place.folder / "keys.db", place.folder / "keys.db-wal"]
    gone = people[3:9]
    for subject in gone:
        with senim.open(place.folder) as library:
            library.erase(subject, reason="withdrawn")
    place.senim.tidy_keys()  # what the service's clock does every minute
    assert not holding(key_files, [kept[one][0] for one in gone])
    for subject in (*people[:3], *people[9:]):
        assert holding(key_files, [kept[subject][0]]), "keys of the others are where they were"
    place.close()
    assert not holding(files(place.folder), [key for one in gone for key in (kept[one][0], *kept[one][1])])


def test_an_old_copy_of_the_data_does_not_bring_an_erased_person_back(house: Open, tmp_path: Path) -> None:
    """Backups without the key open nothing; the person stays erased in them: airline-12, travel-21, travel-39."""
    place = house("airline")
    subject, values = place.person("registration")
    other, theirs = place.person("registration")
    place.close()
    backup = tmp_path / "backup.db"
    shutil.copy(place.folder / "senim.db", backup)
    assert run("subjects", "erase", subject, "--reason", "withdrawn", "--yes", "-C", place.folder).exit_code == 0
    shutil.copy(backup, place.folder / "senim.db")
    gone = run("subjects", "read", subject, "client", "-C", place.folder)
    assert isinstance(gone.exception, SenimError)
    assert gone.exception.code in ("subject_erased", "person_key_missing")
    assert values["person.family"] not in gone.output
    still = run("subjects", "read", other, "client", "-C", place.folder)
    assert theirs["contact.email"] in still.output
