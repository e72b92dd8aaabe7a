"""Every code that the gate refuses with, and every way to get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from senim.errors import Code
from senim.gate import Question
from senim.gate.rules import decide, rule
from senim.identity import RESPONSIBLE, SYSTEM, Actor, ActorKind
from senim.policy.taxonomy import Operation
from senim.subjects.records import Scopes
from tests.unit.made import AT, DAY, EVERYTHING, actor, agreed, promises, said, standing

SHOP = actor()
TILL = actor("till")
DESK = actor("desk", ActorKind.STAFF)
OFFICER = actor(RESPONSIBLE, ActorKind.STAFF)
CUSTOMER = actor("shop", ActorKind.PERSON)
DOCUMENT = "d" * 32


@dataclass(frozen=True)
class Case:
    """A question, who asks it of whom, and the codes and places of the answer; none means allowed."""

    question: Question
    answer: set[tuple[Code, str]] = field(default_factory=set)
    by: Actor = SHOP
    changes: Mapping[str, object] | None = None


def answer(case: Case, consents: Mapping[str, Scopes] | None = None) -> set[tuple[Code, str]]:
    made = promises(case.changes)
    reasons = decide(made, rule(made, case.by, case.question), standing(consents), AT)
    return {(reason.code, reason.where) for reason in reasons}


def asks(operation: str, purpose: str, *categories: str, **more: str) -> Question:
    return Question(operation, purpose, categories=categories, **more)


def reads(*categories: str, purpose: str = "orders", operation: str = "extract") -> Question:
    return asks(operation, purpose, *categories)


POLICY = {
    "a declared use": Case(reads("contact.email")),
    "all that the purpose needs": Case(reads()),
    "several categories": Case(reads("identity", "contact")),
    "a purpose nobody declared": Case(reads(purpose="profiling"), {(Code.PURPOSE_UNDECLARED, "profiling")}),
    "an empty purpose": Case(reads(purpose=""), {(Code.PURPOSE_UNDECLARED, "")}),
    "an operation that is no word of the taxonomy": Case(
        asks("sell", "orders"), {(Code.OPERATION_UNDECLARED, "sell"), (Code.ROLE_NOT_ALLOWED, "shop")}
    ),
    "an operation in capitals": Case(
        asks("USE", "orders"), {(Code.OPERATION_UNDECLARED, "undeclared"), (Code.ROLE_NOT_ALLOWED, "shop")}
    ),
    "an operation of another purpose": Case(asks("collect", "delivery"), {(Code.OPERATION_UNDECLARED, "collect")}),
    "a category nobody declared": Case(reads("health"), {(Code.CATEGORY_UNDECLARED, "health")}),
    "a field nobody declared": Case(reads("contact.pager"), {(Code.CATEGORY_UNDECLARED, "contact.pager")}),
    "an empty category": Case(reads(""), {(Code.CATEGORY_UNDECLARED, "")}),
    "a category that the purpose does not need": Case(reads("profile"), {(Code.FIELD_NOT_NEEDED, "profile")}),
    "a field of it": Case(reads("profile.tastes"), {(Code.FIELD_NOT_NEEDED, "profile.tastes")}),
    "a field beside the one that is needed": Case(
        asks("use", "delivery", "identity.family"), {(Code.FIELD_NOT_NEEDED, "identity.family")}
    ),
    "the field that is needed": Case(asks("use", "delivery", "identity.given")),
    "a category needed in part": Case(asks("use", "delivery", "identity")),
}

CHANNELS = {
    "use by a declared channel": Case(asks("use", "newsletter", channel="email")),
    "use by no channel": Case(asks("use", "newsletter"), {(Code.CHANNEL_MISSING, "newsletter")}),
    "use by another channel": Case(
        asks("use", "newsletter", channel="telephone"),
        {(Code.CHANNEL_UNDECLARED, "telephone"), (Code.CONSENT_MISSING, "@telephone")},
    ),
    "a channel that is no word": Case(
        asks("use", "newsletter", channel="fax"), {(Code.CHANNEL_UNDECLARED, "fax"), (Code.CONSENT_MISSING, "@fax")}
    ),
    "a channel where none is declared": Case(
        asks("use", "orders", channel="email"), {(Code.CHANNEL_UNDECLARED, "email")}
    ),
    "reading needs no channel": Case(asks("extract", "newsletter")),
}

COURIER = {"recipient": "courier"}
MAILER = {"recipient": "mailer", "country": "TR"}
RECIPIENTS = {
    "passing to the declared recipient": Case(asks("transfer", "delivery", **COURIER)),
    "passing what it is entrusted with": Case(asks("transfer", "delivery", "contact.phone", **COURIER)),
    "a category of which it gets a part": Case(asks("transfer", "delivery", "identity", **COURIER)),
    "passing to nobody in particular": Case(asks("transfer", "delivery"), {(Code.RECIPIENT_MISSING, "delivery")}),
    "passing to a stranger": Case(
        asks("transfer", "delivery", recipient="broker"), {(Code.RECIPIENT_UNDECLARED, "broker")}
    ),
    "passing to a group instead of one of it": Case(
        asks("transfer", "delivery", recipient="couriers"), {(Code.RECIPIENT_UNDECLARED, "couriers")}
    ),
    "passing to a recipient of another purpose": Case(
        asks("transfer", "orders", **COURIER),
        {(Code.RECIPIENT_UNDECLARED, "courier"), (Code.CONSENT_MISSING, "/couriers")},
    ),
    "the recipient using it": Case(asks("use", "delivery", **COURIER)),
    "the recipient doing what is not entrusted": Case(
        asks("extract", "delivery", **COURIER),
        {(Code.OPERATION_UNDECLARED, "extract"), (Code.OPERATION_NOT_ENTRUSTED, "extract")},
    ),
    "only what is not entrusted": Case(
        asks("extract", "orders", **MAILER), {(Code.OPERATION_NOT_ENTRUSTED, "extract")}
    ),
    "passing what it is not entrusted with": Case(
        asks("transfer", "orders", "contact.phone", **MAILER), {(Code.CATEGORY_NOT_ENTRUSTED, "contact.phone")}
    ),
    "passing a category of which it is entrusted with one field": Case(
        asks("transfer", "orders", "contact", **MAILER), {(Code.CATEGORY_NOT_ENTRUSTED, "contact")}
    ),
    "an authority without a document": Case(
        asks("transfer", "bookkeeping", recipient="tax"), {(Code.REASON_MISSING, "tax")}
    ),
    "an authority with its document (tickets-17)": Case(
        asks("transfer", "bookkeeping", recipient="tax", reason=DOCUMENT)
    ),
    "two things wrong with a hand-over": Case(
        asks("transfer", "bookkeeping", "contact.phone", recipient="tax"),
        {
            (Code.REASON_MISSING, "tax"),
            (Code.FIELD_NOT_NEEDED, "contact.phone"),
        },
    ),
}

HOMELESS = {"recipients.mailer.countries": ["KZ", "TR"]}
UNTOLD = {
    "recipients.mailer.countries": [],
    "points.registration.consents.4": {"purpose": "delivery", "ask": "choice"},
}
ASSESSED = {"borders.assessed": ["TR"]}
BORDERS = {
    "abroad by its only country": Case(asks("transfer", "orders", "contact.email", recipient="mailer")),
    "abroad to the declared country": Case(asks("transfer", "orders", "contact.email", **MAILER)),
    "to a country that is not declared for it": Case(
        asks("transfer", "orders", "contact.email", recipient="mailer", country="US"),
        {(Code.COUNTRY_NOT_ALLOWED, "US"), (Code.CONSENT_MISSING, ">US")},
    ),
    "the courier abroad": Case(
        asks("transfer", "delivery", recipient="courier", country="TR"),
        {(Code.COUNTRY_NOT_ALLOWED, "TR"), (Code.CONSENT_MISSING, ">TR")},
    ),
    "at home by name": Case(asks("transfer", "delivery", recipient="courier", country="KZ")),
    "a country in small letters": Case(
        asks("transfer", "delivery", recipient="courier", country="kz"),
        {(Code.COUNTRY_NOT_ALLOWED, "kz"), (Code.CONSENT_MISSING, ">kz")},
    ),
    "which of its countries is not said": Case(
        asks("transfer", "orders", "contact.email", recipient="mailer"),
        {(Code.COUNTRY_MISSING, "mailer")},
        changes=HOMELESS,
    ),
    "the one at home is said": Case(
        asks("transfer", "orders", "contact.email", recipient="mailer", country="KZ"), changes=HOMELESS
    ),
    "where it is the text does not say: not abroad": Case(
        asks("transfer", "orders", "contact.email", recipient="mailer", country="TR"),
        {(Code.COUNTRY_NOT_ALLOWED, "TR")},
        changes=UNTOLD,
    ),
    "where it is the text does not say: at home": Case(
        asks("transfer", "orders", "contact.email", recipient="mailer"), changes=UNTOLD
    ),
    "storing abroad (94-V 12(2))": Case(asks("store", "orders", country="TR"), {(Code.STORE_OUTSIDE_COUNTRY, "TR")}),
    "storing in an assessed state all the same": Case(
        asks("store", "orders", country="TR"), {(Code.STORE_OUTSIDE_COUNTRY, "TR")}, changes=ASSESSED
    ),
    "storing at home": Case(asks("store", "orders", country="KZ")),
    "using abroad with no recipient there": Case(
        asks("use", "orders", country="US"), {(Code.COUNTRY_NOT_ALLOWED, "US")}
    ),
    "reading from nowhere on the map": Case(
        asks("extract", "orders", country="??"), {(Code.COUNTRY_NOT_ALLOWED, "undeclared")}
    ),
    "using in a state that was assessed": Case(asks("use", "orders", country="TR"), changes=ASSESSED),
}

ROLES = {
    "the shop reads": Case(reads("identity")),
    "the desk reads": Case(reads("identity"), by=DESK),
    "the desk for another purpose": Case(asks("use", "delivery"), {(Code.ROLE_NOT_ALLOWED, "desk")}, by=DESK),
    "the desk doing something else": Case(asks("store", "orders"), {(Code.ROLE_NOT_ALLOWED, "desk")}, by=DESK),
    "a role that the policy has not": Case(
        reads("identity"), {(Code.ROLE_NOT_ALLOWED, "cleaner")}, by=actor("cleaner")
    ),
    "no role at all": Case(reads("identity"), {(Code.ROLE_NOT_ALLOWED, "")}, by=actor("")),
    "cards by their reader": Case(reads("payment-card"), by=TILL),
    "cards by another service": Case(reads("payment-card"), {(Code.ROLE_NOT_ALLOWED, "payment-card")}),
    "a card's field by another service": Case(reads("payment-card.pan"), {(Code.ROLE_NOT_ALLOWED, "payment-card.pan")}),
    "cards by a human (travel-8)": Case(reads("payment-card"), {(Code.HUMAN_READ_FORBIDDEN, "payment-card")}, by=DESK),
    "cards by the responsible person": Case(
        reads("payment-card.pan"), {(Code.HUMAN_READ_FORBIDDEN, "payment-card.pan")}, by=OFFICER
    ),
    "cards by the person": Case(reads("payment-card"), {(Code.HUMAN_READ_FORBIDDEN, "payment-card")}, by=CUSTOMER),
    "cards by Senim itself": Case(reads("payment-card"), by=SYSTEM),
    "taking a card in": Case(asks("collect", "orders", "payment-card.pan")),
    "keeping a card": Case(asks("store", "orders", "payment-card")),
    "correcting a card": Case(asks("clarify", "orders", "payment-card")),
    "the responsible person for every purpose": Case(asks("use", "delivery"), by=OFFICER),
    "the responsible person for no undeclared one": Case(
        asks("use", "profiling"), {(Code.PURPOSE_UNDECLARED, "profiling")}, by=OFFICER
    ),
    "a card and a role that has nothing to do with it": Case(
        asks("use", "delivery", "payment-card"),
        {
            (Code.FIELD_NOT_NEEDED, "payment-card"),
            (Code.HUMAN_READ_FORBIDDEN, "payment-card"),
            (Code.ROLE_NOT_ALLOWED, "desk"),
        },
        by=DESK,
    ),
}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name)
        for table in (POLICY, CHANNELS, RECIPIENTS, BORDERS, ROLES)
        for name, case in table.items()
    ],
)
def test_answer(case: Case) -> None:
    """What is not declared cannot be done, and all the reasons are told (shop-19, tickets-16)."""
    assert answer(case) == case.answer


SILENT: dict[str, Scopes] = {}
CONSENTS = {
    "nothing said": (asks("use", "orders"), SILENT, {(Code.CONSENT_MISSING, "orders")}),
    "agreed to something else": (
        asks("use", "orders"),
        {"newsletter": agreed("")},
        {(Code.CONSENT_MISSING, "orders")},
    ),
    "withdrawn": (
        asks("use", "orders"),
        {"orders": {"": said(given=False)}},
        {(Code.CONSENT_WITHDRAWN, "orders")},
    ),
    "unproven": (asks("use", "orders"), {"orders": agreed("", proven=False)}, {(Code.CONSENT_UNPROVEN, "orders")}),
    "run out": (
        asks("use", "newsletter", channel="email"),
        {"newsletter": agreed("@email", until=AT)},
        {(Code.TERM_OVER, "@email")},
    ),
    "about to run out": (
        asks("use", "newsletter", channel="email"),
        {"newsletter": agreed("@email", until=AT + 1)},
        set(),
    ),
    "withdrawn before all else": (
        asks("use", "orders"),
        {"orders": {"": said(given=False, proven=False, until=1)}},
        {(Code.CONSENT_WITHDRAWN, "orders")},
    ),
    "no to the channel": (
        asks("use", "newsletter", channel="sms"),
        {"newsletter": {**agreed("", "@email"), "@sms": said(given=False)}},
        {(Code.CONSENT_WITHDRAWN, "@sms")},
    ),
    "one channel is enough to keep": (asks("store", "newsletter"), {"newsletter": agreed("@email")}, set()),
    "every channel withdrawn": (
        asks("store", "newsletter"),
        {"newsletter": {"@email": said(given=False), "@sms": said(given=False)}},
        {(Code.CONSENT_WITHDRAWN, "newsletter")},
    ),
    "one channel left": (
        asks("store", "newsletter"),
        {"newsletter": {"@email": said(given=False), "@sms": said()}},
        set(),
    ),
    "another channel than the one asked": (
        asks("use", "newsletter", channel="sms"),
        {"newsletter": agreed("@email")},
        {(Code.CONSENT_MISSING, "@sms")},
    ),
    "the recipient is not agreed to": (
        asks("transfer", "delivery", **COURIER),
        {"delivery": agreed("")},
        {(Code.CONSENT_MISSING, "/couriers")},
    ),
    "the recipient but not the purpose": (
        asks("transfer", "delivery", **COURIER),
        {"delivery": agreed("/couriers")},
        {(Code.CONSENT_MISSING, "delivery")},
    ),
    "the recipient by its own name, not its class": (
        asks("transfer", "delivery", **COURIER),
        {"delivery": agreed("", "/courier")},
        {(Code.CONSENT_MISSING, "/couriers")},
    ),
    "the border is not agreed to (94-V 16(3))": (
        asks("transfer", "orders", **MAILER),
        {"orders": agreed("", "/mailer")},
        {(Code.CONSENT_MISSING, ">TR")},
    ),
    "nothing of three": (
        asks("transfer", "orders", **MAILER),
        SILENT,
        {(Code.CONSENT_MISSING, "orders"), (Code.CONSENT_MISSING, "/mailer"), (Code.CONSENT_MISSING, ">TR")},
    ),
    "each of three for its own reason": (
        asks("transfer", "orders", **MAILER),
        {"orders": {"": said(given=False), "/mailer": said(proven=False), ">TR": said(until=AT - 1)}},
        {(Code.CONSENT_WITHDRAWN, "orders"), (Code.CONSENT_UNPROVEN, "/mailer"), (Code.TERM_OVER, ">TR")},
    ),
    "the law needs no consent": (asks("store", "bookkeeping"), SILENT, set()),
    "a withdrawal does not end a duty of the law": (
        asks("store", "bookkeeping"),
        {"bookkeeping": {"": said(given=False)}},
        set(),
    ),
}


@pytest.mark.parametrize(("question", "consents", "expected"), CONSENTS.values(), ids=CONSENTS)
def test_consent(question: Question, consents: dict[str, Scopes], expected: set[tuple[Code, str]]) -> None:
    """Each use, recipient class, channel and border needs the person's own yes (foundation-5, foundation-6)."""
    assert answer(Case(question), consents) == expected


def test_consent_under_a_version_that_no_longer_covers() -> None:
    """When a purpose grows, earlier consents to it no longer hold; those to other purposes do (foundation-37)."""
    made = promises(version=5, floors={"orders": 4, "delivery": 1})
    person = standing({"orders": agreed("", version=3), "delivery": agreed("", version=3)})
    outdated = decide(made, rule(made, SHOP, asks("use", "orders")), person, AT)
    assert [reason.code for reason in outdated] == [Code.CONSENT_OUTDATED]
    assert not decide(made, rule(made, SHOP, asks("use", "delivery")), person, AT)


def test_channels_are_consented_to_as_they_were_asked_for() -> None:
    """Where people are asked channel by channel each needs its own yes; where they are not, the purpose's is enough."""
    question = asks("use", "newsletter", channel="email")
    general = standing({"newsletter": agreed("")})
    made = promises()
    assert [one.code for one in decide(made, rule(made, SHOP, question), general, AT)] == [Code.CONSENT_MISSING]
    plain: dict[str, object] = {
        f"points.registration.consents.{number}": {"purpose": "newsletter", "ask": "choice"} for number in (6, 7)
    }
    together = promises(plain)
    ruling = rule(together, SHOP, question)
    assert not decide(together, ruling, general, AT)
    no_mails = standing({"newsletter": {**agreed(""), "@email": said(given=False)}})
    assert [one.code for one in decide(together, ruling, no_mails, AT)] == [Code.CONSENT_WITHDRAWN]


def test_consents_given_in_the_same_act_count() -> None:
    """An intake is decided on what the person says with it, not only on what was said before."""
    made = promises()
    ruling = rule(made, SHOP, asks("collect", "orders"))
    stranger = standing(SILENT)
    assert [one.code for one in decide(made, ruling, stranger, AT)] == [Code.CONSENT_MISSING]
    assert decide(made, ruling, stranger, AT, agreed("")) == ()
    assert [one.code for one in decide(made, ruling, standing(), AT, {"": said(given=False)})] == [
        Code.CONSENT_WITHDRAWN
    ]


def test_question_about_nobody_needs_a_person_where_a_consent_is_needed() -> None:
    """Without a person the policy alone can say no; it cannot say yes to what needs a consent."""
    made = promises()
    assert [one.code for one in decide(made, rule(made, SHOP, asks("use", "orders")), None, AT)] == [
        Code.SUBJECT_MISSING
    ]
    assert not decide(made, rule(made, SHOP, asks("store", "bookkeeping")), None, AT)
    refused = decide(made, rule(made, SHOP, asks("use", "orders", "health")), None, AT)
    assert Code.CATEGORY_UNDECLARED in {one.code for one in refused}


def test_all_reasons_of_a_thoroughly_wrong_question_are_told() -> None:
    """One answer shows everything that is wrong, so that nobody mends it reason by reason."""
    made = promises()
    question = Question(
        "collect", "delivery", categories=("health", "profile"), recipient="mailer", country="US", channel="fax"
    )
    person = standing(SILENT, block=True, stops=("",), events={"order-completed": AT - DAY}, created_at=AT - 9 * DAY)
    found = {reason.code for reason in decide(made, rule(made, DESK, question), person, AT)}
    assert found == {
        Code.OPERATION_UNDECLARED,
        Code.CATEGORY_UNDECLARED,
        Code.FIELD_NOT_NEEDED,
        Code.CHANNEL_UNDECLARED,
        Code.RECIPIENT_UNDECLARED,
        Code.COUNTRY_NOT_ALLOWED,
        Code.ROLE_NOT_ALLOWED,
        Code.SUBJECT_BLOCKED,
        Code.SUBJECT_STOPPED,
        Code.TERM_OVER,
        Code.CONSENT_MISSING,
    }


def test_an_erased_person_is_erased_whatever_was_agreed() -> None:
    """After an erasure nothing may be done, by anybody, for any purpose (airline-12)."""
    made = promises()
    for by in (SHOP, TILL, DESK, OFFICER, SYSTEM):
        for operation in Operation:
            ruling = rule(made, by, asks(operation.value, "orders"))
            assert [one.code for one in decide(made, ruling, standing(erased=True), AT)] == [Code.SUBJECT_ERASED]


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("by", [SHOP, OFFICER, SYSTEM], ids=lambda one: one.role)
def test_block_leaves_only_storing(operation: Operation, by: Actor) -> None:
    """A block stops everything but storing; the responsible person may look (travel-43, shop-20, 94-V 25(2)(8))."""
    made = promises()
    ruling = rule(made, by, asks(operation.value, "orders"))
    codes = {one.code for one in decide(made, ruling, standing(block=True), AT)}
    free = operation in (Operation.STORE, Operation.BLOCK) or (by is OFFICER and operation is Operation.EXTRACT)
    assert (Code.SUBJECT_BLOCKED in codes) is not free


@pytest.mark.parametrize(
    ("stops", "purpose", "stopped"),
    [((), "orders", False), (("orders",), "orders", True), (("newsletter",), "orders", False), (("",), "orders", True),
     (("newsletter", ""), "bookkeeping", True)],
)  # fmt: skip
def test_stop(stops: tuple[str, ...], purpose: str, *, stopped: bool) -> None:
    """A stop ends one purpose, or all of them, those of the law too (travel-44)."""
    made = promises()
    codes = {one.code for one in decide(made, rule(made, SHOP, asks("store", purpose)), standing(stops=stops), AT)}
    assert codes == ({Code.SUBJECT_STOPPED} if stopped else set())


def test_grounds_name_clause_and_article() -> None:
    """An allowance tells on what it rests; a refusal tells clause and article."""
    made = promises()
    (consent,) = rule(made, SHOP, asks("use", "orders")).grounds
    assert (consent.code, consent.where, consent.clause, consent.article) == (
        Code.GRANTED_BY_CONSENT, "orders", "mini-2", "7(1)",
    )  # fmt: skip
    (law,) = rule(made, SHOP, asks("store", "bookkeeping")).grounds
    assert (law.code, law.article) == (Code.GRANTED_BY_LAW, "9(9-1)")
    (refused,) = decide(made, rule(made, DESK, reads("payment-card")), standing(), AT)
    assert (refused.clause, refused.article) == ("mini-3", "11")


def test_every_person_agreed_to_everything_in_these_tables() -> None:
    """The tables speak of what the policy refuses: the person in them said yes to all that it asks for."""
    asked = {(ask.purpose, ask.recipient, ask.channel, ask.country) for ask in
             promises().policy.points["registration"].consents}  # fmt: skip
    assert len(asked) == sum(len(scopes) for scopes in EVERYTHING.values())
