"""Check, publish, read and compare policies."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from senim.audit.live import RowsAgain
from senim.errors import Code, Held, Invalid, NotFound, NotPromised, Reason, Tampered, Unavailable
from senim.languages import Hint
from senim.law import Law, Override, available, load
from senim.policy import beside, store
from senim.policy.clashes import Clash, clashes_of
from senim.policy.cookies import Shown, all_shown
from senim.policy.differences import Change, changes, widened
from senim.policy.file import Fault, parse
from senim.policy.gaps import meant
from senim.policy.notices import Notice, StoredNotice, all_notices
from senim.policy.promises import Promises
from senim.policy.records import LawRef, Policy
from senim.policy.rules import faults_of
from senim.policy.shape import GONE, Shaper, format_of_policy
from senim.storage import Database, Hold
from senim.times import micros, moment
from senim.work import Work

_decode = msgspec.json.Decoder(Policy).decode
_REMEMBERED = 512 * 1024
"""Bytes of a file at most of which it is remembered what a look at it found."""

_MOST_TOLD = 20
"""Faults whose lines a refusal tells; a look at the file tells all."""

_RECHECK_SECONDS = 1.0
"""How soon a version published by another process is seen."""

NOTICE_OF_CANCELLING = timedelta(minutes=1)
"""How long before its day a version can be cancelled at the latest: every process has seen it by then."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at a policy file found. ``policy`` is None if the file could not be read as one, whole."""

    policy: Policy | None
    law: Law | None
    faults: tuple[Fault, ...] = ()
    clashes: tuple[Clash, ...] = ()
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Line and column of each part that could be read."""

    @property
    def ok(self) -> bool:
        """Whether it may be published. Clashes with the law do not stop it: the law wins and the clash is shown."""
        return not self.faults


def check(source: bytes, controls: frozenset[str], today: date) -> Checked:
    """Read a policy file and find everything wrong with it, and where it clashes with the law."""
    tree, faults = parse(source)
    if tree is None:
        return Checked(None, None, tuple(faults))
    cut = (Code.REFERENCE_CYCLIC, Code.POLICY_TOO_LARGE)
    shaper = Shaper(frozenset(fault.where for fault in faults if fault.code in cut))
    plain = shaper.shape(format_of_policy(), tree, "")
    faults += shaper.faults
    if plain is GONE:
        return Checked(None, None, tuple(faults))
    policy, law, gaps = msgspec.convert(plain, Policy), None, shaper.gaps
    if not gaps.touch("law"):
        try:
            law = law_of(policy, today)
        except Invalid as error:
            pack = error.where.removeprefix("law: ")
            hint = Hint("no-law-pack", meant(pack, available()), pack=pack)
            faults.append(Fault(error.code, "law", hint, *shaper.places.get("law", (1, 1))))
    faults += (_placed(fault, shaper.places) for fault in faults_of(policy, law, controls, gaps))
    faults.sort(key=lambda fault: (fault.line, fault.column))
    if gaps.paths or law is None:
        return Checked(None, None, tuple(faults))
    if any(fault.code in (Code.REFERENCE_DANGLING, Code.TYPE_WRONG, Code.KEY_MISSING) for fault in faults):
        return Checked(policy, law, tuple(faults), places=shaper.places)
    return Checked(policy, law, tuple(faults), tuple(clashes_of(policy, law)), shaper.places)


_check_once = lru_cache(maxsize=8)(check)
"""A draft is looked at by each of its pages, and every drill publishes the same file."""


def _placed(fault: Fault, places: dict[str, tuple[int, int]]) -> Fault:
    """The fault with the line of the nearest part that the file really has."""
    where = fault.where
    while where and where not in places:
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
    line, column = places.get(where, (1, 1))
    return replace(fault, line=line, column=column)


def _at_line(fault: Fault) -> Hint:
    """What is wrong and where, for who does not see the file."""
    return Hint("at-line", line=fault.line, where=fault.where, says=fault.hint or fault.code.value)


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
    cancelled: datetime | None = None
    """When it was cancelled, before it took effect: then it never binds."""

    @property
    def place(self) -> tuple[datetime, int]:
        """What decides which of two versions replaces the other: the later day, and on one day the later number."""
        return self.effective, self.number

    @property
    def file_digest(self) -> str:
        """SHA-256 of the file as it was published; :attr:`digest` is of what it says, however it is written."""
        return hashlib.sha256(self.source).hexdigest()


class Policies:
    """The policy of an operator, in all its versions."""

    def __init__(self, database: Database, override: Override, controls: frozenset[str]) -> None:
        self._database = database
        self._override = override
        self._controls = controls
        self._lock = Hold()
        self._versions: tuple[Version, ...] = ()
        self._promises: dict[int, tuple[tuple[Version, ...], Promises]] = {}
        self._notices: dict[int, dict[str, Notice]] = {}
        self._shown: dict[int, tuple[Promises, dict[str, Shown]]] = {}
        self._frozen: set[str] = set()
        self._looked = 0.0
        self._current: tuple[tuple[Version, ...], datetime, datetime, Promises] | None = None

    def publish(self, work: Work, source: bytes, *, effective: datetime | None = None) -> Version:
        """Publish a file as the next version: from then on it cannot be changed.

        It replaces the version in force on its day, and is replaced by those whose day is later, whenever they were
        published.

        Raises Invalid (policy_invalid, effective_date_wrong), Held (unchanged), NotAllowed (role_not_allowed).
        """
        work.attempt("policy.published")
        work.need("policy")
        policy, law = self.must_be_good(work, source)
        effective = effective or work.now
        number, before = len(self.versions()) + 1, [one for one in self.timeline() if one.effective <= effective]
        if effective < work.now - timedelta(minutes=1) or (effective < work.now and self._bound(work.now) > effective):
            raise Invalid(Code.EFFECTIVE_DATE_WRONG, effective.date().isoformat())
        canonical, digest = _canonical(policy)
        if before and before[-1].digest == digest:
            raise Held(Code.UNCHANGED, str(before[-1].number))
        law_on = law.on.isoformat()
        stored = store.StoredVersion(
            number, micros(effective), work.at, work.actor.label, law_on, digest, canonical, source
        )
        store.add_version(work.unit, stored)
        promises = Promises(policy, law, number, effective, digest, self._override)
        for one in all_notices(promises).values():
            store.add_notice(work.unit, StoredNotice(one.digest, one.point, one.language, number, one.text))
        beside.record_published(work, stored)
        self._looked = 0.0
        return _version(stored)

    def check(self, source: bytes, today: date) -> Checked:
        """Everything wrong with a file, and where it clashes with the law."""
        look = _check_once if len(source) <= _REMEMBERED else check
        return look(source, self._controls, today)

    def must_be_good(self, work: Work, source: bytes) -> tuple[Policy, Law]:
        """The policy of a file and its law. Raises Invalid (policy_invalid) unless it may be published."""
        checked = self.check(source, work.now.date())
        if checked.policy is None or checked.law is None or not checked.ok:
            reasons = [Reason(fault.code, fault.where, fault.clause) for fault in checked.faults]
            told = (_at_line(one) for one in checked.faults[:_MOST_TOLD])
            hint = Hint("faults", *told, count=len(checked.faults))
            reasons.insert(0, Reason(Code.POLICY_INVALID))
            raise Invalid(Code.POLICY_INVALID, f"{len(checked.faults)}", hint=hint, reasons=reasons)
        return checked.policy, checked.law

    def as_if(self, checked: Checked, now: datetime) -> Promises | None:
        """What a file would promise if it were in force now, to be held against what is; None if it is not whole."""
        if checked.policy is None or checked.law is None:
            return None
        return Promises(checked.policy, checked.law, len(self.versions()) + 1, now, "", self._override)

    def digest_of(self, checked: Checked) -> str:
        """The digest that the version of a file would be known by; nothing if it is not whole."""
        return _canonical(checked.policy)[1] if checked.policy else ""

    def cancel(self, work: Work, number: int) -> Version:
        """Cancel a version that has not taken effect: it stays readable, and never binds.

        Raises NotFound, Held (version_bound) for one in force, earlier or cancelled, or within a minute of its day;
        NotAllowed (role_not_allowed).
        """
        work.attempt("policy.cancelled")
        work.need("policy")
        version = self.version(number)
        if version.cancelled is not None or version.effective - NOTICE_OF_CANCELLING <= work.now:
            raise Held(Code.VERSION_BOUND, str(number))
        store.cancel(work.unit, number, work.at, work.actor.label)
        work.record("policy.cancelled", policy=number, digest=version.digest)
        self._looked = 0.0
        return replace(version, cancelled=work.now)

    def versions(self) -> tuple[Version, ...]:
        """All versions in the order of their numbers, cancelled ones too; each is checked against its hash.

        Raises Tampered (log_broken) if a version is not what was published.
        """
        now = time.monotonic()
        if now - self._looked > _RECHECK_SECONDS:
            with self._lock:
                known = len(self._versions), sum(one.cancelled is not None for one in self._versions)
                if store.latest(self._database) != known:
                    gone = store.all_cancelled(self._database)
                    found = store.all_versions(self._database)
                    self._versions = tuple(_version(one, gone.get(one.version, (0, ""))[0]) for one in found)
                self._looked = now
        return self._versions

    def again(self) -> RowsAgain:
        """Makes the versions again from the log, to be held against their rows."""
        return RowsAgain(beside.Versions(self._database), beside.ACTS)

    def timeline(self) -> list[Version]:
        """The versions that bound, bind or will bind, in the order in which they do."""
        return sorted((one for one in self.versions() if one.cancelled is None), key=lambda one: one.place)

    def _bound(self, now: datetime) -> datetime:
        """Since when the version in force has been."""
        return max(
            (one.effective for one in self.timeline() if one.effective <= now), default=datetime.min.replace(tzinfo=UTC)
        )

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
        order = self.timeline()
        begun = [one for one in order if one.effective <= now]
        if not begun:
            raise Unavailable(Code.POLICY_NOT_PUBLISHED)
        promises = self.promises(begun[-1].number, now.date())
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
        later = [one.effective for one in order if one.effective > now]
        self._current = (versions, begun[-1].effective, min([midnight, *later]), promises)
        return promises

    def promises(self, number: int, on: date) -> Promises:
        """A version ready to be asked, under the law of a day (unless the policy names a day itself)."""
        versions, version = self.versions(), self.version(number)
        law = law_of(version.policy, on)
        known = self._promises.get(number)
        if known is None or known[0] is not versions or known[1].law is not law:
            made = Promises(
                policy=version.policy,
                law=law,
                version=number,
                effective=version.effective,
                digest=version.digest,
                override=self._override,
                **self._covered(version),
            )
            known = self._promises[number] = (versions, made)
        return known[1]

    def _covered(self, version: Version) -> dict[str, Any]:
        """For each purpose the versions whose consents still cover what ``version`` does, as floors and what is lost.

        They are those that were in force one after the other before it, back to the first that it goes beyond.
        """
        new, earlier = version.policy, [one for one in self.timeline() if one.place < version.place]
        cancelled = {one.number for one in self.versions() if one.cancelled is not None}
        floors, lost = {}, {}
        for purpose in new.purposes:
            covering = {version.number}
            for old in reversed(earlier):
                if purpose not in old.policy.purposes or widened(old.policy, new, purpose):
                    break
                covering.add(old.number)
            floors[purpose] = min(covering)
            others = ({one.number for one in earlier} | cancelled) - covering
            lost[purpose] = frozenset(number for number in others if number > floors[purpose])
        return {"floors": floors, "lost": lost}

    def clashes(self, promises: Promises) -> tuple[Clash, ...]:
        """Where a version clashes with the law, what no clause of it speaks of too: then ``clause`` is empty."""
        return tuple(clashes_of(promises.policy, promises.law))

    def notices(self, promises: Promises) -> dict[str, Notice]:
        """The notices of a version, by digest."""
        known = self._notices.get(promises.version)
        if known is None:
            known = self._notices[promises.version] = all_notices(promises)
        return known

    def shown(self, number: int, on: date) -> dict[str, Shown]:
        """Every text about cookies of a version, by fingerprint."""
        promises = self.promises(number, on)
        known = self._shown.get(number)
        if known is None or known[0] is not promises:
            known = self._shown[number] = (promises, all_shown(promises))
        return known[1]

    def freeze(self, work: Work, notice: Notice | Shown) -> None:
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


def _canonical(policy: Policy) -> tuple[bytes, str]:
    """What a policy says, however its file is written, and the digest of it."""
    canonical = msgspec.json.encode(policy)
    return canonical, hashlib.sha256(canonical).hexdigest()


def _version(stored: store.StoredVersion, cancelled_at: int = 0) -> Version:
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
        cancelled=moment(cancelled_at) if cancelled_at else None,
    )


def purpose_of(promises: Promises, name: str) -> str:
    """``name`` if the policy declares it. Raises NotPromised (purpose_undeclared)."""
    if name not in promises.policy.purposes:
        raise NotPromised.because(promises.reason(Code.PURPOSE_UNDECLARED, name))
    return name
