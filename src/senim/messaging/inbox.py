"""The inbox: a letter is sealed and durable before whoever brings it is told so; it is read afterwards, as an order.

Nothing is answered here, and nothing is done on the word of ``From``: a letter that asks for a right is handed to a
:class:`Receiver`, with what it means and whether our own mail server vouches for its sender.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from itertools import islice
from typing import Final

import msgspec
from msgspec.structs import replace

from senim.audit.records import Outcome as Ended
from senim.errors import Code, Held, Invalid, NotFound, SenimError, Stale, Tampered, Unavailable
from senim.identity import SYSTEM, SubjectId, is_id
from senim.messaging import inbox_store as store
from senim.messaging.actions import Messages
from senim.messaging.inbox_records import OPEN, Envelope, Mark, Outcome, Read, Received, Receiver, Source, Traits
from senim.messaging.letter import parse, same_letter
from senim.messaging.letter_origin import Trusted, tokens_in
from senim.messaging.letter_records import Letter, LetterFault, Limits
from senim.messaging.meaning import Meant, recognise
from senim.orders import Claimed, Context, Done, Orders
from senim.policy import Policies
from senim.storage import Database
from senim.vault.boxes import Boxes
from senim.work import Work, Works

READ: Final = "letter.read"
FORGET: Final = "letter.forget"
PIECE = 1024 * 1024
"""Bytes in one sealed piece."""

HEAD = 16 * 1024
"""Bytes that are kept of a letter that is too large."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Envelope).decode
_NOBODY = Envelope()


class Inbox:
    """Letters that come in."""

    def __init__(
        self,
        *,
        works: Works,
        policies: Policies,
        boxes: Boxes,
        orders: Orders,
        messages: Messages,
        secret: bytes,
        trusted: Trusted | None = None,
        limits: Limits | None = None,
        keep: timedelta = timedelta(days=90),
    ) -> None:
        self._works = works
        self._policies = policies
        self._boxes = boxes
        self._orders = orders
        self._messages = messages
        self._secret = secret
        self._trusted = trusted or Trusted()
        self.limits = limits or Limits()
        self._keep = keep
        self.receiver: Receiver | None = None
        """Who goes on with letters that ask for something; without one a person does."""
        orders.handle(READ, self._read)
        orders.handle(FORGET, self._forget)

    # in

    def receive(
        self, raw: bytes, *, source: Source, envelope: Envelope = _NOBODY, mark: Mark | None = None
    ) -> SubjectId:
        """Seal a letter; its id when it is durable. The same letter is kept once, however often it comes.

        ``envelope`` says for whom it was handed over, and whether by a server of ours whose word on the sender counts.
        ``mark`` is how far its mailbox is fetched with it, written in the same transaction. A letter beyond the limit
        is not kept but for its head, and staff are told. Raises Unavailable: nothing was kept, it has to come again.
        """
        if len(raw) > self.limits.size:
            return self.receive_head(raw, len(raw), source=source, envelope=envelope, mark=mark)
        return self._keep_letter(raw, len(raw), source=source, envelope=envelope, mark=mark)

    def receive_head(
        self, head: bytes, size: int, *, source: Source, envelope: Envelope = _NOBODY, mark: Mark | None = None
    ) -> SubjectId:
        """Keep the head of a letter that is too large, sealed, for staff to see that it came and from whom."""
        return self._keep_letter(head[:HEAD], size, source=source, envelope=envelope, mark=mark, too_large=True)

    def _keep_letter(
        self, raw: bytes, size: int, *, source: Source, envelope: Envelope, mark: Mark | None, too_large: bool = False
    ) -> SubjectId:
        digest = hmac.digest(self._secret, b"senim letter\n" + same_letter(raw), "sha256")[:16]
        told = _encode(envelope)

        def act(work: Work) -> SubjectId:
            if mark is not None:
                store.advance(work, mark)
            known = store.known(work, digest)
            if known is not None:
                return known
            letter = self._boxes.holder(work)
            parts = [told, *(raw[start : start + PIECE] for start in range(0, len(raw), PIECE))]
            sealed = [self._boxes.seal(work, letter, f"letter {n} {len(parts)}", part) for n, part in enumerate(parts)]
            faults = (LetterFault.TOO_LARGE.value,) if too_large else ()
            row = Received(
                id=letter, source=source, outcome=Outcome.TOO_LARGE if too_large else Outcome.WAITING, about="",
                traits=Traits(faults=faults), size=size, pieces=len(sealed), received_at=work.at, read_at=0,
            )  # fmt: skip
            store.add(work, row, sealed)
            store.remember(work, digest, letter)
            if not too_large:
                self._orders.place(work, READ, lane_of=letter, key="read")
            self._orders.place(work, FORGET, lane_of=letter, at=work.now + self._keep, key="forget")
            codes = (Code.LETTER_TOO_LARGE.value,) if too_large else ()
            work.record("letter.received", ref=letter, channel="email", reason=source, codes=codes)
            return letter

        return self._works.run(SYSTEM, act)

    def refused(self, *, source: Source) -> None:
        """Note that a letter was turned away because of the size that its sender told; nothing of it was seen."""

        def act(work: Work) -> None:
            code = Code.LETTER_TOO_LARGE.value
            work.record("letter.received", channel="email", reason=source, codes=(code,), outcome=Ended.REFUSED)

        self._works.run(SYSTEM, act)

    def mark_of(self, mailbox: str) -> Mark:
        """How far a mailbox was fetched."""
        return store.mark_of(self._works.database, mailbox)

    def advance(self, mark: Mark) -> None:
        """Note how far a mailbox was fetched where there is no letter to keep."""
        self._works.run(SYSTEM, lambda work: store.advance(work, mark))

    # what the orders do

    def _read(self, context: Context, claimed: Claimed) -> Done:
        """Read a letter and hand it on."""
        row = self.find(context.works.database, claimed.holder)
        if row.outcome is not Outcome.WAITING:
            return Done({"outcome": row.outcome.value})
        work = context.works.begin(context.actor)
        letter = self._opened(work, row)
        meant = recognise(letter, self._policies.in_force(work.now))
        traits = _traits(letter, meant)
        receipt = {"kinds": list(traits.kinds), "candidates": list(traits.candidates), "faults": list(traits.faults)}
        return Done(receipt, lambda act: self._conclude(act, row, letter, meant))

    def _conclude(self, work: Work, row: Received, letter: Letter, meant: Meant) -> None:
        outcome, about = self._outcome(work, row, letter, meant)
        new = replace(row, outcome=outcome, about=about, traits=_traits(letter, meant), read_at=work.at)
        store.change(work, row, new)
        reason = meant.kind or (meant.candidates[0] if meant.candidates else None)
        work.record("letter.read", ref=row.id, channel="email", reason=reason, codes=(outcome.value,))

    def _outcome(self, work: Work, row: Received, letter: Letter, meant: Meant) -> tuple[Outcome, str]:
        """What comes of a letter. Machines are told apart first, so that nothing of theirs is ever answered."""
        database = work.database
        if letter.message_id and self._messages.answered(database, [letter.message_id]) is not None:
            return Outcome.OWN, ""
        if letter.bounce is not None:
            back = self._messages.answered(database, letter.bounce.message_ids)
            if back is not None and letter.bounce.failed:
                self._messages.came_back(work, back, status=letter.bounce.status)
            return Outcome.BOUNCE, back.id if back else ""
        answers = self._messages.answered(database, (*letter.in_reply_to, *reversed(letter.references)))
        about = answers.about if answers else ""
        if letter.auto_reply:
            return Outcome.AUTO_REPLY, about
        tokens = tokens_in(letter.to)
        nothing = not (meant.kinds or meant.candidates or about or tokens)
        if nothing and (letter.text or not letter.attachments):
            return Outcome.NEUTRAL, ""
        if self.receiver is None:
            return Outcome.UNDECIDED, about
        read = Read(
            id=row.id, letter=letter, meant=meant, about=about, tokens=tokens, received_at=row.received_at,
            language=letter.language,
        )  # fmt: skip
        try:
            with work.part():
                number = self.receiver.receive(work, read)
        except (Stale, Unavailable, Tampered):
            raise
        except SenimError:  # refused and in the log; the letter is here all the same, and a person looks at it
            number = ""
        return (Outcome.REQUEST, number) if number else (Outcome.UNDECIDED, about)

    def _forget(self, context: Context, claimed: Claimed) -> Done:
        """Destroy the key of a letter whose time is over; a request keeps what belongs to it by itself."""
        return Done({}, lambda work: self._destroy(work, claimed.holder))

    def _destroy(self, work: Work, letter: SubjectId) -> None:
        row = store.find(work.database, letter)
        if row is None or not row.pieces:
            return
        if row.outcome is Outcome.WAITING:
            raise Held(Code.LETTER_UNREAD, letter)
        store.empty(work, row)
        self._boxes.destroy(work, letter)
        work.record("letter.forgotten", ref=letter)

    # what people do

    def find(self, database: Database, letter: str) -> Received:
        """A letter as it stands, without what it says. Raises NotFound (not_found)."""
        found = store.find(database, SubjectId(letter)) if is_id(letter) else None
        if found is None:
            raise NotFound(Code.NOT_FOUND, "letter")
        return found

    def list(self, database: Database, *, outcome: str = "", most: int = 200) -> list[Received]:
        """Letters, the newest first; with an outcome, or ``open``: those that a person has to look at.

        Raises Invalid (invalid_value).
        """
        if outcome and outcome != "open" and outcome not in set(Outcome):
            raise Invalid(Code.INVALID_VALUE, "outcome", detail=", ".join(("open", *Outcome)))
        wanted = frozenset(OPEN if outcome == "open" else (Outcome(outcome),) if outcome else Outcome)
        found = [one for one in store.every(database) if one.outcome in wanted]
        return [*islice(sorted(found, key=lambda one: one.received_at, reverse=True), most)]

    def counts(self, database: Database) -> dict[Outcome, int]:
        """How many letters there are, by what came of them."""
        return store.counts(database)

    def open(self, work: Work, letter: str) -> tuple[Received, Letter, Meant]:
        """What a letter says, for who handles requests; in the log before it is told.

        Raises NotFound (not_found, also when its time was over), NotAllowed.
        """
        work.attempt("letter.opened", ref=letter if is_id(letter) else None)
        work.need("handle")
        row = self.find(work.database, letter)
        if not row.pieces:
            raise NotFound(Code.NOT_FOUND, "letter")
        opened = self._opened(work, row)
        work.record("letter.opened", ref=row.id, channel="email")
        return row, opened, recognise(opened, self._policies.in_force(work.now))

    def decide(self, work: Work, letter: str, *, about: str = "") -> Received:
        """Note that a person dealt with a letter: by a request, or by an answer of their own.

        Raises NotFound, NotAllowed, Held (letter_unread).
        """
        work.attempt("letter.decided", ref=letter if is_id(letter) else None)
        work.need("handle")
        row = self.find(work.database, letter)
        if row.outcome is Outcome.WAITING:
            raise Held(Code.LETTER_UNREAD, row.id)
        new = replace(row, outcome=Outcome.DECIDED, about=about or row.about, read_at=row.read_at or work.at)
        store.change(work, row, new)
        work.record("letter.decided", ref=row.id, codes=(row.outcome.value,))
        return new

    def _opened(self, work: Work, row: Received) -> Letter:
        parts = self.raw(work, row)
        envelope = _decode(parts[0])
        trusted = self._trusted if envelope.ours else Trusted()
        return parse(b"".join(parts[1:]), envelope=envelope.to, trusted=trusted, limits=self.limits)

    def raw(self, work: Work, row: Received) -> tuple[bytes, ...]:
        """The envelope and the pieces of a letter as they came. Raises Tampered (seal_broken) if one is missing."""
        sealed = store.pieces_of(work.database, row.id)
        return tuple(
            self._boxes.open(work, row.id, f"letter {n} {len(sealed)}", piece) for n, piece in enumerate(sealed)
        )


def _traits(letter: Letter, meant: Meant) -> Traits:
    return Traits(
        kinds=tuple(meant.kinds),
        candidates=tuple(meant.candidates),
        marked=meant.marked,
        faults=tuple(fault.value for fault in letter.faults),
        authenticated=letter.from_authenticated,
        quiet=letter.quiet,
        language=letter.language,
        attachments=len(letter.attachments),
    )
