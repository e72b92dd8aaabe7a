"""What people see of what is theirs, say to it, and change: each verb is about whoever acts, and nobody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import replace as changed

from msgspec.structs import replace

from senim.accounts import store
from senim.accounts.asking import Asking
from senim.accounts.others import Others
from senim.accounts.parts import Parts
from senim.accounts.records import Account, Signed
from senim.accounts.rules import asked_at
from senim.accounts.signing_in import SigningIn, check_fresh
from senim.audit.records import Entry
from senim.consent import Event, Evidence, Given, Scope, states_of
from senim.consent.actions import GIVEN, WITHDRAWN
from senim.consent.rules import check_scope
from senim.errors import Code, Invalid, NotAllowed, NotFound, NotPromised
from senim.gate import Question
from senim.languages import Language
from senim.policy import Notice, Promises
from senim.policy.taxonomy import FILES, Channel, Operation
from senim.policy.values import identifier_kind
from senim.rights.answering import shown_to_person
from senim.rights.answers.compose import compose
from senim.rights.answers.records import Answer, Facts
from senim.storage import Database
from senim.times import moment
from senim.vault import Document, Kept
from senim.work import Work

SHOWN, EXPORTED, ACCEPTED, CONFIRMED = (
    "account.shown",
    "account.exported",
    "account.accepted",
    "account.confirmed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One category as the person sees it."""

    category: str
    values: dict[str, Kept]
    documents: tuple[Document, ...]


class Accounts:
    """People's own accounts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.signing_in = SigningIn(parts)
        self.asking = Asking(parts)
        self.others = Others(parts)

    @property
    def database(self) -> Database:
        """Where it all lies."""
        return self._parts.works.database

    def promises(self) -> Promises:
        """What holds now."""
        return self._parts.policies.in_force(self._parts.works.clock.now())

    # see

    def held(self, work: Work, signed: Signed) -> tuple[str, ...]:
        """The categories that are kept of the person, in the order of the policy; nothing is opened."""
        kept = self._parts.vault.held(work, signed.standing)
        files = {one.partition(".")[0] for one in self._fields_of_files(work, signed)}
        return tuple(name for name in self.promises().policy.categories if name in kept or name in files)

    def _fields_of_files(self, work: Work, signed: Signed) -> list[str]:
        return [one.field for one in self._parts.documents.of(work.database, work, signed.standing)]

    def show(self, work: Work, signed: Signed, category: str) -> Shown:
        """The values of one category in clear, for the person alone; in the log before they are told.

        A person has a right to this whatever was agreed to or blocked (94-V 24). Raises NotFound for a category that
        is not kept, NotAllowed (human_read_forbidden) for one that no human may see.
        """
        promises = self.promises()
        told = promises.told(subject=signed.subject, operation=Operation.EXTRACT.value, categories=(category,))
        work.attempt(SHOWN, told)
        work.need("account")
        if category not in self.held(work, signed):
            raise NotFound(Code.NOT_FOUND, "category")
        if promises.policy.categories[category].people == "never":
            raise NotAllowed.because(promises.reason(Code.HUMAN_READ_FORBIDDEN, category, f"categories.{category}"))
        values = self._parts.vault.everything(work, signed.standing, categories=frozenset({category}))
        files = self._parts.documents.of(work.database, work, signed.standing)
        mine = tuple(one for one in files if one.field.partition(".")[0] == category)
        work.record(SHOWN, told, count=len(values) + len(mine))
        return Shown(category=category, values=values, documents=mine)

    def facts(self, work: Work, signed: Signed, language: Language) -> Facts:
        """What is known of the processing, the values apart: what kinds of data are there is enough to tell it."""
        promises, held = self.promises(), self.held(work, signed)
        there = {name: Kept("", "", 0) for name in promises.fields if name.partition(".")[0] in held}
        return Facts(
            number="",
            kind="access",
            language=language,
            received=work.now,
            made=work.now,
            promises=promises,
            standing=signed.standing,
            values=there,
            consents=tuple(states_of(signed.standing)),
        )

    def told(self, work: Work, signed: Signed, language: Language) -> Answer:
        """What the processing is, in words, by sections, without a value."""
        return compose(self.facts(work, signed, language))

    def received(self, work: Work, signed: Signed, language: Language, before: int = 0) -> tuple[Answer, int]:
        """Who really got data, the newest first from before a log entry on, and where more begins (travel-34)."""
        lines, onwards = self._parts.disclosures.newest(signed.subject, before)
        return compose(changed(self.facts(work, signed, language), disclosures=tuple(lines))), onwards

    def export(self, work: Work, signed: Signed, language: Language) -> Answer:
        """All that is kept here of the person, to be taken along. Raises NotAllowed (code_needed)."""
        work.attempt(EXPORTED, subject=signed.subject)
        work.need("account")
        check_fresh(signed, work.at)
        values, hidden = shown_to_person(self.promises(), self._parts.vault.everything(work, signed.standing))
        facts = changed(
            self.facts(work, signed, language),
            values=values,
            masked=hidden,
            documents=tuple(self._parts.documents.of(work.database, work, signed.standing)),
            disclosures=tuple(self._parts.disclosures.of(signed.subject)),
        )
        categories = tuple(sorted({name.partition(".")[0] for name in values}))
        work.record(EXPORTED, subject=signed.subject, categories=categories, count=len(values))
        return compose(facts)

    def messages(self, signed: Signed, before: int = 0) -> tuple[list[Entry], int]:
        """Messages that were sent to the person, newest first, and where more begins. Their words are gone."""
        return self._parts.log.newest_about(signed.subject, ("message.sent",), before=before)

    # say

    def notice_for(self, work: Work, signed: Signed, scope: Scope, *, language: Language) -> Notice:
        """What a person is told before saying yes to a scope. Raises NotPromised where nobody is asked for it."""
        check_scope(self.promises(), scope)
        met = self._met(signed)
        return self._parts.collection.notice(work, self._asked_at(scope, met), language)

    def _met(self, signed: Signed) -> set[str]:
        """The points at which the person was taken in lately."""
        taken, _ = self._parts.log.newest_about(signed.subject, ("data.collected",))
        return {one.point for one in taken if one.point}

    def _asked_at(self, scope: Scope, met: Collection[str] = ()) -> str:
        """The point whose notice asks for a scope. Raises NotPromised (purpose_undeclared) if none does."""
        promises = self.promises()
        point = asked_at(promises, scope, met)
        if not point:
            raise NotPromised.because(promises.reason(Code.PURPOSE_UNDECLARED, scope.purpose))
        return point

    def agree(self, work: Work, signed: Signed, scope: Scope, *, notice: str, language: Language) -> Given:
        """Say yes, after the notice was shown: without it a yes would prove nothing (94-V 25(2)(5)).

        Raises Invalid (notice_missing), and what :meth:`Consents.give` raises.
        """
        work.attempt(GIVEN, self.promises().told(purpose=scope.purpose), subject=signed.subject)
        if not notice:
            raise Invalid(Code.NOTICE_MISSING, "notice")
        shown = self._parts.policies.notices(self.promises()).get(notice)
        evidence = replace(_evidence(shown.language if shown else language), notice=notice)
        return self._parts.consents.give(work, signed.standing, scope, evidence=evidence)

    def refuse(self, work: Work, signed: Signed, scope: Scope, *, language: Language) -> list[Given]:
        """Say no; it binds the very next decision. Raises NotPromised where nobody is asked and nothing was said."""
        work.attempt(WITHDRAWN, self.promises().told(purpose=scope.purpose), subject=signed.subject)
        if not signed.standing.marks.agreed.get(scope.purpose):
            self._asked_at(scope)
        return self._parts.consents.withdraw(work, signed.standing, scope, evidence=_evidence(language))

    def history(self, signed: Signed, before: int = 0) -> tuple[list[Event], int]:
        """What the person said, the newest first, from before a log entry on, and where more begins."""
        return self._parts.consents.newest(signed.subject, before)

    def prove(self, work: Work, signed: Signed, event: str) -> tuple[Event, str, str]:
        """Something that the person said: the event, its receipt, and what was shown then. Raises NotFound."""
        return self._parts.consents.prove(work, signed.subject, event)

    def account(self, signed: Signed) -> Account:
        """What the person last saw and confirmed; who came after a version was published has seen it."""
        known = store.account_of(self.database, signed.subject)
        if known.version:
            return known
        came = moment(signed.standing.created_at)
        begun = [one.number for one in self._parts.policies.timeline() if one.effective <= came]
        return replace(known, version=begun[-1] if begun else 1)

    def accept(self, work: Work, signed: Signed) -> Account:
        """The person has read the version in force (foundation-37). What goes further needs a consent all the same."""
        promises = self.promises()
        work.attempt(ACCEPTED, subject=signed.subject, policy=promises.version)
        work.need("account")
        account = replace(self.account(signed), version=promises.version, accepted_at=work.at)
        store.put_account(work, account)
        work.record(ACCEPTED, subject=signed.subject, policy=promises.version, digest=promises.digest)
        return account

    def confirm(self, work: Work, signed: Signed) -> Account:
        """The person says that the data is right (tickets-6, shop-18)."""
        work.attempt(CONFIRMED, subject=signed.subject)
        work.need("account")
        account = replace(self.account(signed), confirmed_at=work.at)
        store.put_account(work, account)
        work.record(CONFIRMED, subject=signed.subject)
        return account

    # change

    def correct(self, work: Work, signed: Signed, values: Mapping[str, str]) -> tuple[str, ...]:
        """Put right what the person stated: at once (airline-11). The fields changed.

        Raises Invalid with every reason (card_number, invalid_value …), NotPromised (subject_blocked …), and NotAllowed
        (change_by_request) for what others rely on: identifiers, what was verified, what no human sees.
        """
        promises = self.promises()
        for reference in values:
            if not changes_at_once(promises, reference):
                raise NotAllowed(Code.CHANGE_BY_REQUEST, reference)
        known = self._parts.vault.everything(work, signed.standing, categories=_categories(values))
        checked = [name for name in values if name in known and known[name].status == "verified"]
        if checked:
            raise NotAllowed(Code.CHANGE_BY_REQUEST, checked[0])
        purpose = self._purpose(work, signed, tuple(values))
        return self._parts.collection.correct(work, signed.standing, purpose, values=values)

    def _purpose(self, work: Work, signed: Signed, references: tuple[str, ...]) -> str:
        """A purpose under which the fields may be changed now; if there is none, the gate says why for the first."""
        promises = self.promises()
        serving = [name for name, needed in promises.needed.items() if needed >= set(references)]
        for name in serving:
            question = Question(Operation.CLARIFY, name, signed.subject, references)
            if not self._parts.gate.reasons(work, question, signed.standing):
                return name
        if not serving:
            raise Invalid(Code.FIELD_NOT_NEEDED, references[0])
        return serving[0]


def changes_at_once(promises: Promises, reference: str) -> bool:
    """Whether a person may put a field right without anybody: not what finds people, nor files, nor what is closed."""
    field, category = promises.fields.get(reference), promises.category(reference)
    if field is None or category is None or field.type in FILES:
        return False
    return not category.special and category.people != "never" and identifier_kind(reference, field) is None


def _categories(references: Mapping[str, str]) -> frozenset[str]:
    return frozenset(one.partition(".")[0] for one in references)


def _evidence(language: Language) -> Evidence:
    return Evidence(language=language, surface="account", act="button", channel=Channel.PORTAL)
