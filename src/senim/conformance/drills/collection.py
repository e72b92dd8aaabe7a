"""Drills of the way in: what comes in, and what does not."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from senim.collection import OnBehalf, SourceGiven
from senim.conformance import cast
from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage
from senim.errors import Code, SenimError
from senim.languages import Hint, Text
from senim.policy.taxonomy import FieldType, Operation
from senim.vault import Kept
from senim.work import Work

_SPECIAL_WORDS = "у меня инвалидность второй группы"


def _read(stage: Stage, person: Person) -> dict[str, Kept]:
    """All that this stage's person gave, as a service that may see everything reads it, purpose by purpose."""
    found: dict[str, Kept] = {}
    for purpose in [name for name, one in stage.policy.purposes.items() if Operation.EXTRACT in one.operations]:

        def act(work: Work, purpose: str = purpose) -> dict[str, Kept]:
            standing = stage.platform.subjects.about(work, person.subject)
            return dict(stage.platform.vault.read(work, standing, purpose).values)

        try:
            found.update(stage.platform.run(stage.actor, act))
        except SenimError as error:
            # A purpose not consented to at this point tells nothing.
            if error.code != Code.CONSENT_MISSING:
                raise
    return found


def notice(stage: Stage) -> None:
    """Nothing is taken before the notice was shown, in the person's language, as it stands now."""
    request = stage.request(stage.point())
    stage.refused(Code.NOTICE_MISSING, lambda: stage.take(replace(request, notice="")), Hint("without-notice"))
    stage.refused(Code.NOTICE_OUTDATED, lambda: stage.take(replace(request, notice="0" * 64)), Hint("other-notice"))
    stage.take(request)


def notice_by_telephone(stage: Stage) -> None:
    """What staff enter from a call carries the mark that the notice was read to the caller."""
    point = stage.point(lambda one: "telephone" in one.channels)
    request = replace(stage.request(point), channel="telephone", surface="telephone", act="spoken")
    stage.refused(
        Code.NOTICE_MISSING,
        lambda: stage.take(replace(request, read_to_caller=False)),
        Hint("call-without-notice"),
    )
    stage.take(replace(request, read_to_caller=True))


def declared_only(stage: Stage) -> None:
    """A field that the policy does not declare is refused, and nothing of the request is kept."""
    before = stage.platform.subjects.count(stage.platform.database)
    request = stage.request(stage.point())
    bad = replace(request, values={**request.values, "contact.pager": "12345"})
    stage.refused(Code.CATEGORY_UNDECLARED, lambda: stage.take(bad), Hint("undeclared-field"))
    stage.expect(stage.platform.subjects.count(stage.platform.database) == before, Hint("something-kept"))


def needed_only(stage: Stage) -> None:
    """A field that no purpose consented to needs is refused."""
    for name, point in stage.policy.forms.items():
        if point.subject == "other":
            continue
        required = stage.consents(name, only=lambda ask: ask.ask == "required")
        needed = stage.served({one.purpose for one in required})
        request = stage.request(name, consents=required)
        extra = [reference for reference in request.values if reference not in needed]
        if extra:
            stage.refused(
                Code.CONSENT_MISSING, partial(stage.take, request), Hint("field-without-purpose", field=extra[0])
            )
            return
    outside = next((ref for ref in stage.promises.fields if ref not in stage.policy.points[stage.point()].asks), None)
    if outside is None:
        raise NothingDeclared(Hint("all-needed"))
    request = stage.request(stage.point())
    value = cast.value(outside, stage.promises.fields[outside], 1)
    bad = replace(request, values={**request.values, outside: value})
    stage.refused(Code.FIELD_NOT_NEEDED, lambda: stage.take(bad), Hint("field-unasked", field=outside))


def explained(stage: Stage) -> None:
    """Each required field says why it is needed and what refusing means, in three languages."""
    for name, point in stage.policy.forms.items():
        for reference in point.asks:
            asked = point.asked(reference)
            if asked.ask == "required":
                complete = asked.why != Text() and asked.refusal != Text()
                stage.expect(
                    complete and not asked.why.missing() and not asked.refusal.missing(),
                    Hint("field-unexplained", point=name, field=reference),
                )
    point_name = stage.point(lambda one: any(one.asked(reference).ask == "required" for reference in one.asks))
    point = stage.policy.points[point_name]
    required = next(reference for reference in point.asks if point.asked(reference).ask == "required")
    request = stage.request(point_name)
    values = {name: value for name, value in request.values.items() if name != required}
    stage.refused(
        Code.FIELD_MISSING, lambda: stage.take(replace(request, values=values)), Hint("field-left-out", field=required)
    )


def points(stage: Stage) -> None:
    """Every declared point takes in what it declares, and keeps it."""
    for name in stage.policy.forms:
        person = stage.person(name)
        stage.expect(set(person.taken.stored) == set(person.values), Hint("point-took-other", point=name))

        def held(work: Work, person: Person = person) -> dict[str, int]:
            return stage.platform.vault.held(work, stage.platform.subjects.about(work, person.subject))

        given = {reference.partition(".")[0] for reference in person.values}
        stage.expect(stage.platform.run(stage.actor, held).keys() == given, Hint("point-kept-other", point=name))


def attestation(stage: Stage) -> None:
    """Another person's data is refused without a word on who agreed and by what right."""
    point = stage.point(lambda one: one.subject in ("other", "either") and one.proof == "attestation")
    speaker = stage.person()
    behalf = OnBehalf(authority="agreed-with-person", by=speaker.subject)
    request = stage.request(point, on_behalf_of=behalf)
    if stage.policy.points[point].subject == "other":
        stage.refused(
            Code.ATTESTATION_MISSING, lambda: stage.take(replace(request, on_behalf_of=None)), Hint("others-data")
        )
    stranger = replace(request, on_behalf_of=OnBehalf(authority="agreed-with-person", by="nobody"))
    stage.refused(Code.ATTESTATION_MISSING, lambda: stage.take(stranger), Hint("attested-by-nobody"))
    taken = stage.take(request)
    event = stage.platform.consents.history(taken.subject)[0][0]
    stage.expect(event.said.evidence.representative, Hint("speaker-untold"))


def documents_of_others(stage: Stage) -> None:
    """Other people's data needs a document that proves the right to represent them."""
    point = stage.point(lambda one: one.proof == "document" and one.subject != "self")
    speaker = stage.person()
    behalf = OnBehalf(authority="power-of-attorney", by=speaker.subject)
    request = stage.request(point, on_behalf_of=behalf)
    stage.refused(Code.ATTESTATION_MISSING, lambda: stage.take(request), Hint("without-document"))
    unknown = replace(request, on_behalf_of=replace(behalf, document="0" * 32))
    stage.refused(Code.DOCUMENT_UNKNOWN, lambda: stage.take(unknown), Hint("document-absent"))
    document = stage.upload(speaker)
    taken = stage.take(replace(request, on_behalf_of=replace(behalf, document=document)))
    event = stage.platform.consents.history(taken.subject)[0][0]
    stage.expect(
        event.said.evidence.representative and event.said.evidence.representative.document == document,
        Hint("document-unrecorded"),
    )


def source(stage: Stage) -> None:
    """Every value carries where it came from, and undeclared sources are refused."""
    request = stage.request(stage.point())
    stage.refused(
        Code.SOURCE_UNDECLARED, lambda: stage.take(replace(request, source="hearsay")), Hint("unknown-source")
    )
    for name, declared in stage.policy.sources.items():
        place = "https://people.example/open" if declared.kind == "public" else ""
        person = stage.person(source=SourceGiven(id=name, place=place))
        kept = _read(stage, person)
        stage.expect(kept, Hint("nothing-kept"))
        stage.expect(
            all(one.source == name and one.place == place for one in kept.values()), Hint("source-lost", source=name)
        )


def stated(stage: Stage) -> None:
    """What people state is marked as stated, not as verified."""
    kept = _read(stage, stage.person())
    stage.expect(kept and all(one.status == "stated" for one in kept.values()), Hint("unchecked-as-checked"))


def _free_field(stage: Stage) -> tuple[str, str]:
    """A point and a field of it that takes people's own words. Raises NothingDeclared."""
    free = (FieldType.TEXT, FieldType.WORDS, FieldType.ADDRESS, FieldType.ACCOUNT, FieldType.NAME)
    found = [
        (name, reference)
        for kind in free
        for name, point in stage.policy.forms.items()
        for reference in point.asks
        if stage.promises.fields[reference].type is kind and point.subject != "other"
    ]
    if not found:
        raise NothingDeclared(Hint("no-free-text"))
    return found[0]


def card_refused(stage: Stage) -> None:
    """A card number is refused in every field but one made for it, free text and files included."""
    point, reference = _free_field(stage)
    request = stage.request(point)
    number = cast.card(7)
    for text in (number, f"{number[:4]} {number[4:8]} {number[8:12]} {number[12:]}", f"pay with {number}, thanks"):
        bad = replace(request, values={**request.values, reference: text})
        stage.refused(Code.CARD_NUMBER, partial(stage.take, bad), Hint("card-in-field", field=reference))
    try:
        person = stage.person()
        stage.refused(
            Code.CARD_NUMBER, lambda: stage.upload(person, f"%PDF-1.7\n({number})".encode()), Hint("card-in-file")
        )
    except NothingDeclared:
        pass


def special_refused(stage: Stage) -> None:
    """Special categories are refused unless declared, in free text too."""
    point, reference = _free_field(stage)
    request = stage.request(point)
    bad = replace(request, values={**request.values, reference: _SPECIAL_WORDS})
    stage.refused(Code.SPECIAL_CATEGORY, lambda: stage.take(bad), Hint("health-word", field=reference))
