"""Drills of the policy's own controls."""

from __future__ import annotations

from datetime import timedelta

import yaml

from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Stage, listed
from senim.errors import Code
from senim.gate import Question
from senim.identity import Actor, ActorKind
from senim.languages import Hint
from senim.policy.clashes import clashes_of
from senim.policy.differences import changes
from senim.policy.rules import texts
from senim.policy.taxonomy import Operation


def statement(stage: Stage) -> None:
    """Every clause is published in three languages."""
    for clause in stage.policy.clauses:
        stage.expect(not clause.says.missing(), Hint("lacks-language", where=clause.id))


def published(stage: Stage) -> None:
    """The policy is a numbered version with a hash and a date, complete in three languages."""
    version = stage.platform.policies.version(stage.promises.version)
    stage.expect(len(version.digest) == 64, Hint("version-unhashed"))
    stage.expect(version.effective <= stage.platform.works.clock.now(), Hint("version-not-in-force"))
    for where, text, optional in texts(version.policy):
        stage.expect(optional or not text.missing(), Hint("lacks-language", where=where))


def another_edition(stage: Stage) -> bytes:
    """This policy with another title."""
    plain = yaml.load(stage.source, Loader=yaml.CSafeLoader)
    return stage.source.replace(str(plain["title"]["en"]).encode(), f"{plain['title']['en']} (new edition)".encode(), 1)


def versions(stage: Stage) -> None:
    """A new version leaves the earlier one readable and unchanged, and the difference is told."""
    policies, first = stage.platform.policies, stage.platform.policies.version(1)
    stage.platform.run(stage.actor, lambda work: policies.publish(work, another_edition(stage)))
    second = policies.version(2)
    stage.expect(policies.version(1).digest == first.digest, Hint("first-version-changed"))
    stage.expect(second.digest != first.digest, Hint("same-hash"))
    found = changes(first.policy, second.policy)
    stage.expect(
        [change.where for change in found] == ["title.en"],
        Hint("difference-other", places=listed(change.where for change in found)),
    )
    stage.expect(policies.in_force(stage.platform.works.clock.now()).version == 2, Hint("version-not-in-force"))


def scope(stage: Stage) -> None:
    """The policy names where it applies, and what comes from elsewhere is refused."""
    stage.expect(stage.policy.sites, Hint("no-site-declared"))
    request = stage.request(stage.point())
    from msgspec.structs import replace

    stage.refused(
        Code.POINT_UNDECLARED, lambda: stage.take(replace(request, point="nowhere")), Hint("undeclared-point")
    )


def contract(stage: Stage) -> None:
    """The contract and its version are part of the policy, and so of every consent's version."""
    contracts = [site.contract for site in stage.policy.sites if site.contract]
    if not contracts:
        raise NothingDeclared(Hint("no-contract"))
    stage.expect(all(one.version for one in contracts), Hint("contract-unversioned"))
    person = stage.person()
    events = stage.platform.consents.history(person.subject)[0]
    stage.expect(
        events and all(event.said.version == stage.promises.version for event in events), Hint("consent-unversioned")
    )


def law(stage: Stage) -> None:
    """The law is named, and refusals cite its articles."""
    stage.expect(stage.promises.law.pack.act.en, Hint("law-unnamed"))
    decision = stage.ask(Question("use", "no-such-purpose"))
    stage.expect(decision.reasons[0].article, Hint("refusal-without-article"))


def operations(stage: Stage) -> None:
    """One taxonomy of thirteen operations; what a purpose does not name is refused."""
    stage.expect(len(Operation) == 13, Hint("operations-not-thirteen"))
    person = stage.person()
    purpose = stage.consent_purpose()
    stage.denies(Code.OPERATION_UNDECLARED, stage.question("sell", purpose, person), Hint("unknown-operation"))
    declared = stage.policy.purposes[purpose].operations
    for operation in Operation:
        if operation not in declared:
            stage.denies(
                Code.OPERATION_UNDECLARED,
                stage.question(operation.value, purpose, person),
                Hint("undeclared-operation", operation=operation.value),
            )


def purposes(stage: Stage) -> None:
    """Purposes are data, each with its basis, categories, operations and term; any other is refused."""
    for name, purpose in stage.policy.purposes.items():
        stage.expect(purpose.basis in stage.promises.law.bases, Hint("purpose-baseless", purpose=name))
        stage.expect(stage.promises.needed[name], Hint("purpose-dataless", purpose=name))
    person = stage.person()
    stage.denies(
        Code.PURPOSE_UNDECLARED,
        stage.question("use", stage.consent_purpose(), person)._replace(purpose="x"),
        Hint("other-purpose"),
    )


def contacts(stage: Stage) -> None:
    """The operator's name, number, address and contacts are published."""
    operator = stage.policy.operator
    stage.expect(operator.bin and operator.contacts.email, Hint("contact-missing"))
    stage.expect(
        not operator.name.missing() and not operator.address.missing(), Hint("lacks-language", where="operator")
    )


def authorised_change(stage: Stage) -> None:
    """Only an authorised role changes the policy, and the change is in the log."""
    policies = stage.platform.policies
    stranger = Actor(kind=ActorKind.SERVICE, id="drill", role="stranger", may=frozenset({"check"}))
    source = another_edition(stage)
    stage.refused(
        Code.ROLE_NOT_ALLOWED,
        lambda: stage.platform.run(stranger, lambda work: policies.publish(work, source)),
        Hint("stranger-publishes"),
    )
    stage.platform.run(stage.actor, lambda work: policies.publish(work, source))
    stage.platform.tick()
    outcomes = [entry.outcome for _, entry in stage.platform.log.entries() if entry.act == "policy.published"]
    stage.expect(outcomes == ["done", "refused", "done"], Hint("log-tells-other", outcomes=listed(outcomes)))


def change_at_posting(stage: Stage) -> None:
    """A change takes effect when it is posted, or on the day that is posted with it."""
    policies, now = stage.platform.policies, stage.platform.works.clock.now()
    later = now + timedelta(days=10)
    stage.platform.run(stage.actor, lambda work: policies.publish(work, another_edition(stage), effective=later))
    stage.expect(policies.in_force(now).version == 1, Hint("version-early"))
    stage.expect(policies.in_force(later).version == 2, Hint("version-late"))


def clashes(stage: Stage) -> None:
    """Where a promise clashes with the law, the clash is found and the law wins."""
    found = clashes_of(stage.policy, stage.promises.law)
    if not found:
        raise NothingDeclared(Hint("no-clash"))
    stage.expect(all(clash.article and clash.wins == "law" for clash in found), Hint("clash-without-article"))
