"""Cookies: a visitor sees a notice and chooses; the choice goes into the log under a random id (travel-5, tickets-13).

Visitors are not people on file: no row is kept of them, no address and no browser. The log alone holds their choices,
and an entry leads to nobody but the browser that keeps the id (docs/decisions/0020-proof-of-visitors.md).
"""

from __future__ import annotations

from typing import cast

import msgspec
from msgspec.structs import replace

from senim.audit.actions import Log
from senim.audit.records import Entry, Outcome, from_leaf
from senim.audit.statements import StatementSigner
from senim.collection.cookie_rules import KIND, faults, optional, origin_of, origins, proof
from senim.collection.reception import refuse
from senim.collection.records import Choice, ChoiceKept, Chosen
from senim.errors import Code, NotAllowed, NotPromised
from senim.identity import Actor, ActorKind, SubjectId
from senim.policy import Policies
from senim.policy.cookies import Shown
from senim.policy.promises import Promises
from senim.work import Work, make_entry

VISITOR = Actor(kind=ActorKind.PERSON, id="visitor", role="visitor", may=frozenset({"consent"}))
"""Whoever sees a site: may say what it may keep in the browser, and take that back."""

_ACT = "cookies.chosen"
_kept = msgspec.json.Decoder(ChoiceKept).decode


class Cookies:
    """The choices of visitors."""

    def __init__(
        self, policies: Policies, log: Log, signer: StatementSigner, *, local: frozenset[str] = frozenset()
    ) -> None:
        self._policies = policies
        self._log = log
        self._signer = signer
        self._local = local

    def choose(self, work: Work, choice: Choice, *, site: str, signal: bool = False) -> Chosen:
        """Put a choice on record; ``site`` is the origin that it was made at.

        ``signal``: whether the request itself said that its sender does not want to be tracked (Sec-GPC).

        Raises NotAllowed (origin_not_allowed), NotPromised (policy_without_cookies), Invalid (notice_missing,
        notice_outdated, consent_unproven, invalid_value).
        """
        promises = self._policies.in_force(work.now)
        work.attempt(_ACT, policy=promises.version, channel="web")
        work.need("consent")
        if site not in self._origins(promises):
            raise NotAllowed(Code.ORIGIN_NOT_ALLOWED, "site")
        if promises.policy.cookies is None:
            raise NotPromised.because(promises.reason(Code.CATEGORY_UNDECLARED, "cookies"))
        shown = self._find(work, choice.shown)
        of = self._policies.promises(shown.version, work.now.date()) if shown else promises
        known = optional(of)
        refuse([promises.reason(code, where) for code, where in faults(choice, shown, known)])
        if shown:
            self._policies.freeze(work, shown)
        entry = self._record(work, replace(choice, gpc=choice.gpc or signal), shown, of, site)
        return self._chosen(of, entry)

    def _find(self, work: Work, digest: str) -> Shown | None:
        """The text with a fingerprint, of a version that is or was in force. One that waited offline may be earlier."""
        for version in reversed(self._policies.timeline() if digest else []):
            found = self._policies.shown(version.number, work.now.date()).get(digest)
            if version.effective <= work.now and found is not None:
                return found
        return None

    def _record(self, work: Work, choice: Choice, shown: Shown | None, of: Promises, site: str) -> Entry:
        kept = ChoiceKept(
            choice=choice.id,
            language=choice.language,
            variant=shown.variant if shown else "",
            refused=tuple(name for name in optional(of) if name not in choice.kinds),
            site=site,
            gpc=choice.gpc,
            age=choice.age,
        )
        facts: dict[str, object] = {
            "subject": choice.visitor,
            "categories": tuple(sorted(choice.kinds)),
            "channel": "web",
            "reason": choice.how,
            "digest": shown.digest if shown else None,
            "policy": of.version,
            "record": msgspec.Raw(msgspec.json.encode(kept)),
        }
        entry_id = work.record(_ACT, facts)
        _, _, leaf = make_entry(work.actor, work.now, _ACT, Outcome.DONE, facts, entry_id)
        return from_leaf(leaf)

    def _chosen(self, promises: Promises, entry: Entry) -> Chosen:
        receipt = self._signer.sign(KIND, proof(promises, entry, _kept(cast("msgspec.Raw", entry.record))))
        return Chosen(entry=entry.id, at=entry.at, kinds=entry.categories, receipt=receipt)

    def history(self, work: Work, visitor: str) -> list[Chosen]:
        """All choices under a visitor's id, oldest first, each with its proof."""
        entries = [one for one in self._log.everything_about(SubjectId(visitor)) if one.act == _ACT]
        done = [one for one in entries if one.outcome is Outcome.DONE and one.policy]
        return [self._chosen(self._policies.promises(one.policy or 0, work.now.date()), one) for one in done]

    def allows(self, origin: str, work: Work) -> str:
        """The origin as it is written, if pages of it may send something; else empty."""
        known = self._origins(self._policies.in_force(work.now))
        found = origin_of(origin)
        return found if found in known and found == origin else ""

    def _origins(self, promises: Promises) -> frozenset[str]:
        """Where pages that may send something come from: the policy's sites, and those being built on this machine."""
        return origins(promises.policy) | self._local
