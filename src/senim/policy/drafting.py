"""Write the next version together: drafts, a proposal of exact bytes, and the approval of a second person."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

import msgspec

from senim.errors import Code, Held, Invalid, NotAllowed, NotFound
from senim.identity import is_id, new_id
from senim.languages import Hint
from senim.policy import drafting_store as store
from senim.policy.actions import Policies, Version
from senim.policy.drafting_records import Draft
from senim.policy.file import MOST_BYTES
from senim.times import micros, moment
from senim.work import Work

MOST_DRAFTS = 50
"""Drafts at a time: whoever needs more has drafts that nobody needs."""

MOST_NAME = 80


class Drafts:
    """Drafts of the policy. Whoever may do ``policy`` writes them; publishing takes two of them."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def all(self, work: Work) -> list[Draft]:
        """All drafts, the oldest first. Raises NotAllowed."""
        work.need("policy")
        return store.every(work.database)

    def find(self, work: Work, draft: str) -> Draft:
        """A draft. Raises NotAllowed, NotFound."""
        work.need("policy")
        found = store.find(work.database, draft) if is_id(draft) else None
        if found is None:
            raise NotFound(Code.NOT_FOUND, "draft")
        return found

    def begin(self, work: Work, *, name: str, base: int) -> Draft:
        """Begin a draft from a published version. Raises NotAllowed, NotFound, Invalid if there are too many."""
        work.attempt("policy.drafted")
        if len(self.all(work)) >= MOST_DRAFTS:
            raise Invalid(Code.INVALID_VALUE, "drafts", hint=Hint("at-most", most=MOST_DRAFTS))
        source = self._policies.version(base).source
        new = Draft(
            id=new_id(), name=_named(name), source=source, digest=_digest(source), base=base, revision=1,
            saved_by=work.actor.label, saved_at=work.at,
        )  # fmt: skip
        store.add(work, new)
        _tell(work, "policy.drafted", new)
        return new

    def save(self, work: Work, draft: str, *, revision: int, name: str, source: bytes) -> Draft:
        """Keep a draft as it is written now, if it is still the one that was looked at; a proposal of it is over.

        Raises NotAllowed, NotFound, Invalid (policy_too_large), Held (changed_meanwhile) if somebody else saved it.
        """
        work.attempt("policy.drafted", ref=draft if is_id(draft) else None)
        old = self.find(work, draft)
        if len(source) > MOST_BYTES:
            raise Invalid(Code.POLICY_TOO_LARGE, "draft")
        digest, name = _digest(source), _named(name)
        if (digest, name) == (old.digest, old.name):
            return old
        if old.revision != revision:
            raise Held(Code.CHANGED_MEANWHILE, "draft")
        same = digest == old.digest
        new = replace(
            old, name=name, source=source, digest=digest, revision=revision + 1,
            saved_by=work.actor.label, saved_at=work.at,
        )  # fmt: skip
        new = new if same else replace(new, proposed_by="", proposed_at=0, effective_at=0)
        store.change(work, old, new)
        _tell(work, "policy.drafted", new)
        return new

    def drop(self, work: Work, draft: str) -> None:
        """Throw a draft away. Raises NotAllowed, NotFound."""
        work.attempt("policy.dropped", ref=draft if is_id(draft) else None)
        old = self.find(work, draft)
        store.drop(work, old)
        _tell(work, "policy.dropped", old)

    def propose(self, work: Work, draft: str, *, digest: str, effective: datetime | None) -> Draft:
        """Propose to publish exactly the bytes with a digest, from a time on or as soon as they are approved.

        Raises NotAllowed, NotFound, Held (changed_meanwhile) if the draft is another by now, Held (unchanged) if it is
        what its base says, Invalid (policy_invalid, effective_date_wrong).
        """
        work.attempt("policy.proposed", ref=draft if is_id(draft) else None)
        old = self.find(work, draft)
        if old.digest != digest:
            raise Held(Code.CHANGED_MEANWHILE, "draft")
        if effective is not None and effective < work.now:
            raise Invalid(Code.EFFECTIVE_DATE_WRONG, effective.date().isoformat())
        self._policies.must_be_good(work, old.source)
        effective_at = micros(effective) if effective else 0
        new = replace(old, proposed_by=work.actor.label, proposed_at=work.at, effective_at=effective_at)
        store.change(work, old, new)
        _tell(work, "policy.proposed", new)
        return new

    def withdraw(self, work: Work, draft: str) -> Draft:
        """Take a proposal back: the draft stays. Raises NotAllowed, NotFound, Held if there is none."""
        work.attempt("policy.withdrawn", ref=draft if is_id(draft) else None)
        old = self.find(work, draft)
        if not old.proposed_by:
            raise Held(Code.CHANGED_MEANWHILE, "draft")
        new = replace(old, proposed_by="", proposed_at=0, effective_at=0)
        store.change(work, old, new)
        _tell(work, "policy.withdrawn", new)
        return new

    def approve(self, work: Work, draft: str, *, digest: str) -> Version:
        """Publish the bytes that somebody else proposed; the draft is gone then, the version stays.

        Raises NotAllowed (role_not_allowed, second_person_needed), NotFound, Held (changed_meanwhile) unless it is
        exactly these bytes that are proposed, and what ``publish`` raises.
        """
        work.attempt("policy.approved", ref=draft if is_id(draft) else None)
        old = self.find(work, draft)
        if not old.proposed_by or old.digest != digest or _digest(old.source) != digest:
            raise Held(Code.CHANGED_MEANWHILE, "draft")
        if work.actor.label == old.proposed_by:
            raise NotAllowed(Code.SECOND_PERSON_NEEDED, "draft")
        effective = moment(old.effective_at) if old.effective_at else None
        version = self._policies.publish(work, old.source, effective=effective)
        store.drop(work, old)
        work.record("policy.approved", ref=old.id, digest=old.digest, policy=version.number)
        return version


def _tell(work: Work, act: str, draft: Draft) -> None:
    """The entry of what is done with a draft: its digest, how often it was saved, from when on it is to bind."""
    told: dict[str, object] = {"ref": draft.id, "digest": draft.digest, "count": draft.revision}
    if draft.effective_at:
        told["record"] = msgspec.Raw(msgspec.json.encode({"effective": moment(draft.effective_at).isoformat()}))
    work.record(act, told)


def _digest(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()


def _named(name: str) -> str:
    """The name as it is kept. Raises Invalid (invalid_value)."""
    told = " ".join(name.split())
    if not told or len(told) > MOST_NAME:
        raise Invalid(Code.INVALID_VALUE, "name", hint=Hint("name-length", most=MOST_NAME))
    return told
