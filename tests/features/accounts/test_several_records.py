"""Several records of one address: one person opens all that is theirs, and nobody opens another's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from senim.accounts import Signed
from senim.accounts.records import AT_DOOR
from senim.accounts.rules import turned
from senim.cli.folder import profile
from senim.errors import NotFound
from senim.testing import FixedClock, Person, Stage
from tests.features.accounts.signed import Visitor

ADDRESS = "alice@people.example"
ORDER = {"purchases.event": "Night choir", "purchases.amount": "8000"}
NAME = {"identity.family": "Winslow", "identity.given": "Alice", "contact.phone": "+77990000007"}


@pytest.fixture
def visitor(staged: Callable[[bytes], Stage]) -> Visitor:
    """Somebody at the door of the ticket seller."""
    return Visitor(staged(profile("tickets")))


def signed_up(visitor: Visitor) -> Person:
    """Somebody who gave an address to the newsletter, and nothing else: anybody may, with anybody's address."""
    return visitor.stage.person("newsletter", values={"contact.email": ADDRESS})


def bought(visitor: Visitor, number: str, **values: str) -> Person:
    """Somebody who bought a ticket."""
    person = {**NAME, "contact.email": ADDRESS, **ORDER, "purchases.number": number, **values}
    return visitor.stage.person("order", values=person)


def opened(visitor: Visitor, session: str) -> set[str]:
    """The records that a session opens."""
    signed = visitor.seen(session)
    assert signed is not None
    return {one.subject for one in (signed, *signed.others)}


def proven(visitor: Visitor, token: str) -> Signed | None:
    return visitor.seen(visitor.enter(token, visitor.letters.code).session)


def test_who_signed_up_twice_is_asked_nothing(visitor: Visitor) -> None:
    """Nothing that was never given is asked for: the address is all there is, and its code opens both."""
    records = {signed_up(visitor).subject, signed_up(visitor).subject}
    entered = visitor.enter(visitor.begin(ADDRESS), visitor.letters.code)
    assert not entered.several
    assert opened(visitor, entered.session) == records


def test_who_bought_twice_opens_both(visitor: Visitor) -> None:
    """The same name, telephone and address: as far as anybody can tell one person, and the newest comes first."""
    first, second = bought(visitor, "T-1"), bought(visitor, "T-2")
    signed = proven(visitor, visitor.begin(ADDRESS))
    assert signed is not None
    assert [signed.subject, *(one.subject for one in signed.others)] == [second.subject, first.subject]


def test_a_strangers_form_keeps_nobody_out(visitor: Visitor) -> None:
    """Who signs a subscriber or a customer up once more changes nothing for them."""
    own = bought(visitor, "T-1")
    made = signed_up(visitor)
    entered = visitor.enter(visitor.begin(ADDRESS), visitor.letters.code)
    assert opened(visitor, entered.session) == {own.subject, made.subject}


def test_a_heap_of_sign_ups_hides_no_record(visitor: Visitor) -> None:
    """A dozen that were made before hers, and more than are looked at: the oldest and the newest are."""
    made = [signed_up(visitor).subject for _ in range(12)]
    own = bought(visitor, "T-1")
    signed = proven(visitor, visitor.begin(ADDRESS))
    assert signed is not None
    assert (signed.subject, [one.subject for one in signed.others]) == (own.subject, made)
    vault, work = visitor.senim.vault, visitor.senim.works.begin(AT_DOOR)
    assert vault.owners(work, "email", ADDRESS, most=5) == [*made[:3], made[-1], own.subject]
    assert vault.owners(work, "email", ADDRESS, most=13) == [*made, own.subject]


def test_another_persons_record_stays_closed(visitor: Visitor) -> None:
    """Two names at one address: only the order number of one opens that one, with what holds nothing of anybody."""
    own, other = bought(visitor, "T-1"), bought(visitor, "T-2", **{"identity.given": "Robert"})
    bare = signed_up(visitor)
    token = visitor.begin(ADDRESS)
    asked = visitor.enter(token, visitor.letters.code)
    assert (asked.session, asked.several, asked.ask, asked.bare) == ("", True, ("purchases.number",), 1)
    assert visitor.name(token, "identity.birth-date", "1990-12-31").left == 2
    entered = visitor.name(token, "purchases.number", "T-1")
    assert opened(visitor, entered.session) == {own.subject, bare.subject}
    assert visitor.seen(turned(entered.session, other.subject)) == visitor.seen(entered.session)
    forged = entered.session.replace(own.subject, other.subject)
    assert visitor.seen(forged) is None, "no session of hers was made for that record"
    assert opened(visitor, f"{own.subject}-{forged}") == {own.subject, bare.subject}


def test_what_somebody_wrote_is_not_opened_for_anybody(visitor: Visitor) -> None:
    """A message without a name may be about an illness: a record that holds one is not one that holds nothing."""
    visitor.stage.person("question", values={"contact.email": ADDRESS, "inquiry.message": "I need a wheelchair"})
    own = bought(visitor, "T-2", **{"identity.given": "Robert"})
    token = visitor.begin(ADDRESS)
    assert visitor.enter(token, visitor.letters.code).bare == 0
    assert opened(visitor, visitor.name(token, "purchases.number", "T-2").session) == {own.subject}
    alone = visitor.begin(ADDRESS)
    visitor.enter(alone, visitor.letters.code)
    assert visitor.open_bare(alone).session == ""


def test_what_is_told_opens_only_what_has_it(visitor: Visitor) -> None:
    """A housemate who orders in her name has that order's number, and not the number of hers."""
    own = bought(visitor, "T-1")
    bought(visitor, "T-2", **{"identity.given": "Robert"})
    made = bought(visitor, "T-9")
    told = {"T-1": own, "T-9": made}
    for number, one in told.items():
        token = visitor.begin(ADDRESS)
        visitor.enter(token, visitor.letters.code)
        assert opened(visitor, visitor.name(token, "purchases.number", number).session) == {one.subject}


def test_who_cannot_tell_opens_what_holds_nothing(visitor: Visitor) -> None:
    """A subscriber at whose address a stranger made up two people still gets to the subscription, and no further."""
    bare = signed_up(visitor)
    for given in ("Robert", "Carol"):
        said = {"contact.email": ADDRESS, "identity.given": given, "inquiry.message": "Is there a cloakroom?"}
        visitor.stage.person("question", values=said)
    token = visitor.begin(ADDRESS)
    assert visitor.open_bare(token).session == "", "no code came back yet"
    asked = visitor.enter(token, visitor.letters.code)
    assert (asked.ask, asked.bare) == ((), 1), "nothing is asked for that nobody gave"
    assert opened(visitor, visitor.open_bare(token).session) == {bare.subject}


def test_a_session_lives_and_ends_for_all_its_records(visitor: Visitor, clock: FixedClock) -> None:
    """In use for one it is in use for the others; a fresh code counts for both; what was erased is gone."""
    first, second = bought(visitor, "T-1"), bought(visitor, "T-2")
    kept = visitor.enter(visitor.begin(ADDRESS), visitor.letters.code).session
    signed = visitor.seen(kept)
    for _ in range(4):
        clock.move(minutes=20)
        signed = visitor.seen(kept)
    assert signed is not None
    (other,) = signed.others
    assert signed.session.fresh_at == other.session.fresh_at
    door = visitor.senim.accounts.signing_in
    token = visitor.run(signed, door.again, language="en")
    visitor.work()
    visitor.senim.run(signed.actor, lambda work: door.freshen(work, signed, token, code=visitor.letters.code))
    turned_to = visitor.seen(turned(kept, first.subject))
    assert turned_to is not None
    assert (turned_to.subject, turned_to.session.fresh_at) == (first.subject, turned_to.others[0].session.fresh_at)
    assert turned_to.session.fresh_at > other.session.fresh_at
    senim, about = visitor.senim, visitor.senim.subjects.about
    senim.run(visitor.stage.actor, lambda work: senim.vault.erase(work, about(work, first.subject), reason="request"))
    assert opened(visitor, kept) == {second.subject}
    with pytest.raises(NotFound):
        senim.run(signed.actor, lambda work: door.end(work, other.session.id[::-1]))


def test_each_record_says_in_the_log_who_signed_in(visitor: Visitor) -> None:
    """A look into any of them begins with an entry of its own."""
    records = [bought(visitor, "T-1"), bought(visitor, "T-2")]
    visitor.enter(visitor.begin(ADDRESS), visitor.letters.code)
    visitor.senim.tick()
    for one in records:
        acts = [entry.act for entry in visitor.senim.log.everything_about(one.subject)]
        assert acts.count("account.entered") == 1
