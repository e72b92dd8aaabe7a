"""Handing over: through the gate, on record before it is told, and the register that the person may see."""

from __future__ import annotations

from dataclasses import replace

from senim.app import Senim
from senim.consent import Scope
from senim.disclosure import Handed, Handing
from senim.errors import Code
from senim.identity import Actor, SubjectId, new_subject
from senim.policy.taxonomy import Operation
from senim.testing import Person, Stage
from tests.features import acting
from tests.features.acting import recorded, refused, senim_of, stranger

COURIER = Handing(recipient="courier", purpose="delivery")


def hand(senim: Senim, handing: Handing, *subjects: str, actor: Actor | None = None) -> Handed:
    """Hand over."""
    people = [SubjectId(one) for one in subjects]
    return senim.run(actor or senim.actor(), lambda work: senim.disclosures.make(work, people, handing))


def entrusted(stage: Stage, person: Person, handing: Handing) -> dict[str, str]:
    """What the recipient may get of what this person gave."""
    uses = stage.policy.expand(stage.policy.recipients[handing.recipient].uses)
    allowed = uses & stage.promises.needed[handing.purpose]
    return {reference: value for reference, value in person.values.items() if reference in allowed}


def test_a_recipient_gets_what_it_is_entrusted_with_and_nothing_else(stage: Stage) -> None:
    """tickets-23, foundation-22: only what its list names; the register says so at once, sealed or not (travel-34)."""
    senim, person = senim_of(stage), stage.person()
    handed = hand(senim, COURIER, person.subject)
    got = handed.values[person.subject]
    assert set(got) == set(entrusted(stage, person, COURIER)) != set()
    assert not handed.refused
    for _ in range(2):
        (line,) = senim.disclosures.of(person.subject)
        assert (line.disclosure, line.recipient, line.purpose) == (handed.disclosure, "courier", "delivery")
        assert (line.country, line.categories) == ("KZ", tuple(sorted(got)))
        senim.tick()


def test_the_handing_over_is_durable_before_the_values_are_told(stage: Stage) -> None:
    """No value leaves without its entry, and the entry names no value."""
    senim, person = senim_of(stage), stage.person()
    hand(senim, COURIER, person.subject)
    (entry,) = (one for one in senim.log.entries_waiting(person.subject) if one.act == "data.disclosed")
    assert (entry.operation, entry.recipient, entry.purpose) == ("transfer", "courier", "delivery")
    assert not [value for value in person.values.values() if len(value) > 3 and value in str(entry)]


def test_what_is_not_promised_is_handed_to_nobody(stage: Stage) -> None:
    """An undeclared recipient, purpose, country or category, and a role without the grant: refused and on record."""
    senim, person = senim_of(stage), stage.person()
    for code, handing in (
        (Code.RECIPIENT_UNDECLARED, replace(COURIER, recipient="somebody")),
        (Code.RECIPIENT_UNDECLARED, replace(COURIER, purpose="orders")),
        (Code.PURPOSE_UNDECLARED, replace(COURIER, purpose="resale")),
        (Code.COUNTRY_NOT_ALLOWED, replace(COURIER, country="US")),
        (Code.CATEGORY_UNDECLARED, replace(COURIER, categories=("diary",))),
        (Code.FIELD_NOT_NEEDED, replace(COURIER, categories=("contact.email",))),
        (Code.REASON_MISSING, Handing(recipient="tax", purpose="bookkeeping")),
    ):
        entries = recorded(senim, lambda handing=handing: hand(senim, handing, person.subject), refusal=code)  # type: ignore[misc]  # the loop's own
        assert [one.act for one in entries] == ["data.disclosed"]
    recorded(senim, lambda: hand(senim, COURIER, person.subject, actor=stranger("read")), refusal=Code.ROLE_NOT_ALLOWED)
    assert senim.disclosures.of(person.subject) == []


def test_a_withdrawal_a_block_and_an_erasure_end_the_handing_over_at_once(stage: Stage) -> None:
    """travel-40, travel-43: they bind the very next one."""
    senim = senim_of(stage)
    withdrawn, blocked, erased = (stage.person() for _ in range(3))
    acting.withdraw(senim, withdrawn.subject, Scope(purpose="orders", recipient="mailer"))
    mailer = Handing(recipient="mailer", purpose="orders")
    refused(Code.CONSENT_WITHDRAWN, lambda: hand(senim, mailer, withdrawn.subject))
    acting.about(senim, blocked.subject, lambda work, who: senim.gate.block(work, who, reason="inaccuracy-reported"))
    refused(Code.SUBJECT_BLOCKED, lambda: hand(senim, COURIER, blocked.subject))
    acting.erase(senim, erased.subject)
    refused(Code.SUBJECT_ERASED, lambda: hand(senim, COURIER, erased.subject))


def test_of_several_people_each_is_decided_on_alone(stage: Stage) -> None:
    """Who may not be handed over is named with reasons; the others go, under one disclosure."""
    senim = senim_of(stage)
    first, blocked, last = (stage.person() for _ in range(3))
    acting.about(senim, blocked.subject, lambda work, who: senim.gate.block(work, who, reason="unlawful-reported"))
    nobody = new_subject()
    handed = hand(senim, COURIER, first.subject, blocked.subject, nobody, last.subject)
    assert set(handed.values) == {first.subject, last.subject}
    assert {who: [reason.code for reason in why] for who, why in handed.refused.items()} == {
        blocked.subject: [Code.SUBJECT_BLOCKED],
        nobody: [Code.NOT_FOUND],
    }
    for person in (first, last):
        assert [one.disclosure for one in senim.disclosures.of(person.subject)] == [handed.disclosure]
    assert senim.disclosures.of(blocked.subject) == []
    codes = [one.codes for one in acting.told_of(senim, blocked.subject) if one.act == "data.disclosed"]
    assert codes == [("subject_blocked",)]


def test_a_list_that_is_none_is_refused(stage: Stage) -> None:
    """Nobody, one person twice, too many: a clear error, and nothing happens."""
    senim, person = senim_of(stage), stage.person()
    for subjects in ((), (person.subject, person.subject), tuple(new_subject() for _ in range(501))):
        refused(Code.INVALID_VALUE, lambda subjects=subjects: hand(senim, COURIER, *subjects))  # type: ignore[misc]  # the loop's own
    refused(Code.NOT_FOUND, lambda: hand(senim, COURIER, new_subject()))
    assert senim.disclosures.of(person.subject) == []


def test_what_no_human_may_see_passes_through_no_human_s_hands(stage: Stage) -> None:
    """travel-8: staff hand over what they may see at all; the card goes from the vault to the named reader alone."""
    senim = senim_of(stage)
    closed = {name for name, one in stage.policy.categories.items() if one.people == "never"}
    assert closed
    person = stage.person()
    for name, one in stage.policy.recipients.items():
        for purpose in one.purposes:
            if Operation.TRANSFER not in stage.policy.purposes[purpose].operations:
                continue
            handing = Handing(recipient=name, purpose=purpose, reason="1" * 32)
            got = hand(senim, handing, person.subject).values[person.subject]
            assert not {reference for reference in got if reference.partition(".")[0] in closed}


def test_a_register_of_somebody_unknown_is_empty(stage: Stage) -> None:
    """Nobody's register tells nothing, and asking for an unknown person's standing is refused."""
    senim, unknown = senim_of(stage), new_subject()
    assert senim.disclosures.of(unknown) == []
    refused(Code.NOT_FOUND, lambda: senim.subjects.find(senim.database, unknown))


TAX = Handing(recipient="tax", purpose="bookkeeping", reason="№ 12-34/567 от 03.11.2026")


def test_the_document_of_an_authority_is_on_record(stage: Stage) -> None:
    """tickets-17: its number is in the entry and in both registers: it can be shown later by what was asked."""
    senim, person = senim_of(stage), stage.person()
    entries = recorded(senim, lambda: hand(senim, TAX, person.subject))
    assert [(one.act, one.recipient, one.reason) for one in entries] == [("data.disclosed", "tax", TAX.reason)]
    hand(senim, replace(TAX, reason="a" * 32), person.subject)
    hand(senim, COURIER, person.subject)
    known = [TAX.reason, "a" * 32, ""]
    assert [one.document for one in senim.disclosures.of(person.subject)] == known
    senim.tick()
    listed = senim.run(senim.actor(), senim.disclosures.listed)
    assert [one.document for one in listed.lines] == known[::-1]
    refused(Code.REASON_MISSING, lambda: hand(senim, replace(TAX, reason=""), person.subject))


def test_what_is_no_number_of_a_document_is_not_written_anywhere(stage: Stage) -> None:
    """A name in its place would stay in the log for ever: it is refused, and the refusal does not hold it."""
    senim, person = senim_of(stage), stage.person()
    wrong = "по делу Пробникова"
    refused(Code.INVALID_VALUE, lambda: hand(senim, replace(TAX, reason=wrong), person.subject))
    assert senim.disclosures.of(person.subject) == []
    senim.tick()
    told = [entry for _, entry in senim.log.entries() if entry.act == "data.disclosed"]
    assert [(one.outcome, one.reason, one.codes) for one in told] == [("refused", None, ("invalid_value",))]
