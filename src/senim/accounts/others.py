"""People for whom somebody gave data: they are asked for their own word, by a link to their own contact.

The link holds two ids and a keyed digest. It shows which kinds of data there are, and no value; it says yes or no.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

from senim.accounts.parts import Parts
from senim.accounts.records import Signed
from senim.collection.attested import Attested
from senim.collection.records import Spoken, Word
from senim.errors import Code, Held, NotFound
from senim.identity import SubjectId
from senim.languages import Language
from senim.messaging.records import To
from senim.policy.taxonomy import FieldType
from senim.rights import Ground, Kind, Opening, Way
from senim.work import Work

_DAY = 86_400_000_000
ASK_AGAIN = 7 * _DAY
"""So long after a question nobody is asked again."""

LINKS = 60 * _DAY
"""How long the link opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Represented:
    """Somebody for whom the person spoke, as the person may see it."""

    spoken: Spoken
    categories: tuple[str, ...] = ()
    reachable: bool = False
    """Whether there is an address to ask at."""
    erased: bool = False


class Others:
    """People for whom others spoke."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._secret = hmac.digest(parts.secret, b"senim word links", "sha256")
        self.attested = Attested()

    def all(self, work: Work, signed: Signed) -> list[Represented]:
        """For whom the person spoke, the newest first; what kinds of data there are, and no value."""
        spoken = self.attested.of(work.database, signed.subject)
        return [self._look(work, one) for one in sorted(spoken, key=lambda one: one.at, reverse=True)]

    def _look(self, work: Work, spoken: Spoken) -> Represented:
        standing = self._parts.subjects.look(work.database, spoken.subject)
        if standing is None or standing.erased:
            return Represented(spoken=spoken, erased=True)
        held = tuple(sorted(self._parts.vault.held(work, standing)))
        reachable = any(name.partition(".")[0] in held for name in self._addresses(work))
        return Represented(spoken=spoken, categories=held, reachable=reachable)

    def _addresses(self, work: Work) -> list[str]:
        fields = self._parts.policies.in_force(work.now).fields
        return [name for name, spec in fields.items() if spec.type is FieldType.EMAIL]

    def ask(self, work: Work, signed: Signed, subject: str, *, language: Language) -> Spoken:
        """Write to somebody for whom the person spoke, at their own address, for their own word.

        Raises NotFound alike for a stranger, for nobody, and for who has no address; Held (request_state) if they were
        asked within a week or have answered.
        """
        work.attempt("subject.asked", subject=None)
        work.need("account")
        spoken = self.attested.find(work, signed.subject, SubjectId(subject))
        if spoken.word or work.at - spoken.asked_at < ASK_AGAIN:
            raise Held(Code.REQUEST_STATE, "asked")
        address = self._address(work, spoken.subject)
        link = f"{self._parts.url}/portal/word/{self._token(spoken)}"
        to = To(address=address, subject=spoken.subject)
        self._parts.post.send(work, "your_word", to=to, language=language, facts={"link": link})
        return self.attested.asked(work, spoken)

    def _address(self, work: Work, subject: SubjectId) -> str:
        standing = self._parts.subjects.about(work, subject)
        names = self._addresses(work)
        categories = frozenset(one.partition(".")[0] for one in names)
        known = self._parts.vault.everything(work, standing, categories=categories)
        address = next((known[name].value for name in names if name in known), "")
        if not address:
            raise NotFound(Code.NOT_FOUND, "address")
        return address

    # by the link

    def look(self, work: Work, token: str) -> Represented:
        """What a link asks about. Raises NotFound (not_found, link_expired)."""
        return self._look(work, self._asked(work, token))

    def say(self, work: Work, token: str, *, word: Word, language: Language) -> Spoken:
        """The person's own word: a yes keeps the data, a no blocks it at once and asks for its destruction.

        Raises NotFound, Held (request_state) if it was said before.
        """
        work.attempt("subject.said")
        work.need("request")
        spoken = self._asked(work, token)
        if spoken.word:
            raise Held(Code.REQUEST_STATE, "word")
        self._parts.subjects.about(work, spoken.subject)
        if word == "refused":
            opening = Opening(
                kind=Kind.ERASE.value, way=Way.PORTAL, language=language, subject=spoken.subject, ground=Ground.UNLAWFUL
            )
            self._parts.rights.open(work, opening)
        return self.attested.said(work, spoken, word)

    def _asked(self, work: Work, token: str) -> Spoken:
        speaker, subject = self._opened(token)
        spoken = self.attested.find(work, speaker, subject)
        if not spoken.asked_at or work.at - spoken.asked_at > LINKS:
            raise NotFound(Code.LINK_EXPIRED, "link")
        return spoken

    def _token(self, spoken: Spoken) -> str:
        content = bytes.fromhex(spoken.speaker) + bytes.fromhex(spoken.subject)
        return base64.urlsafe_b64encode(self._mac(content) + content).decode().rstrip("=")

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, "sha256")[:16]

    def _opened(self, token: str) -> tuple[SubjectId, SubjectId]:
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error) as error:
            raise NotFound(Code.NOT_FOUND, "link") from error
        content = raw[16:]
        if len(content) != 32 or not hmac.compare_digest(raw[:16], self._mac(content)):
            raise NotFound(Code.NOT_FOUND, "link")
        return SubjectId(content[:16].hex()), SubjectId(content[16:].hex())
