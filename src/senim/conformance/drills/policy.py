"""Drills of the policy's own controls."""

from __future__ import annotations

from datetime import timedelta

import yaml

from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Stage
from senim.errors import Code
from senim.gate import Question
from senim.identity import Actor, ActorKind
from senim.policy.clashes import clashes_of
from senim.policy.differences import changes
from senim.policy.rules import texts
from senim.policy.taxonomy import Operation


def statement(stage: Stage) -> None:
    """Every clause is published in three languages."""
    for clause in stage.policy.clauses:
        stage.expect(not clause.says.missing(), f"clause {clause.id} lacks a language")


def published(stage: Stage) -> None:
    """The policy is a numbered version with a hash and a date, complete in three languages."""
    version = stage.platform.policies.version(stage.promises.version)
    stage.expect(len(version.digest) == 64, "the version has no hash")
    stage.expect(version.effective <= stage.platform.works.clock.now(), "the version is not in force")
    for where, text, optional in texts(version.policy):
        stage.expect(optional or not text.missing(), f"{where} lacks a language")


def another_edition(stage: Stage) -> bytes:
    """This policy with another title."""
    plain = yaml.load(stage.source, Loader=yaml.CSafeLoader)
    return stage.source.replace(str(plain["title"]["en"]).encode(), f"{plain['title']['en']} (new edition)".encode(), 1)


def versions(stage: Stage) -> None:
    """A new version leaves the earlier one readable and unchanged, and the difference is told."""
    policies, first = stage.platform.policies, stage.platform.policies.version(1)
    stage.platform.run(stage.actor, lambda work: policies.publish(work, another_edition(stage)))
    second = policies.version(2)
    stage.expect(policies.version(1).digest == first.digest, "the first version changed")
    stage.expect(second.digest != first.digest, "both versions have one hash")
    found = changes(first.policy, second.policy)
    stage.expect([change.where for change in found] == ["title.en"], f"the difference told is {found}")
    stage.expect(policies.in_force(stage.platform.works.clock.now()).version == 2, "the new version is not in force")


def scope(stage: Stage) -> None:
    """The policy names where it applies, and what comes from elsewhere is refused."""
    stage.expect(stage.policy.sites, "no site is declared")
    request = stage.request(stage.point())
    from msgspec.structs import replace

    stage.refused(Code.POINT_UNDECLARED, lambda: stage.take(replace(request, point="nowhere")), "an undeclared point")


def contract(stage: Stage) -> None:
    """The contract and its version are part of the policy, and so of every consent's version."""
    contracts = [site.contract for site in stage.policy.sites if site.contract]
    if not contracts:
        raise NothingDeclared("no site declares a contract")
    stage.expect(all(one.version for one in contracts), "a contract has no version")
    person = stage.person()
    events = stage.platform.consents.history(person.subject)[0]
    stage.expect(
        events and all(event.said.version == stage.promises.version for event in events), "a consent lacks its version"
    )


def law(stage: Stage) -> None:
    """The law is named, and refusals cite its articles."""
    stage.expect(stage.promises.law.pack.act.en, "the law has no name")
    decision = stage.ask(Question("use", "no-such-purpose"))
    stage.expect(decision.reasons[0].article, "a refusal cites no article")


def operations(stage: Stage) -> None:
    """One taxonomy of thirteen operations; what a purpose does not name is refused."""
    stage.expect(len(Operation) == 13, "the taxonomy has thirteen operations")
    person = stage.person()
    purpose = stage.consent_purpose()
    stage.denies(Code.OPERATION_UNDECLARED, stage.question("sell", purpose, person), "an unknown operation")
    declared = stage.policy.purposes[purpose].operations
    for operation in Operation:
        if operation not in declared:
            stage.denies(Code.OPERATION_UNDECLARED, stage.question(operation.value, purpose, person), operation.value)


def purposes(stage: Stage) -> None:
    """Purposes are data, each with its basis, categories, operations and term; any other is refused."""
    for name, purpose in stage.policy.purposes.items():
        stage.expect(purpose.basis in stage.promises.law.bases, f"{name} has no lawful basis")
        stage.expect(stage.promises.needed[name], f"{name} needs no data")
    person = stage.person()
    stage.denies(
        Code.PURPOSE_UNDECLARED, stage.question("use", stage.consent_purpose(), person)._replace(purpose="x"), "x"
    )


def contacts(stage: Stage) -> None:
    """The operator's name, number, address and contacts are published."""
    operator = stage.policy.operator
    stage.expect(operator.bin and operator.contacts.email, "a contact or the number is missing")
    stage.expect(not operator.name.missing() and not operator.address.missing(), "name or address lacks a language")


def authorised_change(stage: Stage) -> None:
    """Only an authorised role changes the policy, and the change is in the log."""
    policies = stage.platform.policies
    stranger = Actor(kind=ActorKind.SERVICE, id="drill", role="stranger", may=frozenset({"check"}))
    source = another_edition(stage)
    stage.refused(
        Code.ROLE_NOT_ALLOWED,
        lambda: stage.platform.run(stranger, lambda work: policies.publish(work, source)),
        "a stranger publishing",
    )
    stage.platform.run(stage.actor, lambda work: policies.publish(work, source))
    stage.platform.tick()
    outcomes = [entry.outcome for _, entry in stage.platform.log.entries() if entry.act == "policy.published"]
    stage.expect(outcomes == ["done", "refused", "done"], f"the log tells of {outcomes}")


def change_at_posting(stage: Stage) -> None:
    """A change takes effect when it is posted, or on the day that is posted with it."""
    policies, now = stage.platform.policies, stage.platform.works.clock.now()
    later = now + timedelta(days=10)
    stage.platform.run(stage.actor, lambda work: policies.publish(work, another_edition(stage), effective=later))
    stage.expect(policies.in_force(now).version == 1, "a later version is in force early")
    stage.expect(policies.in_force(later).version == 2, "a version is not in force on its day")


def clashes(stage: Stage) -> None:
    """Where a promise clashes with the law, the clash is found and the law wins."""
    found = clashes_of(stage.policy, stage.promises.law)
    if not found:
        raise NothingDeclared("this policy clashes with no law")
    stage.expect(all(clash.article and clash.wins == "law" for clash in found), "a clash names no article")
