"""Sign in by a code to a contact on file: no password, and nothing that tells a stranger who is known here.

Whoever asks for a code is answered before anybody looks whether the contact is known: the contact is sealed, and an
order looks for it, makes the code and sends it. So the answer and its time are the same for everybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace as changed
from typing import Final

from msgspec.structs import replace

from senim.accounts import store
from senim.accounts.apart import MOST_LOOKED_AT, Apart, Found, apart, named, tells
from senim.accounts.parts import Parts
from senim.accounts.records import Attempt, Entered, Session, Signed
from senim.accounts.rules import IDLE, LONGEST, SEEN_EVERY, cookie, digest_of, fresh, lasts, opens, parts_of
from senim.audit.records import Outcome
from senim.errors import Code, Invalid, NotAllowed, NotFound
from senim.identity import SubjectId, new_id
from senim.languages import Language
from senim.messaging.records import To
from senim.orders.context import Context, Done
from senim.orders.records import Claimed
from senim.policy.records import Field
from senim.policy.taxonomy import FieldType
from senim.policy.values import normalise
from senim.rights.codes import MINUTES, TRIES, may_open
from senim.rights.limits import CODES_ABOUT_PERSON, CODES_TO_ADDRESS, HOUR
from senim.storage import Database, Unit
from senim.work import Clock, Work

CODED, SIGNED_IN, UNPROVEN, FRESHENED, SIGNED_OUT = (
    "account.coded",
    "account.entered",
    "account.unproven",
    "account.freshened",
    "account.left",
)
SEND: Final = "account.code"
NAMED = 3
"""How often it may be told who of several one is; then it takes the counter."""

_LIFE = 30 * 60_000_000
"""How long a sign-in may take, in microseconds."""


class SigningIn:
    """The way in, who is in, and the way out."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        parts.orders.handle(SEND, self._send, attempts=3)

    # a code is asked for

    def begin(self, work: Work, contact: str, *, asker: str, language: Language) -> str:
        """Have a code sent to a contact, if it is on file; the secret with which the code is told.

        Raises Invalid (invalid_value) for what is no address, NotAllowed (too_many_attempts); known or unknown alike.
        """
        work.attempt(CODED)
        work.need("sign-in")
        address = normalise(contact, Field(type=FieldType.EMAIL))
        limits = self._parts.limits
        limits.count_place(work, "code", asker)
        limits.count(work, "sign-in", address, most=CODES_TO_ADDRESS, window=HOUR)
        holder = self._parts.boxes.holder(work)
        sealed = self._parts.boxes.seal(work, holder, "sign-in", address.encode())
        return self._ask(work, language, holder=holder, sealed=sealed)

    def again(self, work: Work, signed: Signed, *, language: Language) -> str:
        """Have a fresh code sent to who is signed in, at the address on file. Raises NotAllowed, NotFound."""
        work.attempt(CODED, subject=signed.subject)
        work.need("account")
        if not self._addresses(work, signed.subject):
            raise NotFound(Code.NOT_FOUND, "address")
        self._parts.limits.count(work, "fresh", signed.subject, most=CODES_TO_ADDRESS, window=HOUR)
        return self._ask(work, language, subject=signed.subject)

    def _ask(self, work: Work, language: Language, **how: object) -> str:
        token = secrets.token_urlsafe(32)
        attempt = Attempt(id=digest_of(token).hex(), language=language, until=work.at + _LIFE)
        attempt = replace(attempt, **how)
        store.add_attempt(work, attempt)
        lane_of = attempt.holder or SubjectId(attempt.subject)
        self._parts.orders.place(work, SEND, lane_of=lane_of, facts={"sign_in": attempt.id})
        work.record(CODED, subject=attempt.subject or None)
        return token

    # the order: whose contact is it, and the code to them

    def _send(self, context: Context, claimed: Claimed) -> Done:
        return Done({}, lambda work: self._sent(work, str(claimed.facts["sign_in"])))

    def _sent(self, work: Work, attempt_id: str) -> None:
        attempt = store.find_attempt(work, attempt_id)
        if attempt is None or attempt.code is not None or (attempt.holder is None and not attempt.subject):
            return
        address = self._address(work, attempt)
        claimed = self._owners(work, attempt, address)
        out, code = self._parts.codes.make(attempt.id, work.at)
        if claimed and self._may(work, claimed):
            to = To(address=address, subject=claimed[0] if len(claimed) == 1 else None)
            facts = {"code": code, "minutes": MINUTES}
            self._parts.post.send(work, "code", to=to, language=attempt.language, facts=facts)
        if attempt.holder is not None:
            self._parts.boxes.destroy(work, attempt.holder)
        store.save_attempt(work, replace(attempt, code=out, claimed=tuple(claimed), holder=None, sealed=b""))

    def _address(self, work: Work, attempt: Attempt) -> str:
        if attempt.holder is not None:
            return self._parts.boxes.open(work, attempt.holder, "sign-in", attempt.sealed).decode()
        return next(iter(self._addresses(work, SubjectId(attempt.subject))), "")

    def _owners(self, work: Work, attempt: Attempt, address: str) -> list[SubjectId]:
        if attempt.subject:
            return [SubjectId(attempt.subject)] if address else []
        return self._parts.vault.owners(work, "email", address, most=MOST_LOOKED_AT)

    def _may(self, work: Work, people: list[SubjectId]) -> bool:
        """A limit that only people on file can reach is kept here, where nobody waits for an answer."""
        may = self._parts.limits.may
        return all(may(work, "person", one, most=CODES_ABOUT_PERSON, window=HOUR) for one in people[:1])

    def _addresses(self, work: Work, subject: SubjectId) -> list[str]:
        """The e-mail addresses on file of a person."""
        standing = self._parts.subjects.look(work.database, subject)
        if standing is None or standing.erased:
            return []
        fields = self._parts.policies.in_force(work.now).fields
        names = [name for name, spec in fields.items() if spec.type is FieldType.EMAIL]
        known = self._parts.vault.everything(work, standing, categories=_categories(names))
        return [known[name].value for name in names if name in known]

    # the code comes back

    def enter(self, work: Work, token: str, code: str, *, asker: str = "") -> Entered:
        """Try a code. A wrong one is counted and durable: it comes back as an answer, and not as a refusal.

        Raises NotAllowed (too_many_attempts) for more tries from one place of the network than people make.
        """
        work.attempt(SIGNED_IN)
        work.need("sign-in")
        self._parts.limits.count_place(work, "try", asker)
        attempt = self._tried(work, token, code)
        if attempt is None:
            return self._wrong(work, token)
        records = self._alive(work, attempt)
        if len(records) <= 1:
            return self._in(work, attempt, records) if records else self._wrong(work, token)
        found, fields = self._apart(work, records), self._fields(work)
        if len(found.people) <= 1:
            return self._in(work, attempt, found.opened(*found.people))
        ask, bare = tells(fields, found.people), len(found.bare)
        proven = replace(attempt, code=None, claimed=tuple(records), proven_at=work.at, ask=ask, bare=bare)
        store.save_attempt(work, proven)
        return _several(proven)

    def _tried(self, work: Work, token: str, code: str) -> Attempt | None:
        """The sign-in, if the code is the one that is out and still opens."""
        attempt = self._known(work, token)
        out = attempt.code if attempt else None
        about = attempt.id if attempt else digest_of(token).hex()
        right = self._parts.codes.fits(about, out, code)
        good = right and may_open(out, work.at) and attempt is not None and bool(attempt.claimed)
        return attempt if good else None

    def _known(self, work: Work, token: str) -> Attempt | None:
        attempt = store.find_attempt(work, digest_of(token).hex())
        return attempt if attempt is not None and work.at < attempt.until else None

    def _wrong(self, work: Work, token: str) -> Entered:
        """Count a try: with no code out, or none known, just as with one."""
        attempt = self._known(work, token)
        tries = min(attempt.tries + 1, TRIES) if attempt else TRIES
        if attempt is not None:
            code = replace(attempt.code, tries=tries) if attempt.code else None
            store.save_attempt(work, replace(attempt, tries=tries, code=code))
        work.record(UNPROVEN, outcome=Outcome.REFUSED, codes=("identity_unproven",))
        return Entered(left=TRIES - tries)

    def _alive(self, work: Work, attempt: Attempt) -> list[SubjectId]:
        found = []
        for one in attempt.claimed:
            standing = self._parts.subjects.look(work.database, SubjectId(one))
            if standing is not None and not standing.erased:
                self._parts.subjects.watch(work.unit, standing)
                found.append(SubjectId(one))
        return found

    # several people share a contact

    def _fields(self, work: Work) -> Mapping[str, Field]:
        return self._parts.policies.in_force(work.now).fields

    def _apart(self, work: Work, records: Sequence[SubjectId]) -> Apart:
        """Whose the records are, as far as what they hold tells; what all of them share by e-mail tells nobody."""
        fields, found = self._fields(work), [self._found(work, one) for one in records]
        emails = [name for name, one in fields.items() if one.type is FieldType.EMAIL]
        shared = set[str].intersection(*({one.values[name] for name in emails if name in one.values} for one in found))
        return apart(fields, [changed(one, values=_but(one.values, emails, shared)) for one in found])

    def _found(self, work: Work, subject: SubjectId) -> Found:
        """A record, and all that it holds."""
        standing = self._parts.subjects.find(work.database, subject)
        known = self._parts.vault.everything(work, standing)
        values = {name: one.value for name, one in known.items() if one.value}
        files = {one.field: one.id for one in self._parts.documents.of(work.database, work, standing)}
        return Found(subject=subject, since=standing.created_at, values=values | files)

    def asking(self, work: Work, token: str) -> Entered | None:
        """What somebody is asked for whose code came back, if several people share the contact; None for nothing."""
        attempt = self._known(work, token)
        return _several(attempt) if attempt is not None and attempt.proven_at else None

    def name(self, work: Work, token: str, reference: str, value: str, *, asker: str = "") -> Entered:
        """Say by a further identifier who of several people one is. After three wrong ones it takes the counter."""
        work.attempt(SIGNED_IN)
        work.need("sign-in")
        self._parts.limits.count_place(work, "try", asker)
        attempt = self._known(work, token)
        if attempt is None or not attempt.proven_at or attempt.named >= NAMED:
            return _several(attempt) if attempt and attempt.proven_at else Entered(several=True)
        found = self._apart(work, self._alive(work, attempt))
        own = self._named(work, found, reference, value) if reference in attempt.ask else ()
        if own:
            return self._in(work, attempt, found.opened(own))
        wrong = replace(attempt, named=attempt.named + 1)
        store.save_attempt(work, wrong)
        work.record(UNPROVEN, outcome=Outcome.REFUSED, codes=("identity_unproven",))
        return _several(wrong)

    def open_bare(self, work: Work, token: str) -> Entered:
        """Open what holds nothing but the contact, without saying who one is."""
        work.attempt(SIGNED_IN)
        work.need("sign-in")
        attempt = self._known(work, token)
        if attempt is None or not attempt.proven_at:
            return Entered(several=True)
        bare = self._apart(work, self._alive(work, attempt)).opened()
        return self._in(work, attempt, bare) if bare else _several(attempt)

    def _named(self, work: Work, found: Apart, reference: str, value: str) -> Sequence[Found]:
        """The records of the one person whose value it is."""
        try:
            wanted = normalise(value, self._fields(work)[reference])
        except Invalid:
            return ()
        return named(found.people, reference, wanted)

    # sessions

    def _in(self, work: Work, attempt: Attempt, records: Sequence[SubjectId]) -> Entered:
        """Sign in: a session for each record, of one id and one secret."""
        secret, session = secrets.token_urlsafe(32), new_id()
        digest, at = digest_of(secret), work.at
        for one in records:
            store.add_session(
                work, Session(subject=one, id=session, digest=digest, begun_at=at, seen_at=at, fresh_at=at)
            )
            work.record(SIGNED_IN, subject=one, ref=session)
        store.drop_attempt(work, attempt)
        return Entered(session=cookie(records, session, secret))

    def freshen(self, work: Work, signed: Signed, token: str, *, code: str) -> Entered:
        """A fresh code came back in a session: for a while what cannot be undone may be done."""
        work.attempt(FRESHENED, subject=signed.subject)
        work.need("account")
        attempt = self._tried(work, token, code)
        if attempt is None or attempt.claimed != (signed.subject,):
            return self._wrong(work, token)
        for one in (signed, *self.covered(work, signed)):
            store.touch(work.unit, replace(one.session, seen_at=work.at, fresh_at=work.at))
            work.record(FRESHENED, subject=one.subject, ref=one.session.id)
        store.drop_attempt(work, attempt)
        return Entered(session=signed.session.id)

    def covered(self, work: Work, signed: Signed) -> tuple[Signed, ...]:
        """The other records that are open and that a fresh code counts for, too: those with the address it goes to."""
        here = set(self._addresses(work, signed.subject))
        return tuple(one for one in signed.others if here & set(self._addresses(work, one.subject)))

    def signed(self, database: Database, kept: str, now: int) -> Signed | None:
        """Who is signed in with what a browser kept; None for nobody: ended, idle too long, erased."""
        found = parts_of(kept)
        if found is None:
            return None
        records, session, secret = found
        first, *rest = [self._opened(database, one, session, secret, now) for one in records]
        if first is None:
            return None
        who = changed(first, others=tuple(one for one in rest if one is not None))
        return self._seen(database, who, now) if now - first.session.seen_at >= SEEN_EVERY else who

    def _opened(self, database: Database, subject: SubjectId, session: str, secret: str, now: int) -> Signed | None:
        """A record that a session opens; of an erased one the session ends."""
        found = store.find_session(database, subject, session)
        if found is None or not opens(found, secret, now):
            return None
        standing = self._parts.subjects.look(database, subject)
        if standing is None or standing.erased:
            self._end(database, found)
            return None
        return Signed(session=found, standing=standing)

    @staticmethod
    def _seen(database: Database, who: Signed, now: int) -> Signed:
        """Note that a session is in use, for each record that it opens."""
        unit = Unit()
        here, *others = [
            changed(one, session=replace(one.session, seen_at=now)) for one in (changed(who, others=()), *who.others)
        ]
        for one in (here, *others):
            store.touch(unit, one.session)
        database.commit(unit)
        return changed(here, others=tuple(others))

    @staticmethod
    def _end(database: Database, session: Session) -> None:
        unit = Unit()
        store.drop_session(unit, session.subject, session.id)
        database.commit(unit)

    def sessions(self, signed: Signed) -> list[Session]:
        """Where the person is signed in now."""
        clock, database = self._parts.works.clock, self._parts.works.database
        return [one for one in store.sessions_of(database, signed.subject) if lasts(one, _micros(clock))]

    def end(self, work: Work, session: str) -> None:
        """Sign out of a session of one's own. Raises NotFound."""
        work.need("account")
        work.attempt(SIGNED_OUT, subject=work.actor.id)
        subject = SubjectId(work.actor.id)
        if session not in {one.id for one in store.sessions_of(work.database, subject)}:
            raise NotFound(Code.NOT_FOUND, "session")
        store.drop_session(work.unit, subject, session)
        work.record(SIGNED_OUT, subject=subject, ref=session)

    def end_others(self, work: Work, session: str) -> int:
        """Sign out everywhere but here; how many sessions ended."""
        work.need("account")
        work.attempt(SIGNED_OUT, subject=work.actor.id)
        others = [one.id for one in store.sessions_of(work.database, SubjectId(work.actor.id)) if one.id != session]
        for one in others:
            store.drop_session(work.unit, SubjectId(work.actor.id), one)
        if others:
            work.record(SIGNED_OUT, subject=work.actor.id, count=len(others))
        return len(others)

    def tidy(self) -> None:
        """Remove sign-ins and sessions that are over."""
        now = _micros(self._parts.works.clock)
        store.forget(self._parts.works.database, attempts_before=now - LONGEST, sessions_before=now - IDLE)


def check_fresh(signed: Signed, now: int) -> None:
    """Raise NotAllowed (code_needed) unless a code came back lately: for what cannot be undone."""
    if not fresh(signed.session, now):
        raise NotAllowed(Code.CODE_NEEDED)


def _several(attempt: Attempt) -> Entered:
    """What is asked of somebody whose contact is known to be theirs, and who of several people they are is not."""
    left = NAMED - attempt.named
    return Entered(several=True, ask=attempt.ask if left else (), left=left, bare=attempt.bare)


def _but(values: Mapping[str, str], names: Iterable[str], shared: Collection[str]) -> dict[str, str]:
    """Values but those of some fields that all have."""
    return {name: value for name, value in values.items() if not (name in names and value in shared)}


def _categories(references: Iterable[str]) -> frozenset[str]:
    return frozenset(one.partition(".")[0] for one in references)


def _micros(clock: Clock) -> int:
    from senim.times import micros

    return micros(clock.now())
