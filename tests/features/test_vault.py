"""The vault: read, find, erase, settle, keys wrapped anew."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from sqlalchemy import select

from senim.app import Senim
from senim.audit.statements import open_statement
from senim.errors import Code, SenimError
from senim.identity import SubjectId
from senim.storage import Query, keys_metadata, main_metadata, query
from senim.testing import FixedClock, Person, Stage
from senim.vault import FileKeys
from senim.vault.records import ERASE_REASONS
from tests.features import acting
from tests.features.acting import about, another, at_once, find, recorded, refused, senim_of, told_of

ABOUT_PEOPLE = ("sealed_value", "sealed_document", "sealed_chunk", "blind", "person_key")


def rows_of(senim: Senim, subject: str) -> dict[str, int]:
    """How many rows of each table hold a person's id."""
    found = {}
    for metadata, database in ((main_metadata, senim.database), (keys_metadata, senim.key_store)):
        for name in set(ABOUT_PEOPLE) & set(metadata.tables):
            everything: Query = query(select(metadata.tables[name].c.subject))
            found[name] = sum(bytes(row[0]).hex() == subject for row in database.read(everything))
    return found


def test_a_read_names_its_purpose_and_is_in_the_log_before_it_is_told(stage: Stage, clock: FixedClock) -> None:
    """Values come with where they are from; the log says whose, for what and which categories, never the values."""
    senim, person = senim_of(stage), stage.person()
    entries = recorded(senim, partial(acting.read, senim, person.subject, categories=("identity", "contact.email")))
    assert [(one.act, one.purpose, one.categories, one.count, one.subject) for one in entries] == [
        ("data.read", "orders", ("contact", "identity"), 5, person.subject)
    ]
    assert not any(value in str(entries) for value in person.values.values())
    told = acting.read(senim, person.subject)
    kept = told.values["contact.email"]
    assert (kept.source, kept.status, kept.place) == ("person", "stated", "")
    news = acting.read(senim, person.subject, "newsletter").values
    assert {name.partition(".")[0] for name in news} == {"contact", "profile"}
    entries = recorded(
        senim, partial(acting.read, senim, person.subject, categories=("profile",)), refusal=Code.FIELD_NOT_NEEDED
    )
    assert [(one.act, one.outcome) for one in entries] == [("data.read", "refused")]
    recorded(senim, partial(acting.read, senim, person.subject, "profiling"), refusal=Code.PURPOSE_UNDECLARED)


def test_people_are_found_however_their_identifiers_are_written(stage: Stage) -> None:
    """E-mail, telephone with +7 or 8, IIN and a declared number find the person; nothing is opened for it."""
    senim, person = senim_of(stage), stage.person()
    email, phone = person.values["contact.email"], person.values["contact.phone"]
    spaced = f"+7 ({phone[2:5]}) {phone[5:8]}-{phone[8:10]}-{phone[10:]}"
    ways = [
        ("email", email), ("email", f" {email.upper()} "), ("contact.email", email),
        ("phone", phone), ("phone", f"8{phone[2:]}"), ("phone", spaced),
        ("iin", person.values["identity.iin"]), ("contact.order", person.values["contact.order"]),
    ]  # fmt: skip
    for kind, value in ways:
        entries = recorded(senim, partial(find, senim, kind, value))
        assert [(one.act, one.subject) for one in entries] == [("subject.found", person.subject)], (kind, value)
        assert value.strip() not in str(entries)
    for code, kind, value in (
        (Code.NOT_FOUND, "email", "nobody@people.example"),
        (Code.INVALID_VALUE, "email", "nobody"),
        (Code.INVALID_VALUE, "shoe-size", "forty-three"),
        (Code.INVALID_VALUE, "contact.note", "hello"),
    ):
        entries = recorded(senim, partial(find, senim, kind, value), refusal=code)
        assert [(one.act, one.outcome) for one in entries] == [("subject.found", "refused")]
        assert value not in str(entries)


def test_several_people_with_one_identifier_are_told_as_several(stage: Stage) -> None:
    """A family with one e-mail address: nobody is picked at random, the ids are told to choose from."""
    senim = senim_of(stage)
    shared = "family@people.example"
    family = [stage.person(values={**stage.values("registration"), "contact.email": shared}).subject for _ in range(3)]
    refusal = refused(Code.SEVERAL_FOUND, partial(find, senim, "email", shared))
    assert sorted(refusal.detail.split()) == sorted(family)
    acting.erase(senim, family[0])
    acting.correct(senim, family[1], {"contact.email": "own@people.example"})
    assert find(senim, "email", shared) == family[2]
    assert find(senim, "email", "own@people.example") == family[1]


def test_an_identifier_that_stands_in_two_categories_stays_findable_while_one_of_them_does(
    staged: acting.Staged, mini: bytes
) -> None:
    """Correcting one address does not hide the person from who looks by the other, and erasing hides both."""
    two = mini.replace(b"fields: {tastes: words", b"fields: {mail: email, tastes: words").replace(
        b"profile.tastes: optional", b"profile.tastes: optional\n      profile.mail: optional"
    )
    stage = staged(two)
    senim, both, new = senim_of(stage), "both@people.example", "new@people.example"
    person = stage.person(values={**stage.values("registration"), "contact.email": both, "profile.mail": both})
    acting.correct(senim, person.subject, {"contact.email": new})
    assert find(senim, "email", both) == find(senim, "email", new) == person.subject
    acting.correct(senim, person.subject, {"profile.mail": new}, "newsletter")
    refused(Code.NOT_FOUND, partial(find, senim, "email", both))
    assert find(senim, "email", new) == person.subject
    acting.erase(senim, person.subject)
    assert sum(rows_of(senim, person.subject).values()) == 0


def test_erasing_destroys_everything_and_leaves_a_signed_proof(stage: Stage, clock: FixedClock) -> None:
    """Key, values, index and files are gone, the proof and the log stay, and nobody is erased twice (airline-12)."""
    senim, person, other = senim_of(stage), stage.person(), stage.person()
    stage.upload(person)
    assert all(rows_of(senim, person.subject).values())
    clock.move(minutes=1)
    erasure = acting.erase(senim, person.subject)
    assert (erasure.values, erasure.documents, erasure.identifiers) == (4, 1, 4)
    kind, told = open_statement(erasure.proof, senim.jwk)
    assert kind == "erasure-proof+jws"
    assert (told["subject"], told["reason"], told["log_entry"]) == (person.subject, "request", erasure.entry)
    assert told["erased_at"] == "2026-11-22T09:01:00.000000Z"
    assert sum(rows_of(senim, person.subject).values()) == 0
    assert all(count for name, count in rows_of(senim, other.subject).items() if "sealed_" not in name)
    for reference in ("email", "phone", "iin", "contact.order"):
        value = next(value for name, value in person.values.items() if name.endswith(reference.rpartition(".")[2]))
        refused(Code.NOT_FOUND, partial(find, senim, reference, value))
    assert acting.codes(acting.ask(senim, "use", "orders", person.subject)) == {Code.SUBJECT_ERASED}
    entries = recorded(senim, partial(acting.erase, senim, person.subject), refusal=Code.SUBJECT_ERASED)
    assert [(one.act, one.outcome) for one in entries] == [("subject.sought", "refused")]
    assert [one.act for one in told_of(senim, person.subject)].count("subject.erased") == 1
    assert acting.read(senim, other.subject).values


def test_an_erasure_gives_one_of_the_reasons_of_the_law(stage: Stage) -> None:
    """The reason is from a closed list; while a person is blocked only the responsible person decides on it."""
    senim, person = senim_of(stage), stage.person()
    for reason in ("", "because Alice asked", "REQUEST"):
        entries = recorded(senim, partial(acting.erase, senim, person.subject, reason), refusal=Code.INVALID_VALUE)
        assert [(one.act, one.outcome, one.reason) for one in entries] == [("subject.erased", "refused", None)]
    about(senim, person.subject, lambda work, who: senim.gate.block(work, who, reason="unlawful-reported"))
    shop = senim.actor("shop")
    refused(
        Code.SUBJECT_BLOCKED,
        lambda: about(
            senim, person.subject, lambda work, who: senim.vault.erase(work, who, reason="request"), actor=shop
        ),
    )
    assert rows_of(senim, person.subject)["sealed_value"] == 4
    for reason in ERASE_REASONS:
        assert acting.erase(senim, stage.person().subject, reason).proof
    acting.erase(senim, person.subject)


def test_a_correction_that_was_faster_than_an_erasure_leaves_nothing_behind(stage: Stage) -> None:
    """Whoever changed a person's data while it was being erased: the index forgets the new value as well."""
    senim, person = senim_of(stage), stage.person()
    late = "late@people.example"
    erase = acting.between(
        lambda work, who: senim.vault.erase(work, who, reason="request"),
        partial(acting.correct, senim, person.subject, {"contact.email": late, "contact.phone": "+77990000001"}),
    )
    about(senim, person.subject, erase)
    refused(Code.NOT_FOUND, partial(find, senim, "email", late))
    assert sum(rows_of(senim, person.subject).values()) == 0


def test_an_erasure_that_was_faster_than_a_correction_or_a_read_stands(stage: Stage) -> None:
    """What was decided on a person who is erased before it is committed is decided anew, and refused."""
    senim = senim_of(stage)
    verbs = {
        "data.corrected": lambda work, who: senim.collection.correct(work, who, "orders", values={"contact.note": "x"}),
        "data.read": lambda work, who: senim.vault.read(work, who, "orders"),
        "subject.blocked": lambda work, who: senim.gate.block(work, who, reason="legal-duty"),
        "consent.withdrawn": lambda work, who: senim.consents.withdraw_all(work, who, evidence=acting.ACCOUNT),
    }
    for act, of in verbs.items():
        person = stage.person()
        overtaken = acting.between(of, partial(acting.erase, senim, person.subject))
        refused(Code.SUBJECT_ERASED, partial(about, senim, person.subject, overtaken))
        assert sum(rows_of(senim, person.subject).values()) == 0
        acts = [entry.act for entry in told_of(senim, person.subject)]
        assert act not in acts
        assert acts[-1] == "subject.sought"


def test_an_erasure_cut_off_after_its_key_is_finished_by_whoever_opens_next(
    stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key goes first: a process that dies there has erased all the same, and the rest is removed on opening."""
    senim, person = senim_of(stage), stage.person()
    engine = senim.database.engine

    def broken(batch: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(engine, "write", broken)
        with pytest.raises(SystemExit):
            acting.erase(senim, person.subject)
    left = rows_of(senim, person.subject)
    assert left["person_key"] == 0
    assert left["sealed_value"] > 0
    refused(Code.PERSON_KEY_MISSING, partial(acting.read, senim, person.subject))
    with another(stage, clock) as second:
        assert sum(rows_of(second, person.subject).values()) == 0
        refused(Code.SUBJECT_ERASED, partial(acting.read, second, person.subject))
        assert [entry.act for entry in told_of(second, person.subject)].count("subject.erased") == 1
    refused(Code.SUBJECT_ERASED, partial(acting.read, senim, person.subject))
    senim.settle()
    assert [entry.act for entry in told_of(senim, person.subject)].count("subject.erased") == 1


def test_keys_are_wrapped_anew_and_the_old_key_file_may_go(stage: Stage, clock: FixedClock) -> None:
    """Rotating the operator's key touches no value, forgets nobody, and the old one opens nothing any more."""
    senim, people = senim_of(stage), [stage.person() for _ in range(5)]
    acting.erase(senim, people[0].subject)
    files = FileKeys(senim.folder / "keys")
    files.create("kek-2")
    assert senim.persons.counts() == {"kek-1": 4}
    assert senim.persons.rewrap_all() == 4
    assert senim.persons.counts() == {"kek-2": 4}
    assert senim.persons.rewrap_all() == 0
    (senim.folder / "keys" / "kek-1.key").unlink()
    new = stage.person()
    with another(stage, clock) as second:
        for person in (*people[1:], new):
            assert acting.read(second, person.subject).values["contact.email"].value == person.values["contact.email"]
        refused(Code.SUBJECT_ERASED, partial(acting.read, second, people[0].subject))
        assert second.persons.counts() == {"kek-2": 5}


def test_a_process_that_has_not_heard_of_the_new_key_goes_on(stage: Stage, clock: FixedClock) -> None:
    """While keys are rotated in one process another enrols and reads people; a second run wraps what it made."""
    senim = senim_of(stage)
    with another(stage, clock) as second:
        before = stage.person()
        FileKeys(senim.folder / "keys").create("kek-2")
        second.persons.rewrap_all()
        assert acting.read(senim, before.subject).values
        between = stage.person()
        assert second.persons.counts() == {"kek-1": 1, "kek-2": 1}
        assert acting.read(second, between.subject).values
        assert second.persons.rewrap_all() == 1


def test_rotating_and_erasing_at_once_bring_no_key_back(stage: Stage) -> None:
    """A key that is destroyed while it would be wrapped anew stays destroyed."""
    senim, people = senim_of(stage), [stage.person() for _ in range(12)]
    FileKeys(senim.folder / "keys").create("kek-2")
    gone = people[::2]

    def rotate() -> None:
        for _ in range(20):
            try:
                senim.persons.rewrap_all()
            except SenimError as error:
                assert error.code == Code.CHANGED_MEANWHILE  # noqa: PT017  # told to the operator, who runs it again
            else:
                return

    def erase_all() -> None:
        for person in gone:
            acting.erase(senim, person.subject)

    assert not [one for one in at_once([rotate, erase_all]) if one is not None]
    senim.persons.rewrap_all()
    assert senim.persons.counts() == {"kek-2": 6}
    for person in gone:
        assert sum(rows_of(senim, person.subject).values()) == 0
    for person in people[1::2]:
        assert acting.read(senim, person.subject).values


def test_a_value_moved_in_the_database_does_not_open(stage: Stage) -> None:
    """A sealed value is bound to its person and category: put in another's place it is found out (mini-2)."""
    senim, one, two = senim_of(stage), stage.person(), stage.person()
    table = main_metadata.tables["sealed_value"]
    everything: Query = query(select(table.c.subject, table.c.category, table.c.sealed))
    rows = {(bytes(row[0]).hex(), row[1]): bytes(row[2]).hex() for row in senim.database.read(everything)}
    moved = rows[two.subject, "contact"]
    literal = f"X'{moved}'" if senim.database.dialect == "sqlite" else f"'\\x{moved}'::bytea"
    who = f"X'{one.subject}'" if senim.database.dialect == "sqlite" else f"'\\x{one.subject}'::bytea"
    senim.database.engine.execute(f"UPDATE sealed_value SET sealed = {literal} WHERE subject = {who}")
    refused(Code.SEAL_BROKEN, partial(acting.read, senim, one.subject, categories=("contact",)))
    refused(Code.SEAL_BROKEN, partial(acting.read, senim, one.subject, categories=("identity",)))
    assert acting.read(senim, two.subject).values


def test_many_readers_and_an_erasure_end_in_an_erased_person(stage: Stage) -> None:
    """Each reader is told the whole truth or that the person is erased, and after the erasure nobody is told."""
    senim, person = senim_of(stage), stage.person()
    erased = threading.Event()

    def look() -> bool:
        after = erased.is_set()
        try:
            told = acting.read(senim, person.subject)
        except SenimError as error:
            assert error.code in (Code.SUBJECT_ERASED, Code.PERSON_KEY_MISSING)  # noqa: PT017  # among threads
            return True
        assert told.values["contact.email"].value == person.values["contact.email"]
        return not after

    def erase() -> bool:
        acting.erase(senim, person.subject)
        erased.set()
        return look()

    assert all(one is True for one in at_once([*[look] * 6, erase]))
    refused(Code.SUBJECT_ERASED, partial(acting.read, senim, person.subject))


def person_again(stage: Stage, person: Person) -> SubjectId:
    """The same values taken in anew."""
    return stage.take(stage.request(person.point, values=person.values)).subject


def test_who_was_erased_may_come_again_as_somebody_new(stage: Stage) -> None:
    """A person who returns after an erasure is a new person: nothing leads from one to the other."""
    senim, person = senim_of(stage), stage.person()
    acting.erase(senim, person.subject)
    again = person_again(stage, person)
    assert again != person.subject
    assert find(senim, "email", person.values["contact.email"]) == again
    refused(Code.SUBJECT_ERASED, partial(acting.read, senim, person.subject))
    refused(Code.SUBJECT_ERASED, partial(acting.take_again, stage, person))
