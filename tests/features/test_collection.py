"""Collection: notice, intake, correct, somebody else's data, many at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from senim.audit.records import Entry
from senim.collection import Intake, OnBehalf, SourceGiven, Taken
from senim.collection.reception import Reception
from senim.conformance import cast
from senim.errors import Code, SenimError
from senim.identity import new_subject
from senim.languages import Text, wording
from senim.testing import FixedClock, Stage
from senim.work import Work
from tests.features import acting
from tests.features.acting import about, at_once, find, recorded, refused, senim_of, told_of


def take(stage: Stage, request: Intake) -> Taken:
    """Take in a request as the shop's site does."""
    senim = senim_of(stage)
    return senim.run(senim.actor("shop"), lambda work: senim.collection.intake(work, request))


def refusal_of(stage: Stage, request: Intake, code: Code) -> Entry:
    """The one entry that a refused intake leaves; nobody came to be by it."""
    senim = senim_of(stage)
    before = senim.subjects.count(senim.database)
    (entry,) = recorded(senim, partial(take, stage, request), refusal=code)
    assert senim.subjects.count(senim.database) == before
    assert (entry.act, entry.outcome) == ("data.collected", "refused")
    assert code in entry.codes
    return entry


def test_an_intake_stores_what_was_asked_with_consents_and_source(stage: Stage, clock: FixedClock) -> None:
    """A person is told, agrees, gives data: values, choices and receipts are one act with its entries (mini-2)."""
    senim = senim_of(stage)
    request = stage.request("registration")
    entries = recorded(senim, partial(take, stage, request))
    assert [one.act for one in entries] == ["consent.given"] * 8 + ["data.collected"]
    collected = entries[-1]
    assert (collected.point, collected.count) == ("registration", len(request.values))
    assert collected.categories == tuple(sorted(request.values))
    assert len({one.subject for one in entries}) == 1
    assert collected.subject is not None
    told = acting.read(senim, collected.subject)
    assert {name: kept.value for name, kept in told.values.items()} == {
        name: value
        for name, value in request.values.items()
        if name in stage.promises.needed["orders"] and not name.startswith("payment-card")
    }
    assert {kept.source for kept in told.values.values()} == {"person"}
    assert not any(str(value) in str(entries) for value in request.values.values())


WRONG: tuple[tuple[Code, dict[str, Any]], ...] = (
    (Code.POINT_UNDECLARED, {"point": "call from alice@people.example"}),
    (Code.NOTICE_MISSING, {"notice": ""}),
    (Code.NOTICE_OUTDATED, {"notice": "0" * 64}),
    (Code.NOTICE_OUTDATED, {"language": "en"}),
    (Code.CHANNEL_UNDECLARED, {"channel": "post"}),
    (Code.NOTICE_MISSING, {"channel": "telephone", "read_to_caller": False}),
    (Code.CONSENT_MISSING, {"consents": ()}),
    (Code.SOURCE_UNDECLARED, {"source": "hearsay"}),
    (Code.INVALID_VALUE, {"source": SourceGiven(id="open")}),
    (Code.INVALID_VALUE, {"source": SourceGiven(id="open", place="told by a neighbour")}),
    (Code.INVALID_VALUE, {"source": SourceGiven(id="open", place="javascript://people.example/")}),
    (Code.INVALID_VALUE, {"source": SourceGiven(id="open", place="https://people.example/" + "a" * 2000)}),
    (Code.CARD_NUMBER, {"source": SourceGiven(id="open", place=f"https://people.example/{cast.card(7)}")}),
    (Code.SPECIAL_CATEGORY, {"source": SourceGiven(id="open", place="https://people.example/%D0%92%D0%98%D0%A7")}),
    (Code.INVALID_VALUE, {"source": SourceGiven(id="person", place="https://people.example/alice")}),
    (Code.ATTESTATION_MISSING, {"on_behalf_of": OnBehalf(authority="parent", by="nobody")}),
    (Code.NOT_FOUND, {"on_behalf_of": OnBehalf(authority="parent", by=new_subject())}),
    (Code.NOT_FOUND, {"subject": new_subject()}),
)
WRONG_VALUES: tuple[tuple[Code, dict[str, object]], ...] = (
    (Code.CATEGORY_UNDECLARED, {"contact.pager": "12345"}),
    (Code.FIELD_NOT_NEEDED, {"profile.scan": "a scan"}),
    (Code.FIELD_MISSING, {"identity.family": ""}),
    (Code.FIELD_MISSING, {"contact.email": None}),
    (Code.INVALID_VALUE, {"contact.email": "alice"}),
    (Code.INVALID_VALUE, {"contact.email": ["alice@people.example"]}),
    (Code.INVALID_VALUE, {"contact.phone": "12 at night"}),
    (Code.INVALID_VALUE, {"identity.iin": "751304500003"}),
    (Code.MIXED_SCRIPT, {"identity.family": "Пробникoв"}),
    (Code.CARD_NUMBER, {"contact.note": f"my card {cast.card(7)}"}),
    (Code.SPECIAL_CATEGORY, {"profile.tastes": "у меня инвалидность"}),
    (Code.ATTESTATION_MISSING, {"contact.note": f"for a friend, IIN {cast.iin(99)}"}),
)


def test_what_may_not_come_in_is_refused_whole_with_every_reason(stage: Stage) -> None:
    """Undeclared, unneeded, malformed, not agreed to, somebody else's: refused, and only codes are kept (tickets-9)."""
    request = stage.request("registration", language="ru")
    shown = senim_of(stage).run(stage.actor, lambda work: stage.platform.collection.notice(work, "registration", "ru"))
    request = replace(request, notice=shown.digest)
    for code, changed in WRONG:
        entry = refusal_of(stage, replace(request, **changed), code)
        assert "alice" not in str(entry)
    for code, values in WRONG_VALUES:
        entry = refusal_of(stage, replace(request, values={**request.values, **values}), code)
        assert not any(str(value) in str(entry) for value in values.values() if value)
    both = {**request.values, "contact.pager": "1", "contact.email": "alice"}
    reasons = refused(Code.CATEGORY_UNDECLARED, partial(take, stage, replace(request, values=both, notice=""))).reasons
    assert {reason.code for reason in reasons} == {
        Code.CATEGORY_UNDECLARED, Code.INVALID_VALUE, Code.NOTICE_MISSING,
    }  # fmt: skip
    assert take(stage, request).stored


def test_a_field_comes_in_only_for_a_purpose_agreed_to(stage: Stage) -> None:
    """What only the newsletter needs is refused from who says no to it, and comes in with the yes (shop-9)."""
    required = stage.consents("registration", only=lambda ask: ask.ask == "required")
    request = stage.request("registration", consents=required)
    assert "profile.tastes" in request.values
    refusal_of(stage, request, Code.CONSENT_MISSING)
    values = {name: value for name, value in request.values.items() if name != "profile.tastes"}
    taken = take(stage, replace(request, values=values))
    assert set(taken.stored) == set(values)
    news = stage.consents("registration", only=lambda ask: ask.purpose == "newsletter")
    more = replace(request, subject=taken.subject, values={"profile.tastes": "books"}, consents=news)
    assert take(stage, more).stored == ("profile.tastes",)
    told = acting.read(senim_of(stage), taken.subject, "newsletter").values
    assert told["profile.tastes"].value == "books"


def test_an_intake_that_was_overtaken_is_decided_anew(stage: Stage) -> None:
    """A withdrawal or an erasure that is committed first binds the intake that was decided before it."""
    senim = senim_of(stage)
    person = stage.person()
    again = stage.request("registration", subject=person.subject, consents=(), values={"profile.tastes": "books"})
    overtaken = acting.between(
        lambda work: senim.collection.intake(work, again),
        lambda: about(
            senim, person.subject, lambda work, who: senim.consents.withdraw_all(work, who, evidence=acting.ACCOUNT)
        ),
    )
    refused(Code.CONSENT_WITHDRAWN, lambda: senim.run(senim.actor(), overtaken))
    other = stage.person()
    again = stage.request("registration", subject=other.subject)
    overtaken = acting.between(
        lambda work: senim.collection.intake(work, again), partial(acting.erase, senim, other.subject)
    )
    refused(Code.SUBJECT_ERASED, lambda: senim.run(senim.actor(), overtaken))
    refused(Code.NOT_FOUND, partial(find, senim, "email", str(again.values["contact.email"])))


def test_consents_and_values_of_one_intake_of_a_known_person_are_both_kept(stage: Stage, clock: FixedClock) -> None:
    """Coming again changes values and choices in one act: neither undoes the other."""
    senim = senim_of(stage)
    without_news = stage.consents("registration", only=lambda one: one.purpose != "newsletter")
    values = {"identity.family": "Иванова", "identity.given": "Дарья", "contact.email": "d@people.example"}
    person = stage.person(consents=without_news, values=values)
    acting.take_again(stage, person, values={"contact.email": "new@people.example", "profile.tastes": "tea"})
    states = senim.consents.of(senim.database, person.subject)
    assert {one.scope.purpose for one in states if one.agreed.given} == {"orders", "delivery", "newsletter"}
    assert acting.read(senim, person.subject).values["contact.email"].value == "new@people.example"
    assert find(senim, "email", "new@people.example") == person.subject
    refused(Code.NOT_FOUND, partial(find, senim, "email", "d@people.example"))


def test_a_correction_changes_what_it_names_and_is_held_to_the_same_rules(stage: Stage, clock: FixedClock) -> None:
    """Clarifying (94-V 13) keeps the other values, is logged by field, and lets nothing in that intake would not."""
    senim, person = senim_of(stage), stage.person()
    clock.move(days=1)
    entries = recorded(senim, partial(acting.correct, senim, person.subject, {"contact.email": "NEW@people.example"}))
    assert [(one.act, one.categories, one.count) for one in entries] == [("data.corrected", ("contact.email",), 1)]
    told = acting.read(senim, person.subject).values
    assert told["contact.email"].value == "new@people.example"
    assert told["contact.email"].at > told["contact.phone"].at
    assert told["contact.phone"].value == person.values["contact.phone"]
    cases: tuple[tuple[Code, dict[str, object]], ...] = (
        (Code.CATEGORY_UNDECLARED, {"contact.pager": "1"}),
        (Code.FIELD_NOT_NEEDED, {"profile.tastes": "tea"}),
        (Code.INVALID_VALUE, {"contact.email": "x"}),
        (Code.CARD_NUMBER, {"contact.note": cast.card(3)}),
        (Code.ATTESTATION_MISSING, {"contact.note": f"and for {cast.iin(98)}"}),
        (Code.ATTESTATION_MISSING, {"identity.iin": stage.person().values["identity.iin"]}),
    )
    for code, values in cases:
        entries = recorded(senim, partial(acting.correct, senim, person.subject, values), refusal=code)
        assert [(one.act, one.outcome) for one in entries] == [("data.corrected", "refused")], values
    assert acting.read(senim, person.subject).values == told
    own = str(person.values["identity.iin"])
    acting.correct(senim, person.subject, {"contact.note": f"my own {own}"})


def test_another_persons_data_needs_who_speaks_and_by_what_right(stage: Stage) -> None:
    """Who agreed for another is kept with the consent and the data for ever (tickets-20, travel-4)."""
    senim, parent = senim_of(stage), stage.person()
    paper = stage.upload(parent)
    behalf = OnBehalf(authority="parent", by=parent.subject, document=paper)
    child = stage.person(on_behalf_of=behalf)
    entries = told_of(senim, child.subject)
    attested = next(one for one in entries if one.act == "subject.attested")
    assert attested.reason == "parent"
    assert parent.subject in bytes(attested.record).decode()  # type: ignore[arg-type]  # it has one
    events = senim.consents.history(child.subject)[0]
    assert {one.said.evidence.representative.subject for one in events if one.said.evidence.representative} == {
        parent.subject
    }
    request = stage.request("registration", on_behalf_of=replace(behalf, document="0" * 32))
    refusal_of(stage, request, Code.DOCUMENT_UNKNOWN)
    acting.erase(senim, parent.subject)
    refusal_of(stage, stage.request("registration", on_behalf_of=behalf), Code.SUBJECT_ERASED)


def test_a_signed_paper_is_a_file_here_or_lies_in_the_archive(staged: acting.Staged, mini: bytes) -> None:
    """Written consent is not proven by any id: special categories come in with a file, or a place (foundation-12)."""
    source = mini.replace(b"  profile: {name:", b"  profile: {special: health, name:", 1)
    assert source != mini
    stage = staged(source)
    person, parent = stage.person(), stage.person()
    own, parents = stage.upload(person), stage.upload(parent)
    request = replace(stage.request("registration"), act="tick", subject=person.subject)
    request = replace(request, values={name: value for name, value in request.values.items() if "tastes" in name})
    assert request.values
    refusal_of(stage, request, Code.SPECIAL_CATEGORY)
    for consents in (request.consents, ()):
        for document in ("d" * 32, parents):
            refusal_of(stage, replace(request, document=document, consents=consents), Code.DOCUMENT_UNKNOWN)
    refusal_of(stage, replace(request, archive="of Ivan"), Code.INVALID_VALUE)
    behalf = OnBehalf(authority="parent", by=parent.subject, document=parents)
    for good in ({"document": own}, {"archive": "AR-2026/0412"}, {"document": parents, "on_behalf_of": behalf}):
        take(stage, replace(request, **good))
    said = [event.said.evidence for event in senim_of(stage).consents.history(person.subject)[0]]
    assert {one.document for one in said} == {"", own, parents}
    assert {one.archive for one in said} == {"", "AR-2026/0412"}


def test_many_are_taken_in_at_once_and_a_refused_one_leaves_the_others(stage: Stage) -> None:
    """Of an import a wrong line is left out and logged with its code; the others are there with the same commit."""
    senim = senim_of(stage)
    requests = [stage.request("registration", surface="import") for _ in range(6)]
    requests[2] = replace(requests[2], values={**requests[2].values, "contact.note": cast.card(5)})
    requests[4] = replace(requests[4], values={**requests[4].values, "contact.email": ""})

    def act(work: Work) -> list[str]:
        done = []
        for request in requests:
            try:
                with work.part():
                    done.append(str(senim.collection.intake(work, request).subject))
            except SenimError as error:
                done.append(error.code)
        return done

    senim.tick()
    size = senim.log.size
    done = senim.run(senim.actor(), act)
    assert (done[2], done[4]) == (Code.CARD_NUMBER, Code.FIELD_MISSING)
    assert senim.subjects.count(senim.database) == (4, 0)
    for number in (0, 1, 3, 5):
        assert find(senim, "email", str(requests[number].values["contact.email"])) == done[number]
    refused(Code.NOT_FOUND, partial(find, senim, "email", str(requests[2].values["contact.email"])))
    senim.tick()
    collected = [entry for _, entry in senim.log.entries(size) if entry.act == "data.collected"]
    assert [one.outcome for one in collected] == ["done", "done", "refused", "done", "refused", "done"]


def test_a_newer_notice_is_kept_although_the_first_of_a_batch_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was shown is kept with the first who is taken in, not with one whose rows are thrown away (foundation-3)."""
    senim = senim_of(stage)
    words = dict(wording("notices"))
    words["purposes"] = Text(kk="Не үшін керек?", ru="Для чего это?", en="What is it for?")
    monkeypatch.setattr("senim.policy.notices.wording", lambda file: words if file == "notices" else wording(file))
    senim.policies._notices.clear()
    required = stage.consents("registration", only=lambda ask: ask.ask == "required")
    frame = stage.request("registration", consents=required, surface="import")
    good = {name: value for name, value in frame.values.items() if name != "profile.tastes"}

    def act(work: Work) -> None:
        reception = senim.collection.reception(work, frame, signed=False)
        refused(Code.CONSENT_MISSING, partial(_apart, work, reception, frame.values))
        _apart(work, reception, good)

    senim.run(senim.actor(), act)
    assert senim.policies.notice_shown(frame.notice).point == "registration"


def _apart(work: Work, reception: Reception, values: Mapping[str, object]) -> None:
    with work.part():
        reception.take(values)


def test_the_same_identifier_taken_in_at_once_gives_people_who_are_all_found(stage: Stage) -> None:
    """Two tabs, one e-mail address, the same moment: nobody's data is lost or mixed with another's."""
    senim, shared = senim_of(stage), "twice@people.example"
    requests = [stage.request("registration") for _ in range(6)]
    requests = [replace(one, values={**one.values, "contact.email": shared}) for one in requests]
    taken = at_once([partial(take, stage, request) for request in requests])
    people = {one.subject: request for one, request in zip(taken, requests, strict=True) if isinstance(one, Taken)}
    assert len(people) == 6
    assert set(refused(Code.SEVERAL_FOUND, partial(find, senim, "email", shared)).detail.split()) == set(people)
    for subject, request in people.items():
        assert acting.read(senim, subject).values["identity.family"].value == request.values["identity.family"]


def test_one_person_who_comes_twice_at_once_keeps_both(stage: Stage) -> None:
    """Two forms of one person sent at the same moment are both there afterwards, one after the other."""
    senim, person = senim_of(stage), stage.person()
    forms: list[dict[str, object]] = [
        {"contact.note": "ring twice"},
        {"contact.order": "A-77"},
        {"profile.tastes": "tea"},
        {"identity.given": "Анна"},
    ]
    requests = [stage.request("registration", subject=person.subject, consents=(), values=form) for form in forms]
    done = at_once([partial(take, stage, request) for request in requests])
    assert all(isinstance(one, Taken) for one in done), done
    told = {**acting.read(senim, person.subject).values, **acting.read(senim, person.subject, "newsletter").values}
    assert {name: told[name].value for form in forms for name in form} == {
        name: value for form in forms for name, value in form.items()
    }
    assert find(senim, "contact.order", "A-77") == person.subject
