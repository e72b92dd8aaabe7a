"""Drills of consent: given, proven, kept apart, withdrawn."""

from __future__ import annotations

from senim.audit.statements import open_statement
from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage
from senim.consent import Evidence, Scope
from senim.errors import Code
from senim.gate import Question
from senim.languages import Hint
from senim.policy.records import ConsentAsked


def _usable(stage: Stage) -> tuple[Person, str, Question]:
    """A person, a purpose consented to, and a question that is allowed."""
    person, purpose = stage.person(), stage.consent_purpose()
    question = stage.question(stage.an_operation(purpose), purpose, person)
    stage.allows(question, Hint("purpose-agreed"))
    return person, purpose, question


def proof(stage: Stage) -> None:
    """A consent keeps what was shown and how it was given; one without proof opens nothing."""
    person, purpose, question = _usable(stage)
    event = stage.platform.consents.history(person.subject)[0][0]
    evidence = event.said.evidence
    stage.expect(
        event.said.proven and evidence.notice and evidence.language and event.said.at, Hint("evidence-missing")
    )
    _, receipt, shown = stage.platform.run(
        stage.actor, lambda work: stage.platform.consents.prove(work, person.subject, event.id)
    )
    stage.expect(shown.startswith("heading:"), Hint("shown-unkept"))
    stage.expect(open_statement(receipt, stage.platform.jwk)[1]["record_id"] == event.id, Hint("receipt-of-other"))
    stage.consent(person, Scope(purpose=purpose), evidence=stage.evidence(person.point, act="use"))
    for channel in stage.policy.purposes[purpose].channels:
        scope = Scope(purpose=purpose, channel=channel.value)
        stage.consent(person, scope, evidence=stage.evidence(person.point, act="use"))
    stage.denies(Code.CONSENT_UNPROVEN, question, Hint("consent-by-use"))


def receipts(stage: Stage) -> None:
    """Every consent gives a signed receipt that anybody can check with the public key."""
    person = stage.person()
    stage.expect(person.taken.receipts, Hint("no-receipt"))
    for receipt in person.taken.receipts:
        kind, payload = open_statement(receipt, stage.platform.jwk)
        stage.expect(kind == "consent-receipt+jws", Hint("receipt-kind", kind=kind))
        stage.expect(payload["pii_principal_id"] == person.subject, Hint("receipt-of-other"))
        stage.expect(payload["privacy_notice"]["shown"], Hint("receipt-without-notice"))
    head, body, signature = person.taken.receipts[0].split(".")
    forged = f"{head}.{body[:-4]}AAAA.{signature}"
    stage.refused(Code.SIGNATURE_WRONG, lambda: open_statement(forged, stage.platform.jwk), Hint("forged-receipt"))


def per_purpose(stage: Stage) -> None:
    """Consent to one purpose opens no other."""
    purposes = {ask.purpose for point in stage.policy.forms.values() for ask in point.consents}
    if len(purposes) < 2:
        raise NothingDeclared(Hint("single-purpose"))
    optional = [name for name in purposes if stage.policy.purposes[name].optional]
    target = optional[0] if optional else min(purposes)
    point = next(name for name, one in stage.policy.forms.items() if any(ask.purpose == target for ask in one.consents))
    required = stage.consents(point, only=lambda ask: ask.ask == "required" and ask.purpose != target)
    values = _served_values(stage, point, {one.purpose for one in required})
    person = stage.person(point, consents=required, values=values) if required else stage.person(_other(stage, target))
    question = stage.question(stage.an_operation(target), target, person)
    stage.denies(Code.CONSENT_MISSING, question, Hint("without-consent", purpose=target))


def _other(stage: Stage, target: str) -> str:
    return stage.point(lambda one: one.subject != "other" and all(ask.purpose != target for ask in one.consents))


def _served_values(stage: Stage, point: str, purposes: set[str]) -> dict[str, str]:
    """Made-up values of the fields that these purposes need (or the law)."""
    needed = stage.served(purposes)
    return {name: value for name, value in stage.values(point).items() if name in needed}


def _asks(stage: Stage, kind: str) -> tuple[str, ConsentAsked]:
    for name, point in stage.policy.forms.items():
        for ask in point.consents:
            if getattr(ask, kind):
                return name, ask
    raise NothingDeclared(Hint("consent-unasked", kind=kind))


def per_recipient(stage: Stage) -> None:
    """Passing data on needs a consent for that recipient, apart from the purpose's own."""
    point, ask = _asks(stage, "recipient")
    recipients = stage.promises.recipients_for(ask.purpose)
    name = next(ref for ref, one in recipients.items() if ask.recipient in (ref, one.group))
    person = stage.person(point)
    country = recipients[name].countries[0] if recipients[name].countries else ""
    question = stage.question("transfer", ask.purpose, person, recipient=name, country=country)
    stage.allows(question, Hint("recipient-agreed"))
    stage.consent(person, Scope(purpose=ask.purpose, recipient=ask.recipient), given=False)
    stage.denies(Code.CONSENT_WITHDRAWN, question, Hint("recipient-refused"))


def per_channel(stage: Stage) -> None:
    """Being written to or called needs consent by channel."""
    point, ask = _asks(stage, "channel")
    person = stage.person(point)
    channel = ask.channel.value if ask.channel else ""
    question = Question("use", ask.purpose, person.subject, channel=channel)
    stage.allows(question, Hint("channel-agreed"))
    stage.consent(person, Scope(purpose=ask.purpose, channel=channel), given=False)
    stage.denies(Code.CONSENT_WITHDRAWN, question, Hint("channel-refused"))


def operations(stage: Stage) -> None:
    """The consent names the operations that it covers."""
    person = stage.person()
    payload = open_statement(person.taken.receipts[0], stage.platform.jwk)[1]
    named = payload["processing_method"]
    stage.expect(named and all(one.startswith("dpv:") for one in named), Hint("receipt-without-operations"))


def free(stage: Stage) -> None:
    """No purpose that the service does without is tied to it; refusing it keeps nobody out."""
    for name, declared in stage.policy.forms.items():
        for ask in declared.consents:
            tied = ask.ask == "required" and stage.policy.purposes[ask.purpose].optional
            stage.expect(not tied, Hint("purpose-tied", point=name, purpose=ask.purpose))
    point = stage.point(lambda one: one.subject != "other" and any(ask.ask == "required" for ask in one.consents))
    required = stage.consents(point, only=lambda ask: ask.ask == "required")
    values = _served_values(stage, point, {one.purpose for one in required})
    stage.person(point, consents=required, values=values)


def withdrawal(stage: Stage) -> None:
    """A withdrawal, whole or in part, binds the very next decision."""
    person, purpose, question = _usable(stage)
    stage.consent(person, Scope(purpose=purpose), given=False, evidence=Evidence(surface="account"))
    stage.denies(Code.CONSENT_WITHDRAWN, question, Hint("purpose-withdrawn"))
    other, _, second = _usable(stage)
    stage.platform.run(
        stage.actor,
        lambda work: stage.platform.consents.withdraw_all(
            work, stage.platform.subjects.about(work, other.subject), evidence=Evidence(surface="letter")
        ),
    )
    stage.denies(Code.CONSENT_WITHDRAWN, second, Hint("all-withdrawn"))


def renewal(stage: Stage) -> None:
    """When what was consented to grows, the earlier consent no longer covers it until it is given anew."""
    import msgspec
    import yaml

    person, purpose, question = _usable(stage)
    plain = yaml.load(stage.source, Loader=yaml.BaseLoader)  # noqa: S506  # it makes texts alone  # it makes texts alone
    operations = plain["purposes"][purpose]["operations"]
    added = next(
        (one for one in ("systematise", "accumulate", "depersonalise", "record") if one not in operations), None
    )
    if added is None:
        raise NothingDeclared(Hint("all-operations"))
    operations.append(added)
    grown = msgspec.json.encode(plain)
    stage.platform.run(stage.actor, lambda work: stage.platform.policies.publish(work, grown))
    stage.denies(Code.CONSENT_OUTDATED, question, Hint("consent-to-less"))
    stage.consent(person, Scope(purpose=purpose))
    if question.channel:
        stage.consent(person, Scope(purpose=purpose, channel=question.channel))
    stage.allows(question, Hint("consent-anew"))


def ways(stage: Stage) -> None:
    """Consent may come by form, subscription, signed document, telephone or import, each with its own proof."""
    for surface, act in (
        ("form", "tick"),
        ("subscription", "button"),
        ("document", "signature"),
        ("import", "signature"),
    ):
        person = stage.person(surface=surface, act=act)
        events = stage.platform.consents.history(person.subject)[0]
        stage.expect(all(event.said.proven for event in events), Hint("consent-unproven", way=surface))
        stage.expect(
            all(event.said.evidence.surface == surface for event in events), Hint("way-unrecorded", way=surface)
        )
    person, purpose = stage.person(), stage.consent_purpose()
    spoken = stage.evidence(person.point, surface="telephone", act="spoken")
    given = stage.consent(person, Scope(purpose=purpose), evidence=spoken)
    stage.expect(not given[0].event.said.proven, Hint("unread-call-proves"))
