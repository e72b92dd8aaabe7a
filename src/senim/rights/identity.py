"""Who asks: a code to a contact, a signed-in session, a document shown to staff, a qualified signature.

What is answered to an attempt never tells whether anybody is on file: wrong, expired and never sent are alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from senim.audit.records import Outcome
from senim.errors import Code, Invalid, NotAllowed, NotPromised
from senim.identity import SubjectId
from senim.policy.taxonomy import FieldType
from senim.rights import store
from senim.rights.codes import MINUTES, TRIES, Codes, may_open
from senim.rights.desk import Desk, claimed_address
from senim.rights.handling import Handling
from senim.rights.limits import CODES_ABOUT_PERSON, CODES_TO_ADDRESS, DAY, HOUR, TRIES_A_DAY, Limits
from senim.rights.records import For, Opening, Proof, Represented, Request, Shown, State, Way
from senim.rights.rules import (
    HEIRS_ASK,
    age_on,
    check_undecided,
    guardian_until,
    is_open,
    proven,
)
from senim.rights.signature import Roots, signer_of
from senim.times import moment
from senim.work import Work

IDENTIFIED, UNPROVEN, CODE_SENT, REPRESENTED, LINKED = (
    "request.identified",
    "request.unproven",
    "request.coded",
    "request.represented",
    "request.linked",
)
MOST_CODES = 5
"""How many codes a request may have."""

_BACK = 86_400_000_000
"""How long before the request was opened a signature under it may have been made: a day."""


def challenge(request: Request) -> bytes:
    """The text that a qualified signature has to cover: it is good for this request alone."""
    return f"Senim {request.number} {request.kind}\n".encode()


class Identities:
    """Shows who asks."""

    def __init__(
        self, desk: Desk, handling: Handling, limits: Limits, *, pepper: bytes, roots: Roots | None = None
    ) -> None:
        self._desk = desk
        self._handling = handling
        self._limits = limits
        self._codes = Codes(pepper)
        self._roots = roots

    def at_opening(self, work: Work, request: Request, opening: Opening) -> Request:
        """What the way in which a request came shows by itself."""
        if opening.subject and opening.way in (Way.PORTAL, Way.API):
            return self._prove(work, request, Proof.SESSION, (opening.subject,))
        if opening.way is Way.AUTHORITY:
            if not opening.attached:
                raise NotPromised(Code.REASON_MISSING, "attached")
            return self._prove(work, request, Proof.AUTHORITY, request.claimed)
        if opening.way is Way.EMAIL and opening.authenticated and claimed_address(opening):
            # A server that we trust vouches for the sender's address; by itself a sender's name shows nothing.
            request = self._prove(work, request, Proof.CONTACT, request.claimed)
        if not proven(request) and opening.way in (Way.PORTAL, Way.API, Way.EMAIL) and claimed_address(opening):
            return self._send_code(work, request, opening, quietly=True)
        return request

    # a one-time code

    def send_code(self, work: Work, number: str, *, came_from: str = "") -> None:
        """Send a code to the contact that the request names. Nothing tells whether it is on file.

        Raises Held (request_state), NotAllowed (too_many_attempts), NotPromised (identity_unproven) without a contact.
        """
        request = self._desk.begin(work, number, CODE_SENT, "request")
        check_undecided(request)
        opening = self._desk.opening(work, request)
        if not claimed_address(opening):
            raise NotPromised(Code.IDENTITY_UNPROVEN, number)
        self._limits.count_place(work, "code", came_from)
        self._send_code(work, request, opening, quietly=False)

    def _send_code(self, work: Work, request: Request, opening: Opening, *, quietly: bool) -> Request:
        address = claimed_address(opening)
        sent = request.code.sent if request.code else 0
        may = sent < MOST_CODES and self._limits.may(work, "code", address, most=CODES_TO_ADDRESS, window=HOUR)
        if not may and quietly:
            return request
        if not may:
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)
        # A limit that only people on file can reach must not be seen: the code is made all the same, and not sent.
        seen = [
            self._limits.may(work, "person", one, most=CODES_ABOUT_PERSON, window=HOUR) for one in request.claimed[:1]
        ]
        guessed = self._limits.spent(work, "try", address, most=TRIES_A_DAY, window=DAY)
        out, code = self._codes.make(request.number, work.at, sent=sent + 1, long=guessed)
        request = self._desk.save(work, request, code=out)
        if all(seen):
            self._desk.write(work, request, "code", address=address, code=code, minutes=MINUTES)
        self._desk.tell(work, CODE_SENT, request, count=out.sent)
        return request

    def check_code(self, work: Work, number: str, code: str, *, came_from: str = "") -> Shown:
        """Try a code. A wrong one is counted, and so durable: it comes back as an answer and not as a refusal.

        Raises NotFound for an unknown number, NotAllowed (too_many_attempts) for too many from one place.
        """
        request = self._desk.begin(work, number, IDENTIFIED, "request")
        self._limits.count_place(work, "try", came_from)
        out = request.code
        good = self._codes.fits(number, out, code)
        fresh = may_open(out, work.at) and is_open(request)
        fresh = fresh and ((out is not None and out.long) or self._may_try(work, request))
        if good and fresh:
            # Whoever has an address no longer is not shown by it: what was on file may have changed since.
            still = self._desk.owners(work, "email", claimed_address(self._desk.opening(work, request)))
            people = tuple(one for one in request.claimed if one in still)
            self._prove(work, replace(request, code=None), Proof.CODE, people)
            return Shown(ok=True)
        tries = min(request.code.tries + 1, TRIES) if request.code else 1
        if request.code is not None:
            self._desk.save(work, request, code=replace(request.code, tries=tries))
        self._desk.tell(work, UNPROVEN, request, outcome=Outcome.REFUSED, codes=("identity_unproven",))
        return Shown(ok=False, left=TRIES - tries)

    def _may_try(self, work: Work, request: Request) -> bool:
        """Count a try of a short code: so many a day about an address, however many requests and codes there are.

        When they are used up, whoever it was that guessed, long codes are sent: nobody guesses these, so nobody is
        kept out either.
        """
        address = claimed_address(self._desk.opening(work, request))
        return self._limits.may(work, "try", address, most=TRIES_A_DAY, window=DAY)

    # session, document, signature

    def by_session(self, work: Work, number: str, subject: str) -> Request:
        """A person who is signed in takes up a request: of their own, or one that may be. Raises NotFound."""
        request = self._desk.begin(work, number, IDENTIFIED, "request")
        check_undecided(request)
        self._desk.parts.subjects.about(work, SubjectId(subject))
        if request.claimed and subject not in request.claimed:
            raise NotPromised(Code.IDENTITY_UNPROVEN, number)
        return self._prove(work, request, Proof.SESSION, (subject,))

    def by_document(self, work: Work, number: str, *, subject: str = "", born: str = "") -> Request:
        """Staff saw an identity document of whoever asks. That it was seen, and by whom, is kept; its number is not.

        ``subject`` says which of several people it is; ``born`` is asked for if it may be a child.
        """
        request = self._desk.begin(work, number, IDENTIFIED, "handle")
        check_undecided(request)
        if subject:
            self._desk.parts.subjects.about(work, SubjectId(subject))
        if born and request.represented is None:
            self._check_age(work, request, _day(born))
        return self._prove(work, request, Proof.DOCUMENT, (subject,) if subject else request.claimed)

    def by_signature(self, work: Work, number: str, signed: bytes) -> Request:
        """A qualified signature under :func:`challenge`: its IIN is held against the blind index.

        Raises Invalid (signature_wrong, algorithm_unsupported), NotAllowed (certificate_untrusted), NotPromised
        (signer_mismatch): somebody else signed, or nobody with this IIN is the one whom the request names.
        """
        request = self._desk.begin(work, number, IDENTIFIED, "request")
        check_undecided(request)
        if self._roots is None:
            raise NotAllowed(Code.CERTIFICATE_UNTRUSTED, "roots")
        since = moment(request.opened_at - _BACK)
        signer = signer_of(signed, challenge(request), self._roots, since=since, now=work.now)
        owners = self._desk.owners(work, "iin", signer.iin)
        if request.claimed:
            owners = [one for one in owners if one in request.claimed]
            if not owners:
                raise NotPromised(Code.SIGNER_MISMATCH, number)
        return self._prove(work, request, Proof.SIGNATURE, tuple(owners))

    def _prove(self, work: Work, request: Request, proof: Proof, people: tuple[str, ...] | list[str]) -> Request:
        """It is shown who asks. Several people behind one address: staff has to say who it is. Nobody who is erased."""
        people = [one for one in people if not self._is_erased(work, one)]
        subject = people[0] if len(people) == 1 else request.subject
        trouble = Code.SEVERAL_FOUND.value if len(people) > 1 and not subject else ""
        request = self._desk.save(
            work,
            request,
            proof=proof,
            proven_at=work.at,
            proven_by=work.actor.label,
            subject=subject,
            trouble=trouble,
            code=None,
        )
        if subject:
            store.belongs(work, SubjectId(subject), request.number)
        self._desk.tell(work, IDENTIFIED, request, codes=(proof.value,))
        if request.represented is None and self._is_child(work, request):
            missing = tuple(dict.fromkeys((*request.missing, "authority")))
            request = self._desk.save(work, request, missing=missing)
        return self._handling.arrived(work, request)

    def _is_erased(self, work: Work, subject: str) -> bool:
        standing = self._desk.parts.subjects.look(work.database, SubjectId(subject))
        return standing is not None and standing.erased

    # for others

    def represent(self, work: Work, number: str, who: For, *, paper: str) -> Request:
        """Staff checked by what right somebody asks for another person, with the paper that shows it.

        Raises NotPromised (authority_unproven) if the paper does not reach so far.
        """
        request = self._desk.begin(work, number, REPRESENTED, "handle")
        check_undecided(request)
        if paper not in {one.id for one in request.papers if one.what in ("authority", "scan", "letter")}:
            raise Invalid(Code.DOCUMENTS_MISSING, "paper")
        self._check_authority(work, request, who)
        represented = Represented(
            by=who.by, paper=paper, kinds=tuple(one.value for one in who.kinds), checked_by=work.actor.label
        )
        missing = tuple(one for one in request.missing if one != "authority")
        request = self._desk.save(work, request, represented=represented, deceased=who.by == "heir", missing=missing)
        self._desk.tell(work, REPRESENTED, request, codes=(who.by,))
        return self._handling.arrived(work, request)

    def _check_authority(self, work: Work, request: Request, who: For) -> None:
        today = work.now.astimezone(ZoneInfo(self._desk.promises(work).calendar.zone)).date()
        if who.until and _day(who.until) < today:
            raise NotPromised(Code.AUTHORITY_UNPROVEN, "until")
        if who.kinds and request.kind not in who.kinds:
            raise NotPromised(Code.AUTHORITY_UNPROVEN, "kinds")
        if who.by in ("parent", "guardian"):
            born = _day(who.born) if who.born else None
            if born is None or today >= guardian_until(self._desk.promises(work), born):
                raise NotPromised(Code.AUTHORITY_UNPROVEN, "born")
        if who.by == "heir" and request.kind not in HEIRS_ASK:
            raise NotPromised(Code.AUTHORITY_UNPROVEN, "heir")

    def _check_age(self, work: Work, request: Request, born: date) -> None:
        """Raise NotPromised (authority_unproven) if a child asks alone that somebody else has to ask for."""
        promises = self._desk.promises(work)
        today = work.now.astimezone(ZoneInfo(promises.calendar.zone)).date()
        if age_on(born, today) < promises.law.pack.children.guardian_under:
            raise NotPromised(Code.AUTHORITY_UNPROVEN, request.number)

    def _is_child(self, work: Work, request: Request) -> bool:
        """Whether a birth date on file says that somebody else has to ask."""
        promises = self._desk.promises(work)
        dates = {name for name, spec in promises.fields.items() if spec.type is FieldType.BIRTH_DATE}
        standing = (
            self._desk.parts.subjects.look(work.database, SubjectId(request.subject)) if request.subject else None
        )
        if not dates or standing is None or standing.erased or request.proof is Proof.AUTHORITY:
            return False
        today = work.now.astimezone(ZoneInfo(promises.calendar.zone)).date()
        under = promises.law.pack.children.guardian_under
        kept = self._desk.parts.vault.everything(work, standing, categories=_categories(dates))
        return any(age_on(_day(one.value), today) < under for name, one in kept.items() if name in dates)

    # one person, two records

    def link(self, work: Work, number: str, subject: str, *, paper: str) -> Request:
        """Two records are of one person, as a paper shows: what is decided is done to both."""
        request = self._desk.begin(work, number, LINKED, "handle")
        if request.state in (State.EXECUTING, State.RESCANNING) or not is_open(request) or not request.subject:
            raise Invalid(Code.REQUEST_STATE, number)
        if paper not in {one.id for one in request.papers}:
            raise Invalid(Code.DOCUMENTS_MISSING, "paper")
        self._desk.parts.subjects.about(work, SubjectId(subject))
        linked = tuple(dict.fromkeys((*request.linked, subject)))
        request = self._desk.save(work, request, linked=linked)
        store.belongs(work, SubjectId(subject), number)
        self._desk.tell(work, LINKED, request, subject=subject)
        return self._handling.linked(work, request, subject)


def _categories(references: Iterable[str]) -> frozenset[str]:
    return frozenset(one.partition(".")[0] for one in references)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE, "date") from error
