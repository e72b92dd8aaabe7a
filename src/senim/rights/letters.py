"""Letters by e-mail that ask for something: each right that is meant becomes a request, each reply joins its own.

Nothing is done for a sender's name. A code in a reply is tried like a code in a form; an address that our own mail
server vouches for is enough for what tells nobody anything and destroys nothing.
"""

from __future__ import annotations

import re

from senim.errors import NotFound
from senim.messaging.inbox import Inbox
from senim.messaging.inbox_records import Read
from senim.messaging.letter_records import Attachment
from senim.rights import store
from senim.rights.actions import Rights
from senim.rights.desk import in_its_name
from senim.rights.records import Attached, Opening, Request, State, Way
from senim.rights.rules import MOST_TEXT, is_open
from senim.times import moment, stamp
from senim.work import Work

MOST_FILES = 10
_CODE = re.compile(
    r"\W*(?:(?:my|the|мой|вот|менің|міне)\W+)?(?:(?:code|код|кодым)(?:\W+is)?\W*)?([0-9]{6}(?:[0-9]{6})?)\W*",
    re.IGNORECASE,
)
"""A line that is a code and nothing else."""


class LetterReceiver:
    """Goes on with letters that ask for something."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights

    def receive(self, work: Work, read: Read) -> str:
        """The number of the request that a letter opened or belongs to; empty if a person has to decide.

        What is refused (an address that is none, too many letters from it) is raised, and in the log.
        """
        agent = in_its_name(work)
        try:
            return self._receive(agent, read)
        finally:
            work.attempted = agent.attempted

    def take(self, work: Work, letter: str, kind: str, *, inbox: Inbox) -> str:
        """Open a request of a kind from a letter that a person has read: its number. The letter is then dealt with.

        Raises NotFound, NotAllowed, Held (letter_unread), and what opening a request raises.
        """
        row, said, meant = inbox.open(work, letter)
        read = Read(
            id=row.id, letter=said, meant=meant, about="", tokens=(), received_at=row.received_at,
            language=said.language,
        )  # fmt: skip
        number = self._open(work, read, kind)
        inbox.decide(work, letter, about=number)
        return number

    def _receive(self, agent: Work, read: Read) -> str:
        if read.about:
            joined = self._join(agent, read)
            if joined:
                return joined
        if not read.meant.kinds or read.letter.quiet or read.letter.auto_reply:
            return ""
        if read.meant.narrow and not self._narrowed(agent, read):  # it would withdraw more than was asked for
            return ""
        numbers = [self._open(agent, read, kind) for kind in read.meant.kinds]
        return next((one for one in numbers if one), "")

    def _open(self, work: Work, read: Read, kind: str) -> str:
        letter = read.letter
        opening = Opening(
            kind=kind,
            way=Way.EMAIL,
            language=read.language,
            identifiers={"email": letter.from_address},
            name=_names(read),
            text=_text(letter.subject, letter.text),
            purposes=self._purposes(work, read, kind),
            received_at=stamp(moment(read.received_at)),
            authenticated=letter.from_authenticated,
            attached=tuple(_attached(letter.attachments)),
        )
        return self._rights.open(work, opening).number

    def _purposes(self, work: Work, read: Read, kind: str) -> tuple[str, ...]:
        """What a withdrawal is of, as consents are written; empty is everything."""
        if kind != "withdraw":
            return read.meant.purposes
        if read.meant.whole:
            return ()
        return self._narrowed(work, read) if read.meant.narrow else read.meant.purposes

    def _narrowed(self, work: Work, read: Read) -> tuple[str, ...]:
        """Parts of purposes that a letter names: for a recipient, by a channel. Empty: a person has to decide."""
        meant, promises = read.meant, self._rights.promises(work)
        passed = [
            f"{purpose}/{recipient}"
            for recipient in meant.recipients
            for purpose in promises.policy.purposes
            if recipient in {promises.group_of(name) for name in promises.recipients_for(purpose)}
            and (not meant.purposes or purpose in meant.purposes)
        ]
        written = [
            f"{purpose}@{channel}"
            for channel in meant.channels
            for purpose in meant.purposes
            if channel in {one.value for one in promises.policy.purposes[purpose].channels}
        ]
        return tuple(passed + written)

    def _join(self, work: Work, read: Read) -> str:
        """Add a reply to the request that it answers; a code in it is tried."""
        try:
            request = self._rights.find(work.database, read.about)
        except NotFound:
            return ""
        if not is_open(request):
            return ""
        if request.state is State.IDENTITY_NEEDED and request.code is not None:
            code = _code(read.letter.text)
            shown = self._rights.identities.check_code(work, request.number, code) if code else None
            after = store.find(work, request.number)
            # A wrong code is counted whatever else is wrong with the letter; a right one may have ended the request.
            if shown is not None and not (shown.ok and after is not None and is_open(after)):
                return request.number
        return self._supply(work, read, request)

    def _supply(self, work: Work, read: Read, request: Request) -> str:
        more = Opening(
            kind=request.kind.value,
            way=Way.EMAIL,
            name=_names(read),
            text=_text("", read.letter.text),
            attached=tuple(_attached(read.letter.attachments)),
        )
        self._rights.supply(work, request.number, more)
        return request.number


def _code(text: str) -> str:
    """The code that a reply is: its first line that says anything. Elsewhere it may stand in what is quoted.

    Who never asked and complains of our letter, or a machine that answers it, often sends it back with its code.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    found = _CODE.fullmatch(first[:80])
    return found[1] if found else ""


def _names(read: Read) -> dict[str, str]:
    names = read.meant.names
    parts = {"family": names.family, "given": names.given, "patronymic": names.patronymic}
    return {name: part for name, part in parts.items() if part}


def _text(subject: str, text: str) -> str:
    return "\n\n".join(part for part in (subject, text) if part)[:MOST_TEXT]


def _attached(files: tuple[Attachment, ...]) -> list[Attached]:
    """Files as evidence, sealed as they came; never unpacked, never run."""
    return [Attached(what="evidence", media=one.media, content=one.content()) for one in files[:MOST_FILES]]
