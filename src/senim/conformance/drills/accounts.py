"""Drills of accounts: who is signed in is who has the contact, sees what is theirs alone, and says that it is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from senim.accounts import Signed
from senim.accounts.records import AT_DOOR
from senim.conformance.drills.desk import Desk, with_address
from senim.conformance.drills.policy import another_edition
from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage
from senim.consent import Scope
from senim.errors import Code
from senim.languages import Hint
from senim.policy.values import normalise
from senim.times import micros
from senim.work import Work

T = TypeVar("T")


class _Door:
    """The way in of the stage's platform."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.platform = stage.platform
        self.desk = Desk(stage)
        self.signing_in = stage.platform.accounts.signing_in

    def code_for(self, contact: str) -> str:
        """Ask for a code; the secret of the sign-in."""
        token: str = self.platform.run(
            AT_DOOR, lambda work: self.signing_in.begin(work, contact, asker="", language="ru")
        )
        self.platform.orders.run_due("account")
        return token

    def enter(self, token: str, code: str) -> str:
        """Tell a code; the session, or nothing."""
        session: str = self.platform.run(AT_DOOR, lambda work: self.signing_in.enter(work, token, code)).session
        return session

    def signed(self, session: str) -> Signed | None:
        """Who is signed in."""
        now = micros(self.platform.works.clock.now())
        return self.signing_in.signed(self.platform.database, session, now)

    def in_(self, contact: str) -> Signed:
        """Sign in with a contact."""
        token = self.code_for(contact)
        signed = self.signed(self.enter(token, str(self.desk.letters("code")[-1].facts["code"])))
        self.stage.expect(signed, Hint("right-code-shut-out"))
        assert signed is not None
        return signed

    def as_(self, signed: Signed, verb: Callable[[Work, Signed], T]) -> T:
        """A verb of the person."""
        done: T = self.platform.run(signed.actor, lambda work: verb(work, signed))
        return done


def sign_in(stage: Stage) -> None:
    """A code to the contact on file signs in; nobody learns who is on file, nobody gets into another's account."""
    person, address = with_address(stage)
    door = _Door(stage)
    stranger = door.code_for("nobody@drill.example")
    stage.expect(not door.desk.letters("code"), Hint("code-to-stranger"))
    token = door.code_for(address)
    code = str(door.desk.letters("code")[-1].facts["code"])
    stage.expect(door.desk.letters("code")[-1].address == address, Hint("code-elsewhere"))
    stage.expect(not door.enter(token, "000000x"), Hint("wrong-code-enters"))
    stage.expect(not door.enter(stranger, code), Hint("others-code-enters"))
    session = door.enter(token, code)
    signed = door.signed(session)
    stage.expect(signed is not None and signed.subject == person.subject, Hint("right-code-shut-out"))
    stage.expect(not door.enter(token, code), Hint("code-enters-twice"))
    subjects, vault = stage.platform.subjects, stage.platform.vault
    stage.platform.run(
        stage.actor, lambda work: vault.erase(work, subjects.about(work, person.subject), reason="purpose-met")
    )
    stage.expect(door.signed(session) is None, Hint("erased-signed-in"))


def own_data(stage: Stage) -> None:
    """A person sees their own data alone, each look is in the log, and a choice taken back binds at once."""
    person, address = with_address(stage)
    door, accounts, name = _Door(stage), stage.platform.accounts, stage.consent_purpose()
    signed = door.in_(address)
    category = _open_category(stage, person)
    shown = door.as_(signed, lambda work, who: accounts.show(work, who, category))
    mine = {
        reference: normalise(value, stage.promises.fields[reference])
        for reference, value in person.values.items()
        if reference in shown.values
    }
    told = {reference: shown.values[reference].value for reference in mine}
    stage.expect(told == mine and mine, Hint("shown-other"))
    acts = [one.act for one in stage.platform.log.everything_about(person.subject)]
    stage.expect("account.shown" in acts, Hint("look-unlogged"))
    question = stage.question(stage.an_operation(name), name, person)
    stage.allows(question, Hint("purpose-agreed"))
    door.as_(signed, lambda work, who: accounts.refuse(work, who, Scope(purpose=name), language="ru"))
    stage.denies(Code.CONSENT_WITHDRAWN, question, Hint("choice-taken-back"))
    number = door.desk.signed_in(stage.person(), "claim", text="Верните деньги.")
    find = accounts.asking.find
    stage.refused(Code.NOT_FOUND, lambda: find(stage.platform.database, signed, number), Hint("others-request"))


def _open_category(stage: Stage, person: Person) -> str:
    """A category of what the person gave that people may see."""
    for reference in person.values:
        category = stage.promises.category(reference)
        if category is not None and category.people != "never":
            return reference.partition(".")[0]
    raise NothingDeclared(Hint("nothing-to-see"))


def confirmed(stage: Stage) -> None:
    """A person says that what they stated is right, and that stands with its date."""
    person, address = with_address(stage)
    door, accounts = _Door(stage), stage.platform.accounts
    signed = door.in_(address)
    stage.expect(not accounts.account(signed).confirmed_at, Hint("confirmed-early"))
    door.as_(signed, accounts.confirm)
    stage.expect(accounts.account(signed).confirmed_at, Hint("confirmed-undated"))
    acts = [one.act for one in stage.platform.log.everything_about(person.subject)]
    stage.expect("account.confirmed" in acts, Hint("confirmed-unlogged"))


def acceptance(stage: Stage) -> None:
    """Who comes after a new version meets it, and having read it stands in the log with that version."""
    person, address = with_address(stage)
    door, accounts = _Door(stage), stage.platform.accounts
    before = accounts.account(door.in_(address)).version
    policies = stage.platform.policies
    source = another_edition(stage)
    version = stage.platform.run(stage.actor, lambda work: policies.publish(work, source)).number
    signed = door.in_(address)
    stage.expect(accounts.account(signed).version == before < version, Hint("read-by-itself"))
    door.as_(signed, accounts.accept)
    stage.expect(accounts.account(signed).version == version, Hint("read-asked-again"))
    entries = stage.platform.log.everything_about(person.subject)
    read = [one.policy for one in entries if one.act == "account.accepted"]
    stage.expect(read == [version], Hint("read-unlogged"))
