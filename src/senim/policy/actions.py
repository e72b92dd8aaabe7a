"""Check, publish, read and compare policies."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import msgspec

from senim.errors import Code, Held, Invalid, NotFound, NotPromised, Reason, Tampered, Unavailable
from senim.law import Law, Override, load
from senim.policy import store
from senim.policy.clashes import Clash, clashes_of
from senim.policy.differences import Change, changes, widened
from senim.policy.file import Fault, parse
from senim.policy.notices import Notice, StoredNotice, all_notices
from senim.policy.promises import Promises
from senim.policy.records import LawRef, Policy
from senim.policy.rules import faults_of
from senim.policy.shape import Shaper, format_of_policy
from senim.storage import Database
from senim.times import micros, moment
from senim.work import Work

_decode = msgspec.json.Decoder(Policy).decode
_RECHECK_SECONDS = 1.0
"""How soon a version published by another process is seen."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at a policy file found. ``policy`` is None if the file is no policy at all."""

    policy: Policy | None
    law: Law | None
    faults: tuple[Fault, ...] = ()
    clashes: tuple[Clash, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it may be published. Clashes with the law do not stop it: the law wins and the clash is shown."""
        return not self.faults


def check(source: bytes, controls: frozenset[str], today: date) -> Checked:
    """Read a policy file and find everything wrong with it, and where it clashes with the law."""
    tree, faults = parse(source)
    if tree is None:
        return Checked(None, None, tuple(faults))
    shaper = Shaper()
    plain = shaper.shape(format_of_policy(), tree, "")
    faults += shaper.faults
    try:
        # Unknown and double keys are left out, so that one run shows what is wrong with the rest too.
        policy = msgspec.convert(plain, Policy)
        law = law_of(policy, today)
    except msgspec.ValidationError as error:
        return Checked(None, None, tuple(faults) or (Fault(Code.TYPE_WRONG, "", str(error), 1, 1),))
    except Invalid as error:
        faults.append(Fault(error.code, "law", error.where, *shaper.places.get("law", (1, 1))))
        return Checked(None, None, tuple(faults))
    placed = [*faults, *(_placed(fault, shaper.places) for fault in faults_of(policy, law, controls))]
    if any(fault.code in (Code.REFERENCE_DANGLING, Code.TYPE_WRONG, Code.KEY_MISSING) for fault in placed):
        return Checked(policy, law, tuple(placed))
    return Checked(policy, law, tuple(placed), tuple(clashes_of(policy, law)))


def _placed(fault: Fault, places: dict[str, tuple[int, int]]) -> Fault:
    """The fault with the line of the nearest part that the file really has."""
    where = fault.where
    while where and where not in places:
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
    line, column = places.get(where, (1, 1))
    return replace(fault, line=line, column=column)


def law_of(policy: Policy, today: date) -> Law:
    """The law that a policy names, as it stands on the day it names or today. Raises Invalid."""
    if isinstance(policy.law, LawRef):
        return load(policy.law.pack, policy.law.on)
    return load(policy.law, today)


@dataclass(frozen=True, slots=True)
class Version:
    """A published version."""

    number: int
    effective: datetime
    published: datetime
    published_by: str
    digest: str
    source: bytes = field(repr=False)
    canonical: bytes = field(repr=False)
    policy: Policy = field(repr=False)
    law_on: date = field(repr=False)


class Policies:
    """The policy of an operator, in all its versions."""

    def __init__(self, database: Database, override: Override, controls: frozenset[str]) -> None:
        self._database = database
        self._override = override
        self._controls = controls
        self._lock = threading.Lock()
        self._versions: tuple[Version, ...] = ()
        self._promises: dict[int, Promises] = {}
        self._notices: dict[int, dict[str, Notice]] = {}
        self._frozen: set[str] = set()
        self._looked = 0.0
        self._current: tuple[tuple[Version, ...], datetime, datetime, Promises] | None = None

    def publish(self, work: Work, source: bytes, *, effective: datetime | None = None) -> Version:
        """Publish a file as the next version: from then on it cannot be changed.

        Raises Invalid (policy_invalid, effective_date_wrong), Held (unchanged), NotAllowed (role_not_allowed).
        """
        work.attempt("policy.published")
        work.need("policy")
        checked = check(source, self._controls, work.now.date())
        if checked.policy is None or checked.law is None or not checked.ok:
            reasons = [Reason(fault.code, fault.where, fault.clause) for fault in checked.faults]
            detail = "; ".join(f"line {one.line}: {one.where}: {one.detail}" for one in checked.faults[:20])
            reasons.insert(0, Reason(Code.POLICY_INVALID))
            raise Invalid(Code.POLICY_INVALID, f"{len(checked.faults)}", detail=detail, reasons=reasons)
        effective = effective or work.now
        earlier = self.versions()
        if effective < work.now - timedelta(minutes=1) or (earlier and effective < earlier[-1].effective):
            raise Invalid(Code.EFFECTIVE_DATE_WRONG, effective.date().isoformat())
        canonical = msgspec.json.encode(checked.policy)
        digest = hashlib.sha256(canonical).hexdigest()
        if earlier and earlier[-1].digest == digest:
            raise Held(Code.UNCHANGED, str(earlier[-1].number))
        number = earlier[-1].number + 1 if earlier else 1
        stored = store.StoredVersion(
            number, micros(effective), work.at, work.actor.label, checked.law.on.isoformat(), digest, canonical, source
        )
        store.add_version(work.unit, stored)
        promises = Promises(checked.policy, checked.law, number, effective, digest, self._override)
        for one in all_notices(promises).values():
            store.add_notice(work.unit, StoredNotice(one.digest, one.point, one.language, number, one.text))
        work.record("policy.published", policy=number, digest=digest, ref=effective.astimezone(UTC).isoformat())
        self._looked = 0.0
        return _version(stored)

    def versions(self) -> tuple[Version, ...]:
        """All versions, oldest first; each is checked against its hash when it is first read.

        Raises Tampered (log_broken) if a version is not what was published.
        """
        now = time.monotonic()
        if now - self._looked > _RECHECK_SECONDS:
            with self._lock:
                if store.latest(self._database) != len(self._versions):
                    self._versions = tuple(_version(stored) for stored in store.all_versions(self._database))
                self._looked = now
        return self._versions

    def published(self) -> dict[int, tuple[str, str]]:
        """Of each version as it stands in the database: the digest, and from when it binds, as its entry names them."""
        return {
            one.version: (hashlib.sha256(one.canonical).hexdigest(), moment(one.effective_at).isoformat())
            for one in store.all_versions(self._database)
        }

    def version(self, number: int) -> Version:
        """One version. Raises NotFound."""
        versions = self.versions()
        if not 1 <= number <= len(versions):
            raise NotFound(Code.NOT_FOUND, f"policy version {number}")
        return versions[number - 1]

    def in_force(self, now: datetime) -> Promises:
        """The version in force, ready to be asked. Raises Unavailable (policy_not_published)."""
        versions = self.versions()
        current = self._current
        if current is not None and current[0] is versions and current[1] <= now < current[2]:
            return current[3]
        begun = [one for one in versions if one.effective <= now]
        if not begun:
            raise Unavailable(Code.POLICY_NOT_PUBLISHED)
        promises = self.promises(begun[-1].number, now.date())
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
        later = [one.effective for one in versions if one.effective > now]
        self._current = (versions, begun[-1].effective, min([midnight, *later]), promises)
        return promises

    def promises(self, number: int, on: date) -> Promises:
        """A version ready to be asked, under the law of a day (unless the policy names a day itself)."""
        version = self.version(number)
        law = law_of(version.policy, on)
        known = self._promises.get(number)
        if known is None or known.law is not law:
            known = self._promises[number] = Promises(
                version.policy, law, number, version.effective, version.digest, self._override, self._floors(number)
            )
        return known

    def _floors(self, number: int) -> dict[str, int]:
        """For each purpose the oldest version whose consents still cover what ``number`` does."""
        new = self.version(number).policy
        floors = {}
        for purpose in new.purposes:
            floor = number
            while (
                floor > 1
                and purpose in (old := self.version(floor - 1).policy).purposes
                and not widened(old, new, purpose)
            ):
                floor -= 1
            floors[purpose] = floor
        return floors

    def notices(self, promises: Promises) -> dict[str, Notice]:
        """The notices of a version, by digest."""
        known = self._notices.get(promises.version)
        if known is None:
            known = self._notices[promises.version] = all_notices(promises)
        return known

    def freeze(self, work: Work, notice: Notice) -> None:
        """Keep the text of a notice that is shown, if it is not: its wording may be newer than the version's."""
        if notice.digest in self._frozen:
            return
        if store.find_notice(self._database, notice.digest) is not None:
            self._frozen.add(notice.digest)
            return
        since = self.in_force(work.now).version
        new = StoredNotice(notice.digest, notice.point, notice.language, since, notice.text)
        store.add_notice(work.unit, new)

    def notice_shown(self, digest: str) -> StoredNotice:
        """The frozen text of a notice of whatever version. Raises NotFound."""
        found = store.find_notice(self._database, digest)
        if found is None:
            raise NotFound(Code.NOT_FOUND, "notice")
        if hashlib.sha256(found.content.encode()).hexdigest() != found.digest:
            raise Tampered(Code.LOG_BROKEN, "notice")
        return found

    def compare(self, old: Policy, new: Policy) -> tuple[list[Change], dict[str, tuple[str, ...]]]:
        """What changed, and for which purposes earlier consents no longer hold, with the reasons."""
        renewals = {name: why for name in new.purposes if (why := widened(old, new, name))}
        return changes(old, new), renewals


def _version(stored: store.StoredVersion) -> Version:
    if hashlib.sha256(stored.canonical).hexdigest() != stored.digest:
        raise Tampered(Code.LOG_BROKEN, f"policy version {stored.version}")
    return Version(
        number=stored.version,
        effective=moment(stored.effective_at),
        published=moment(stored.published_at),
        published_by=stored.published_by,
        digest=stored.digest,
        source=stored.source,
        canonical=stored.canonical,
        policy=_decode(stored.canonical),
        law_on=date.fromisoformat(stored.law_on),
    )


def purpose_of(promises: Promises, name: str) -> str:
    """``name`` if the policy declares it. Raises NotPromised (purpose_undeclared)."""
    if name not in promises.policy.purposes:
        lacking = promises.reason(Code.PURPOSE_UNDECLARED, name)
        raise NotPromised(Code.PURPOSE_UNDECLARED, lacking.where, reasons=[lacking])
    return name
