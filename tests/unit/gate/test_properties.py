"""What holds for every question, every person and every role."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace as with_

from senim.errors import Code, Reason
from senim.gate import Question
from senim.gate.rules import decide, rule
from senim.identity import RESPONSIBLE, Actor, ActorKind
from senim.policy.taxonomy import Channel, Operation
from senim.subjects import Agreed, Standing
from senim.subjects.records import Marks, Scopes
from tests.unit.made import AT, DAY, SUBJECT, actor, promises, said, standing

MADE = promises(version=3, floors={"orders": 2, "delivery": 1, "newsletter": 3, "bookkeeping": 1})
PURPOSES = list(MADE.policy.purposes)
OPERATIONS = [one.value for one in Operation]
REFERENCES = [*MADE.policy.categories, *MADE.fields]
RECIPIENTS = ["", *MADE.policy.recipients]
COUNTRIES = ["", "KZ", "TR", "US"]
CHANNELS = ["", *(one.value for one in Channel)]
KEYS = ["", "/couriers", "/mailer", "/tax", ">TR", ">US", "@email", "@sms"]
EVENTS = ["order-completed", "collection", "consent"]

instants = st.integers(AT - 4000 * DAY, AT + DAY)
says = st.builds(
    said,
    given=st.booleans(),
    proven=st.booleans(),
    version=st.integers(1, 3),
    at=instants,
    until=st.sampled_from([0, AT - 1, AT, AT + 1]),
)
scopes: st.SearchStrategy[Scopes] = st.dictionaries(st.sampled_from(KEYS), says)
people = st.builds(
    standing,
    st.dictionaries(st.sampled_from(PURPOSES), scopes),
    block=st.booleans(),
    stops=st.sets(st.sampled_from(["", *PURPOSES]), max_size=2),
    events=st.dictionaries(st.sampled_from(EVENTS), instants),
    erased=st.just(value=False) | st.booleans(),
    created_at=instants,
)
declared = st.builds(
    Question,
    st.sampled_from(OPERATIONS),
    st.sampled_from(PURPOSES),
    st.just(SUBJECT),
    st.lists(st.sampled_from(REFERENCES), max_size=4).map(tuple),
    st.sampled_from(RECIPIENTS),
    st.sampled_from(COUNTRIES),
    st.sampled_from(CHANNELS),
    st.sampled_from(["", "d" * 32]),
)
anything = st.text(max_size=12)
wild = st.builds(
    Question, anything, anything, st.just(SUBJECT), st.lists(anything, max_size=3).map(tuple), anything, anything,
    anything, anything,
)  # fmt: skip
questions = st.one_of(declared, declared, wild)
roles = st.sampled_from([*MADE.policy.roles, RESPONSIBLE, "system", "stranger", ""])
actors: st.SearchStrategy[Actor] = st.builds(actor, roles, st.sampled_from(list(ActorKind)))


def answer(by: Actor, question: Question, person: Standing | None) -> tuple[Reason, ...]:
    return decide(MADE, rule(MADE, by, question), person, AT)


def marked(person: Standing, **changed: Any) -> Standing:
    return with_(person, marks=with_(person.marks, **changed))


def saying(person: Standing, purpose: str, key: str, said_of: Agreed) -> Standing:
    """The person with one thing said so, whatever was said of it before."""
    before = person.marks.agreed.get(purpose, {})
    return marked(person, agreed={**person.marks.agreed, purpose: {**before, key: said_of}})


@given(actors, questions, people)
def test_the_answer_is_always_the_same(by: Actor, question: Question, person: Standing) -> None:
    """The same question about the same person has the same answer, and each reason is told once."""
    first = answer(by, question, person)
    assert first == answer(by, question, person)
    assert len(set(first)) == len(first)
    assert all(reason.code not in (Code.GRANTED_BY_CONSENT, Code.GRANTED_BY_LAW) for reason in first)


@given(actors, declared, people, st.sampled_from(["", *PURPOSES]))
def test_more_stops_never_allow_more(by: Actor, question: Question, person: Standing, stop: str) -> None:
    """A stop turns no refusal into an allowance and takes no reason away (travel-44)."""
    before = answer(by, question, person)
    assert set(before) <= set(answer(by, question, marked(person, stops={**person.marks.stops, stop: AT})))


@given(actors, declared, people)
def test_a_block_never_allows_more(by: Actor, question: Question, person: Standing) -> None:
    """Neither does a block (travel-43)."""
    free = marked(person, block=None)
    blocked = marked(person, block=standing(block=True).marks.block)
    assert set(answer(by, question, free)) <= set(answer(by, question, blocked))


@given(actors, declared, people, st.sampled_from(KEYS), says)
def test_a_withdrawal_never_allows_more(by: Actor, question: Question, person: Standing, key: str, one: Agreed) -> None:
    """Who withdraws is never used more than before, nor more than who never spoke (foundation-7, airline-12)."""
    agreeing = saying(person, question.purpose, key, with_(one, given=True))
    withdrawn = saying(person, question.purpose, key, with_(one, given=False))
    if answer(by, question, agreeing):
        assert answer(by, question, withdrawn)


@given(actors, declared, people)
def test_saying_nothing_never_allows_more(by: Actor, question: Question, person: Standing) -> None:
    """Who has agreed to nothing is used for nothing that others who said yes are not."""
    yes = {key: said(version=3, at=AT) for key in KEYS}
    eager = marked(person, agreed={name: dict(yes) for name in PURPOSES}, events={}, stops={}, block=None)
    silent = marked(eager, agreed={})
    assert {one.code for one in answer(by, question, eager)} <= {one.code for one in answer(by, question, silent)}


@given(actors, declared, people)
def test_an_erasure_never_allows_more(by: Actor, question: Question, person: Standing) -> None:
    """After an erasure there is one answer to every question."""
    assert [one.code for one in answer(by, question, with_(person, erased_at=AT))] == [Code.SUBJECT_ERASED]


UNDECLARED = st.text(max_size=20)


@given(
    actors, declared, people, st.sampled_from(["operation", "purpose", "recipient", "country", "channel"]), UNDECLARED
)
def test_the_undeclared_is_never_allowed(
    by: Actor, question: Question, person: Standing, part: str, made_up: str
) -> None:
    """What is not declared cannot be done: no made-up word in any place is ever allowed (shop-19)."""
    known = {"operation": OPERATIONS, "purpose": PURPOSES, "recipient": RECIPIENTS, "country": COUNTRIES,
             "channel": CHANNELS}[part]  # fmt: skip
    assume(made_up not in known)
    assert answer(by, question._replace(**{part: made_up}), person)  # type: ignore[arg-type]


@given(actors, declared, people, UNDECLARED)
def test_an_undeclared_category_is_never_allowed(by: Actor, question: Question, person: Standing, made_up: str) -> None:
    """Neither is a category or a field that nobody declared, wherever it stands in the list."""
    assume(made_up not in REFERENCES)
    for categories in ((*question.categories, made_up), (made_up, *question.categories)):
        assert answer(by, question._replace(categories=categories), person)


@given(actors, declared, people)
def test_a_country_outside_the_declaration_is_never_allowed(by: Actor, question: Question, person: Standing) -> None:
    """Data goes to no country that the policy does not name (foundation-35)."""
    for country in ("US", "DE", "RU"):
        assert answer(by, question._replace(country=country), person)


@given(actors, declared, people, st.data())
def test_asking_for_fewer_categories_never_makes_more_reasons(
    by: Actor, question: Question, person: Standing, data: st.DataObject
) -> None:
    """Who asks for less is refused for nothing that was no reason before."""
    assume(len(question.categories) > 1)
    fewer = tuple(data.draw(st.sets(st.sampled_from(question.categories), min_size=1)))
    assert set(answer(by, question._replace(categories=fewer), person)) <= set(answer(by, question, person))


@given(actors, declared, people)
def test_the_order_of_categories_does_not_matter(by: Actor, question: Question, person: Standing) -> None:
    """The answer depends on what is asked for, not on how it is written."""
    turned = question._replace(categories=(*question.categories[::-1], *question.categories))
    assert set(answer(by, turned, person)) == set(answer(by, question, person))


@given(
    declared,
    people,
    st.sampled_from([ActorKind.STAFF, ActorKind.PERSON]),
    st.sampled_from(["extract", "use", "transfer", "depersonalise"]),
)
def test_a_human_never_reads_a_card(question: Question, person: Standing, kind: ActorKind, operation: str) -> None:
    """No role opens to a human what no human may read (travel-8)."""
    cards = question._replace(categories=("payment-card",), operation=operation)
    for role in (*MADE.policy.roles, RESPONSIBLE, "system"):
        codes = {one.code for one in answer(actor(role, kind), cards, person)}
        assert codes & {Code.HUMAN_READ_FORBIDDEN, Code.SUBJECT_ERASED}


@given(actors, declared, people, st.integers(1, 3650))
def test_an_answer_never_softens_with_time_alone(by: Actor, question: Question, person: Standing, days: int) -> None:
    """Time ends consents and terms; it gives none back."""
    assume(max([person.created_at, *person.marks.events.values()]) <= AT)
    later = decide(MADE, rule(MADE, by, question), person, AT + days * DAY)
    if answer(by, question, person):
        assert later


@given(actors, questions)
def test_a_question_about_nobody_is_never_freer_than_one_about_somebody_willing(by: Actor, question: Question) -> None:
    """Leaving the person out gives nobody more."""
    yes = {key: said(version=3, at=AT) for key in KEYS}
    willing = standing({name: dict(yes) for name in PURPOSES}, created_at=AT)
    if answer(by, question, willing):
        assert answer(by, question, None)


@given(actors, declared)
def test_no_marks_allow_only_what_needs_no_consent(by: Actor, question: Question) -> None:
    """Of a person who never said anything only what the law itself orders may be done."""
    stranger = with_(standing({}, created_at=AT), marks=Marks())
    if not answer(by, question, stranger):
        assert not MADE.law.bases[MADE.policy.purposes[question.purpose].basis].consent


def test_another_promise_book_changes_nothing_here() -> None:
    """Decisions of one version are not remembered for another."""
    other = replace(MADE, floors={"orders": 9})
    question = Question("store", "orders", SUBJECT)
    person = standing({"orders": {"": said(version=3)}})
    assert not decide(MADE, rule(MADE, actor(), question), person, AT)
    assert [one.code for one in decide(other, rule(other, actor(), question), person, AT)] == [Code.CONSENT_OUTDATED]
