"""The stage of a drill: a throw-away platform with this very policy, and made-up people to act with.

Drills act through the public verbs alone, as a site would.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from senim.accounts import Accounts
from senim.audit.actions import Log
from senim.audit.statements import StatementSigner
from senim.collection import Collection, Intake, OnBehalf
from senim.collection.cookies import Cookies
from senim.collection.records import ConsentGiven, Taken
from senim.collection.technical import Technical
from senim.conformance import cast
from senim.conformance.records import DrillFailed, NothingDeclared
from senim.connectors import Connector
from senim.consent import Consents, Evidence, Scope
from senim.disclosure import Disclosures
from senim.errors import Code, SenimError
from senim.gate import Decision, Gate, Question
from senim.governance import Staff
from senim.identity import Actor, ActorKind, SubjectId
from senim.languages import Hint
from senim.messaging.actions import Messages
from senim.messaging.inbox import Inbox
from senim.messaging.marketing import Marketing
from senim.orders import Orders
from senim.policy import Policies, Policy, Promises
from senim.policy.records import ConsentAsked, Point
from senim.policy.taxonomy import FILES, FieldType, Operation
from senim.rights import Rights
from senim.storage import Database
from senim.subjects import Subjects
from senim.vault import Boxes, Documents, Vault
from senim.work import Work, Works


class Platform(Protocol):
    """What conformance needs of a platform: its parts and a way to run their verbs."""

    folder: Path
    database: Database
    key_store: Database
    works: Works
    log: Log
    statements: StatementSigner
    policies: Policies
    subjects: Subjects
    consents: Consents
    gate: Gate
    vault: Vault
    documents: Documents
    collection: Collection
    cookies: Cookies
    technical: Technical
    disclosures: Disclosures
    boxes: Boxes
    orders: Orders
    messages: Messages
    marketing: Marketing
    inbox: Inbox
    rights: Rights
    accounts: Accounts
    staff: Staff
    connectors: tuple[Connector, ...]

    @property
    def jwk(self) -> dict[str, str]:
        """The public key of receipts and proofs."""

    def run(self, actor: Actor, act: Callable[[Work], Any]) -> Any:
        """Run an act."""

    def actor(self, role: str = ..., name: str = ...) -> Actor:
        """An actor in a role."""

    def tick(self) -> int:
        """Commit and seal what waits."""


Throwaway = Callable[..., AbstractContextManager[Any]]
"""Makes a platform with a policy published, gone afterwards; ``now`` may give it a clock that is moved."""


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person on the stage: the id, what was given, and the point it came by."""

    subject: SubjectId
    values: dict[str, str]
    point: str
    taken: Taken


@dataclass
class Stage:
    """A platform to drill on."""

    platform: Platform
    source: bytes
    throwaway: Throwaway
    actor: Actor = field(init=False)
    _number: int = 0

    def __post_init__(self) -> None:
        self.actor = self.platform.actor()

    @property
    def promises(self) -> Promises:
        """The policy on the stage, ready to be asked."""
        return self.platform.policies.in_force(self.platform.works.clock.now())

    @property
    def policy(self) -> Policy:
        """The policy on the stage."""
        return self.promises.policy

    def expect(self, holds: object, what: Hint) -> None:
        """Fail the drill unless ``holds``."""
        if not holds:
            raise DrillFailed(what)

    def refused(self, code: Code, act: Callable[[], object], what: Hint) -> None:
        """Fail the drill unless ``act`` is refused with ``code`` among the reasons."""
        try:
            act()
        except SenimError as error:
            codes = {reason.code for reason in error.reasons}
            self.expect(code in codes, otherwise(what, codes, code))
            return
        raise DrillFailed(Hint("not-refused", what=what))

    def denies(self, code: Code, question: Question, what: Hint, *, actor: Actor | None = None) -> None:
        """Fail the drill unless the gate denies a question with ``code`` among the reasons."""
        decision = self.ask(question, actor=actor)
        self.expect(not decision.allowed, Hint("was-allowed", what=what))
        codes = {reason.code for reason in decision.reasons}
        self.expect(code in codes, otherwise(what, codes, code))

    def allows(self, question: Question, what: Hint, *, actor: Actor | None = None) -> None:
        """Fail the drill unless the gate allows a question."""
        decision = self.ask(question, actor=actor)
        codes = sorted({reason.code for reason in decision.reasons})
        self.expect(decision.allowed, Hint("was-denied", what=what, codes=listed(codes)))

    def ask(self, question: Question, *, actor: Actor | None = None) -> Decision:
        """The gate's answer."""
        return self.platform.gate.check(actor or self.actor, question)

    def point(self, wanted: Callable[[Point], bool] = lambda point: point.subject != "other") -> str:
        """A point of the policy like that, the richest one. Raises NothingDeclared."""
        points = [(len(point.asks), name) for name, point in self.policy.forms.items() if wanted(point)]
        if not points:
            raise NothingDeclared(Hint("no-such-point"))
        return max(points)[1]

    def values(self, point: str) -> dict[str, str]:
        """Made-up values for everything a point asks for (files apart); another person each time."""
        self._number += 1
        return {
            reference: cast.value(reference, self.promises.fields[reference], self._number * 7919)
            for reference in self.policy.points[point].asks
            if self.promises.fields[reference].type not in FILES
        }

    def consents(
        self, point: str, *, only: Callable[[ConsentAsked], bool] = lambda ask: True
    ) -> tuple[ConsentGiven, ...]:
        """Yes to what a point asks consent for; ``only`` picks which, the others are left unsaid."""
        return tuple(
            ConsentGiven(
                purpose=ask.purpose,
                given=True,
                recipient=ask.recipient,
                channel=ask.channel.value if ask.channel else "",
                country=ask.country or "",
            )
            for ask in self.policy.points[point].consents
            if only(ask)
        )

    def served(self, purposes: set[str]) -> frozenset[str]:
        """The fields that these purposes need, and those that the law lets be collected without consent."""
        by_law = {
            name
            for name, one in self.policy.purposes.items()
            if one.basis != "consent" and Operation.COLLECT in one.operations
        }
        return frozenset[str]().union(*(self.promises.needed[name] for name in purposes | by_law))

    def request(self, point: str, **changed: Any) -> Intake:
        """A complete intake request for a point; ``changed`` replaces parts of it."""
        declared = self.policy.points[point]
        language = cast.language_of(self._number)
        notice = self.platform.run(self.actor, lambda work: self.platform.collection.notice(work, point, language))
        parts: dict[str, Any] = {
            "point": point,
            "language": language,
            "notice": notice.digest,
            "values": self.values(point),
            "consents": self.consents(point),
            "act": "signature" if any(self._special(reference) for reference in declared.asks) else "tick",
            "read_to_caller": True,
        }
        if declared.subject == "other" and "on_behalf_of" not in changed:
            parts["on_behalf_of"] = self.speaker(declared)
        return Intake(**{**parts, **changed})

    def speaker(self, point: Point) -> OnBehalf:
        """Somebody who speaks for another person as the point wants it proven."""
        speaker = self.person()
        if point.proof == "attestation":
            return OnBehalf(authority="agreed-with-person", by=speaker.subject)
        return OnBehalf(authority="power-of-attorney", by=speaker.subject, document=self.upload(speaker))

    def upload(self, person: Person, content: bytes = b"%PDF-1.7 drill") -> str:
        """Upload a file for a person; its id. Raises NothingDeclared if the policy takes no files."""
        fields = [name for name, field in self.promises.fields.items() if field.type is FieldType.DOCUMENT]
        if not fields:
            raise NothingDeclared(Hint("no-documents"))
        reference = fields[0]
        purpose = next(name for name, needed in self.promises.needed.items() if reference in needed)

        def act(work: Work) -> str:
            standing = self.platform.subjects.about(work, person.subject)
            document = self.platform.collection.receive(
                work, standing, reference, media="application/pdf", content=io.BytesIO(content), purpose=purpose
            )
            return document.id

        made: str = self.platform.run(self.actor, act)
        return made

    def _special(self, reference: str) -> bool:
        category = self.promises.category(reference)
        return bool(category and category.special)

    def take(self, request: Intake) -> Taken:
        """Run an intake."""
        taken: Taken = self.platform.run(self.actor, lambda work: self.platform.collection.intake(work, request))
        return taken

    def person(self, point: str = "", **changed: Any) -> Person:
        """A made-up person who gave everything a point asks for and agreed to everything."""
        chosen = point or self.point()
        request = self.request(chosen, **changed)
        taken = self.take(request)
        return Person(taken.subject, dict(request.values), chosen, taken)

    def consent(
        self, person: Person, scope: Scope, *, given: bool = True, evidence: Evidence | None = None
    ) -> list[Any]:
        """Give or withdraw a consent."""
        consents, subjects = self.platform.consents, self.platform.subjects
        proof = evidence or self.evidence(person.point)

        def act(work: Work) -> list[Any]:
            standing = subjects.about(work, person.subject)
            if given:
                return [consents.give(work, standing, scope, evidence=proof)]
            return consents.withdraw(work, standing, scope, evidence=proof)

        made: list[Any] = self.platform.run(self.actor, act)
        return made

    def evidence(self, point: str, **changed: Any) -> Evidence:
        """Evidence of a consent given at a point just now."""
        notice = self.platform.run(self.actor, lambda work: self.platform.collection.notice(work, point, "ru"))
        return Evidence(**{"notice": notice.digest, "language": "ru", "surface": "form", "act": "tick", **changed})

    def consent_purpose(self) -> str:
        """A purpose that rests on consent and is asked for at some point. Raises NothingDeclared."""
        for point in self.policy.forms.values():
            for ask in point.consents:
                if self.policy.purposes[ask.purpose].basis == "consent":
                    return ask.purpose
        raise NothingDeclared(Hint("no-consent-purpose"))

    def question(self, operation: str, purpose: str, person: Person, **changed: Any) -> Question:
        """A question about a person, by the first channel that the purpose declares."""
        channels = self.policy.purposes[purpose].channels
        channel = channels[0].value if channels and operation == "use" else ""
        return Question(operation, purpose, person.subject, channel=channel)._replace(**changed)

    def an_operation(self, purpose: str) -> str:
        """An operation of a purpose that needs no recipient."""
        operations = [one.value for one in self.policy.purposes[purpose].operations if one.value != "transfer"]
        return "use" if "use" in operations else operations[0]

    def service(self, role: str) -> Actor:
        """A service in a role of the policy."""
        return self.platform.actor(role, "drill")

    def staff(self) -> Actor:
        """A human who may do everything that a human may."""
        return Actor(kind=ActorKind.STAFF, id="drill", role=self.actor.role, may=self.actor.may)


def otherwise(what: Hint, codes: Iterable[Code], code: Code) -> Hint:
    """What was tried is refused, but with other codes."""
    return Hint("refused-otherwise", what=what, codes=listed(sorted(codes)), code=code)


def listed(names: Iterable[str]) -> str:
    """Names of the format in a finding; that there is none is seen."""
    return ", ".join(names) or "—"
