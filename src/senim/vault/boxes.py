"""Sealed things that belong to no person's profile: a request, a letter, a message on its way.

Whoever writes may be nobody's subject, so each such thing is a *holder*: a random id like a person's, with a key of
its own in the key store. Destroying the key closes the box for ever, in the database, every replica and every backup.
The sealed bytes are kept by whoever made them, in a table of their own.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from senim.errors import Code, NotFound, Unavailable
from senim.identity import SubjectId, new_subject
from senim.vault.persons import PersonKeys
from senim.vault.sealing import seal, unseal
from senim.work import Work

REASON = "box"
"""How the ledger of erasures names the end of a box."""


class Boxes:
    """Makes, opens and destroys boxes."""

    def __init__(self, persons: PersonKeys) -> None:
        self._persons = persons

    def holder(self, work: Work) -> SubjectId:
        """A new box: its id. The key is durable before anything sealed with it."""
        holder = new_subject()
        self._persons.create(work, holder)
        return holder

    def seal(self, work: Work, holder: SubjectId, context: str, content: bytes) -> bytes:
        """``content`` sealed; it opens only for the same holder and ``context`` (``message 018f… body``).

        Raises NotFound (not_found) if the box was destroyed.
        """
        return seal(self._key(work, holder), content, _bound(holder, context))

    def open(self, work: Work, holder: SubjectId, context: str, sealed: bytes) -> bytes:
        """The content again.

        Raises NotFound (not_found) if the box was destroyed, Tampered (seal_broken) if it is not what was sealed there,
        Unavailable (person_key_missing) if the key is lost.
        """
        return unseal(self._key(work, holder), sealed, _bound(holder, context))

    def destroy(self, work: Work, holder: SubjectId) -> None:
        """Destroy the key: nothing of this box can be opened again. Destroying it twice does no harm."""
        self._persons.drop(work, holder, reason=REASON)

    def _key(self, work: Work, holder: SubjectId) -> AESGCM:
        try:
            return self._persons.open(work, holder)
        except Unavailable as error:
            if error.code is Code.PERSON_KEY_MISSING and self._persons.is_erased(holder):
                raise NotFound(Code.NOT_FOUND, "box") from error
            raise


def _bound(holder: SubjectId, context: str) -> bytes:
    return b"senim/1/box\n" + bytes.fromhex(holder) + context.encode()
