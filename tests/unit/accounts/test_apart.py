"""Which records of an address are one person's, and what tells the others: no store, no clock."""

from __future__ import annotations

import pytest

from senim.accounts.apart import MOST_OPENED, Found, apart, asked, named, tells
from senim.accounts.rules import cookie, parts_of, turned
from senim.identity import SubjectId, new_id
from senim.policy.records import Field
from senim.policy.taxonomy import FieldType

FIELDS = {
    "identity.family": Field(type=FieldType.NAME),
    "identity.birth-date": Field(type=FieldType.BIRTH_DATE),
    "contact.email": Field(type=FieldType.EMAIL),
    "contact.phone": Field(type=FieldType.PHONE),
    "purchases.number": Field(type=FieldType.REFERENCE, identifier=True),
    "inquiry.message": Field(type=FieldType.TEXT),
}
FAMILY, BIRTH, PHONE, NUMBER = "identity.family", "identity.birth-date", "contact.phone", "purchases.number"
MESSAGE = "inquiry.message"


def record(since: int = 0, **values: str) -> Found:
    names = {"family": FAMILY, "birth": BIRTH, "phone": PHONE, "number": NUMBER, "message": MESSAGE}
    return Found(subject=SubjectId(new_id()), since=since, values={names[one]: value for one, value in values.items()})


def test_what_is_asked() -> None:
    """IIN, birth date, declared identifiers; neither a name nor what somebody wrote."""
    assert asked(FIELDS) == (BIRTH, NUMBER)


CASES: dict[str, tuple[list[Found], int, list[int]]] = {
    "nothing but the address, twice": ([record(), record()], 2, []),
    "the same person twice, of two orders": (
        [record(family="Winslow", phone="1", number="a"), record(family="WINSLOW", phone="1", number="b")],
        0,
        [2],
    ),
    "one person, and a sign-up of nobody": ([record(family="Winslow", number="a"), record()], 1, [1]),
    "two names": ([record(family="Winslow"), record(family="Stone")], 0, [1, 1]),
    "one name, two telephones": ([record(family="Winslow", phone="1"), record(family="Winslow", phone="2")], 0, [1, 1]),
    "one name, a birth date of one": ([record(family="Winslow", birth="x"), record(family="Winslow")], 0, [1, 1]),
    "a message of whomever, and a sign-up": ([record(message="x"), record()], 1, [1]),
    "two messages of whomever": ([record(message="x"), record(message="y")], 0, [1, 1]),
    "the same message twice": ([record(message="x"), record(message="x")], 0, [2]),
    "two orders of whomever": ([record(number="a"), record(number="b")], 0, [1, 1]),
}


@pytest.mark.parametrize("name", CASES)
def test_records_are_one_persons_only_if_all_they_say_is_the_same(name: str) -> None:
    """What differs in anything that says who somebody is could be another's."""
    records, bare, people = CASES[name]
    found = apart(FIELDS, records)
    assert (len(found.bare), sorted(map(len, found.people))) == (bare, people)


def test_only_what_one_of_them_has_alone_is_asked_for_and_opens() -> None:
    """What both have tells nobody; what nobody has is not asked for."""
    people = ((record(birth="x", number="a"), record(birth="x", number="b")), (record(birth="x", number="c"),))
    assert tells(FIELDS, people) == (NUMBER,)
    assert named(people, NUMBER, "b") == [people[0][1]], "who knows one order has not shown that both are theirs"
    assert named(people, BIRTH, "x") == named(people, NUMBER, "d") == ()
    assert tells(FIELDS, ((record(family="Winslow"),), (record(family="Stone"),))) == ()


def test_many_records_that_a_stranger_makes_push_no_other_out() -> None:
    """One's own come first, and of those that hold nothing the oldest."""
    own, first = record(5, family="Winslow"), record(1)
    found = apart(FIELDS, [record(10 + number) for number in range(2 * MOST_OPENED)] + [own, first])
    opened = found.opened(found.people[0])
    assert (opened[:2], len(opened)) == ([own.subject, first.subject], MOST_OPENED)


def test_a_cookie_turns_to_its_own_records_alone() -> None:
    """Another record stands first; one that was not opened does not come in."""
    first, second, other, session = (SubjectId(new_id()) for _ in range(4))
    kept = cookie([first, second], session, "secret")
    assert parts_of(kept) == ([first, second], session, "secret")
    assert parts_of(turned(kept, second)) == ([second, first], session, "secret")
    assert turned(kept, other) == kept
    for wrong in ("", "a.b.c", f"{first}-.{session}.s", f"{first}.{session}.", f"{first}-x.{session}.s"):
        assert parts_of(wrong) is None
        assert turned(wrong, first) == wrong
