"""Drills of the gate: what is not promised cannot be done."""

from __future__ import annotations

from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage, otherwise
from senim.consent import Scope
from senim.errors import Code
from senim.gate import Question
from senim.gate.actions import ALLOWED
from senim.identity import Actor, ActorKind
from senim.languages import Hint
from senim.policy.records import Term
from senim.policy.taxonomy import Operation
from senim.times import micros
from senim.work import Work


def purpose(stage: Stage) -> None:
    """Data is used only for the listed purposes, and only the fields that each needs."""
    person, name = stage.person(), stage.consent_purpose()
    question = stage.question(stage.an_operation(name), name, person)
    stage.allows(question, Hint("listed-purpose"))
    stage.denies(Code.PURPOSE_UNDECLARED, question._replace(purpose="anything-else"), Hint("other-purpose"))
    stage.denies(
        Code.CATEGORY_UNDECLARED, question._replace(categories=("no-such-category",)), Hint("unknown-category")
    )
    outside = [ref for ref in stage.promises.fields if ref not in stage.promises.needed[name]]
    if outside:
        stage.denies(
            Code.FIELD_NOT_NEEDED,
            question._replace(categories=(outside[0],)),
            Hint("field-for", field=outside[0], purpose=name),
        )


def recipient(stage: Stage) -> None:
    """Nothing is passed to anybody who is not declared for that purpose."""
    person, name = stage.person(), stage.consent_purpose()
    question = Question("transfer", name, person.subject, recipient="somebody")
    stage.denies(Code.RECIPIENT_UNDECLARED, question, Hint("undeclared-recipient"))
    undeclared = Question("transfer", name, person.subject)
    decision = stage.ask(undeclared)
    stage.expect(not decision.allowed, Hint("was-allowed", what=Hint("to-nobody")))


def entrusted(stage: Stage) -> None:
    """A recipient gets only the categories, and does only the operations, that are on its list."""
    for name, one in stage.policy.recipients.items():
        allowed = stage.policy.expand(one.uses)
        for purpose_name in one.purposes:
            outside = stage.promises.needed[purpose_name] - allowed
            missing = [
                operation for operation in Operation if operation not in one.operations and operation != "transfer"
            ]
            question = Question(
                "transfer", purpose_name, recipient=name, country=one.countries[0] if one.countries else ""
            )
            if outside:
                wrong = question._replace(categories=(min(outside),))
                stage.denies(
                    Code.CATEGORY_NOT_ENTRUSTED,
                    wrong,
                    Hint("category-to", category=wrong.categories[0], recipient=name),
                )
            if missing:
                wrong = question._replace(operation=missing[0].value)
                stage.denies(
                    Code.OPERATION_NOT_ENTRUSTED, wrong, Hint("operation-by", operation=missing[0], recipient=name)
                )
            return
    raise NothingDeclared(Hint("no-recipient"))


def border(stage: Stage) -> None:
    """Data crosses the border only to declared countries and on a ground that the law knows."""
    law = stage.promises.law
    person, name = stage.person(), stage.consent_purpose()
    if law.pack.borders.store_at_home:
        stage.denies(
            Code.STORE_OUTSIDE_COUNTRY, Question("store", name, person.subject, country="ZZ"), Hint("storing-abroad")
        )
    abroad = [
        (ref, purpose_name, country)
        for ref, one in stage.policy.recipients.items()
        for purpose_name in one.purposes
        for country in one.countries
        if not law.at_home(country) and country not in stage.policy.borders.assessed
    ]
    for ref, one in stage.policy.recipients.items():
        question = Question("transfer", one.purposes[0], person.subject, recipient=ref, country="ZZ", reason="0" * 32)
        stage.denies(Code.COUNTRY_NOT_ALLOWED, question, Hint("undeclared-country", recipient=ref))
    for ref, purpose_name, country in abroad:
        stranger = _without(stage, purpose_name, country)
        question = Question("transfer", purpose_name, stranger.subject, recipient=ref, country=country)
        decision, what = stage.ask(question), Hint("abroad-unconsented", recipient=ref, country=country)
        codes = {reason.code for reason in decision.reasons}
        stage.expect(not decision.allowed, Hint("was-allowed", what=what))
        lacks = codes & {Code.CONSENT_MISSING, Code.CONSENT_WITHDRAWN}
        stage.expect(lacks, otherwise(what, codes, Code.CONSENT_WITHDRAWN))
    if not stage.policy.recipients:
        raise NothingDeclared(Hint("no-recipient"))


def _without(stage: Stage, purpose_name: str, country: str) -> Person:
    """A person who agreed to everything but this border."""
    point = next(
        (name for name, one in stage.policy.forms.items() if any(ask.purpose == purpose_name for ask in one.consents)),
        stage.point(),
    )
    person = stage.person(point)
    stage.consent(person, Scope(purpose=purpose_name, country=country), given=False)
    return person


def roles(stage: Stage) -> None:
    """Each role does only what the policy grants it."""
    person = stage.person()
    for name, role in stage.policy.roles.items():
        actor = Actor(kind=ActorKind(role.kind), id="drill", role=name, may=frozenset({"check"}))
        beyond = {
            purpose: operation
            for purpose, declared in stage.policy.purposes.items()
            for operation in declared.operations
            if purpose not in role.purposes or operation not in role.operations
        }
        for purpose, operation in beyond.items():
            question = Question(operation.value, purpose, person.subject)
            stage.denies(
                Code.ROLE_NOT_ALLOWED,
                question,
                Hint("role-beyond", role=name, operation=operation, purpose=purpose),
                actor=actor,
            )
    if not stage.policy.roles:
        raise NothingDeclared(Hint("no-role"))
    nobody = Actor(kind=ActorKind.SERVICE, id="drill", role="nobody", may=frozenset({"check"}))
    name = stage.consent_purpose()
    stage.denies(
        Code.ROLE_NOT_ALLOWED, stage.question(stage.an_operation(name), name, person), Hint("stranger"), actor=nobody
    )


def people_never(stage: Stage) -> None:
    """What no human may read no human reads: every try is refused and logged; the named service reads it."""
    closed = [name for name, one in stage.policy.categories.items() if one.people == "never"]
    if not closed:
        raise NothingDeclared(Hint("no-closed-category"))
    category = closed[0]
    purpose_name = next(
        name for name, needed in stage.promises.needed.items() if needed & stage.policy.expand((category,))
    )
    point = stage.point(lambda one: any(reference.startswith(f"{category}.") for reference in one.asks))
    person = stage.person(point)

    def look(work: Work) -> object:
        standing = stage.platform.subjects.about(work, person.subject)
        return stage.platform.vault.read(work, standing, purpose_name, categories=(category,))

    stage.refused(
        Code.HUMAN_READ_FORBIDDEN,
        lambda: stage.platform.run(stage.staff(), look),
        Hint("human-reads", category=category),
    )
    told = stage.platform.run(stage.staff(), lambda work: _all(stage, work, person, purpose_name))
    stage.expect(not any(one.startswith(f"{category}.") for one in told), Hint("human-told", category=category))
    for role in stage.policy.categories[category].readers:
        if role in stage.policy.roles and "read" in stage.policy.roles[role].may:
            stage.platform.run(stage.service(role), look)
    stage.platform.tick()
    refused = [entry for _, entry in stage.platform.log.entries_about(person.subject) if entry.outcome == "refused"]
    stage.expect(any("human_read_forbidden" in entry.codes for entry in refused), Hint("try-unlogged"))


def _all(stage: Stage, work: Work, person: Person, purpose_name: str) -> tuple[str, ...]:
    standing = stage.platform.subjects.about(work, person.subject)
    return tuple(stage.platform.vault.read(work, standing, purpose_name).values)


def block(stage: Stage) -> None:
    """A blocked person's data serves no purpose until the block is lifted; the responsible person may look."""
    person, name = stage.person(), stage.consent_purpose()
    question = stage.question(stage.an_operation(name), name, person)
    gate, subjects = stage.platform.gate, stage.platform.subjects
    stage.platform.run(
        stage.actor, lambda work: gate.block(work, subjects.about(work, person.subject), reason="inaccuracy-reported")
    )
    stage.denies(Code.SUBJECT_BLOCKED, question, Hint("blocked-data"))
    reader = next(
        (one for one in stage.policy.purposes if Operation.EXTRACT in stage.policy.purposes[one].operations), ""
    )
    if reader:
        stage.allows(stage.question("extract", reader, person), Hint("responsible-looks"))
    stage.platform.run(
        stage.actor, lambda work: gate.unblock(work, subjects.about(work, person.subject), reason="check-finished")
    )
    stage.allows(question, Hint("after-block"))


def stop(stage: Stage) -> None:
    """A stop of a purpose, or of all, binds the very next decision."""
    person, name = stage.person(), stage.consent_purpose()
    question = stage.question(stage.an_operation(name), name, person)
    gate, subjects = stage.platform.gate, stage.platform.subjects
    for purpose_name in (name, ""):

        def begin(work: Work, one: str = purpose_name) -> str:
            return gate.stop(work, subjects.about(work, person.subject), one, reason="request-of-person")

        def end(work: Work, one: str = purpose_name) -> str:
            return gate.resume(work, subjects.about(work, person.subject), one, reason="check-finished")

        stage.platform.run(stage.actor, begin)
        stage.denies(Code.SUBJECT_STOPPED, question, Hint("stopped-purpose"))
        stage.platform.run(stage.actor, end)
        stage.allows(question, Hint("resumed-purpose"))


def term(stage: Stage) -> None:
    """When a purpose's term is over, the data serves it no more."""
    for name, declared in stage.policy.purposes.items():
        if not isinstance(declared.term, Term):
            continue
        if declared.term.until:
            _ends(stage, name, declared.term.until)
            return
        if declared.term.after == "consent" and declared.basis == "consent":
            person = stage.person(_point_for(stage, name))
            states = stage.platform.consents.of(stage.platform.database, person.subject)
            stage.expect(
                any(one.agreed.until for one in states if one.scope.purpose == name),
                Hint("consent-endless", purpose=name),
            )
            return
    raise NothingDeclared(Hint("no-countable-term"))


def _ends(stage: Stage, name: str, event: str) -> None:
    person = stage.person(_point_for(stage, name))
    question = stage.question(stage.an_operation(name), name, person)
    stage.allows(question, Hint("within-term", purpose=name))
    at = micros(stage.platform.works.clock.now())

    def happen(work: Work) -> str:
        return stage.platform.gate.happened(work, stage.platform.subjects.about(work, person.subject), event, at)

    stage.platform.run(stage.actor, happen)
    stage.denies(Code.TERM_OVER, question, Hint("after-term", purpose=name))


def _point_for(stage: Stage, purpose_name: str) -> str:
    return stage.point(
        lambda one: (
            one.subject != "other"
            and (
                any(ask.purpose == purpose_name for ask in one.consents)
                or stage.policy.purposes[purpose_name].basis != "consent"
            )
        )
    )


def default_sealed(stage: Stage) -> None:
    """What the text does not speak of is passed to nobody and used for nothing."""
    person = stage.person()
    for name in stage.policy.purposes:
        question = Question("transfer", name, person.subject, recipient="somebody", categories=("anything.else",))
        for code in (Code.RECIPIENT_UNDECLARED, Code.CATEGORY_UNDECLARED):
            stage.denies(code, question, Hint("unspoken-of", purpose=name))


def logged(stage: Stage) -> None:
    """Every answer of the gate is in the log, allowed or refused."""
    person, name = stage.person(), stage.consent_purpose()
    allowed = stage.ask(stage.question(stage.an_operation(name), name, person))
    refused = stage.ask(Question("use", "anything-else", person.subject))
    stage.platform.tick()
    entries = {entry.id: entry for _, entry in stage.platform.log.entries_about(person.subject)}
    stage.expect(allowed.entry in entries and entries[allowed.entry].act == ALLOWED, Hint("allowance-unlogged"))
    stage.expect(refused.entry in entries and entries[refused.entry].codes, Hint("refusal-unlogged"))
