"""The key of each person: made, opened, wrapped anew under another key-encryption key."""

from __future__ import annotations

import hmac
import os
import time

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from senim.errors import Code, Unavailable
from senim.identity import SubjectId
from senim.storage import Database, Unit
from senim.vault import keystore
from senim.vault.keys import SECRETS, KeyProvider, check_value
from senim.work import Work

TRUST_SECONDS = 1.0
"""How long the newest key-encryption key is not looked up again."""


class PersonKeys:
    """Keys of people in the key store, wrapped by the operator's key."""

    def __init__(self, keys: Database, provider: KeyProvider) -> None:
        self._keys = keys
        self._provider = provider
        self._current = provider.current()
        self._looked = time.monotonic()

    def _newest(self) -> str:
        """The key-encryption key that new keys are wrapped with; a rotation by another process is seen in time."""
        now = time.monotonic()
        if now - self._looked > TRUST_SECONDS:
            self._current, self._looked = self._provider.current(), now
        return self._current

    def create(self, work: Work, subject: SubjectId) -> None:
        """Make a person's key; it is durable before anything sealed with it."""
        key = os.urandom(32)
        kek = self._newest()
        keystore.add_key(work.unit, subject, kek, self._provider.wrap(kek, key, _bound(subject)))
        work.memo[subject] = AESGCM(key)

    def open(self, work: Work, subject: SubjectId) -> AESGCM:
        """A person's key. Raises Unavailable (person_key_missing, key_file_wrong)."""
        opened = work.memo.get(subject)
        if isinstance(opened, AESGCM):
            return opened
        found = keystore.read_key(self._keys, subject)
        if found is None:
            raise Unavailable(Code.PERSON_KEY_MISSING, "subject")
        opened = AESGCM(self._provider.unwrap(found[0], found[1], _bound(subject)))
        work.memo[subject] = opened
        return opened

    def drop(self, work: Work, holder: SubjectId, *, reason: str) -> None:
        """Destroy the key of something that is no person's profile; durable before the rest of the act."""
        keystore.drop_key(work.unit, keystore.Erased(holder, work.at, reason))

    def is_erased(self, subject: SubjectId) -> bool:
        """Whether this id's key was destroyed, and not lost."""
        return keystore.is_erased(self._keys, subject)

    def destroyed(self) -> int:
        """How many keys were ever destroyed."""
        return keystore.erased(self._keys)

    def recognise(self, *, first: bool = False) -> None:
        """Compare the operator's keys with those this key store was made with.

        A wrong key is told at once, and not when the first person's data does not open. A key store that knows no
        keys yet belongs to a system in which nothing was done yet (``first``); before data it is in the place of a
        lost one. Raises Unavailable (key_file_wrong, key_store_missing).
        """
        known = keystore.read_checks(self._keys)
        if not known and not first:
            raise Unavailable(Code.KEY_STORE_MISSING, detail="it is empty")
        seen = {}
        for name in SECRETS:
            seen[name] = check_value(self._provider.secret(name))
        seen[self._current] = self._fingerprint(self._current)
        for name, value in seen.items():
            if name in known and not hmac.compare_digest(known[name], value):
                raise Unavailable(Code.KEY_FILE_WRONG, name)
        new = {name: value for name, value in seen.items() if name not in known}
        if new:
            keystore.put_checks(self._keys, new)

    def _fingerprint(self, kek: str) -> bytes:
        """Recognises a key-encryption key without seeing it: a probe wrapped once, kept, and unwrapped ever after."""
        known = keystore.read_checks(self._keys).get(kek)
        if known is None:
            return self._provider.wrap(kek, _PROBE, b"senim key check")
        opened = self._provider.unwrap(kek, known, b"senim key check")
        return known if hmac.compare_digest(opened, _PROBE) else b""

    def rewrap_all(self) -> int:
        """Wrap all keys with the newest key-encryption key; the old one may go when this is done. How many were."""
        self._current = self._provider.current()
        self.recognise()
        total = 0
        for page in keystore.pages(self._keys):
            unit = Unit()
            for subject, kek, wrapped in page:
                if kek != self._current:
                    key = self._provider.unwrap(kek, wrapped, _bound(subject))
                    new = self._provider.wrap(self._current, key, _bound(subject))
                    keystore.rewrap(unit, subject, kek, self._current, new)
                    total += 1
            self._keys.commit(unit)
        self._keys.engine.tidy()
        return total

    def counts(self) -> dict[str, int]:
        """How many keys each key-encryption key wraps."""
        return keystore.counts(self._keys)


_PROBE = b"senim: is this the right key?"


def _bound(subject: SubjectId) -> bytes:
    return b"senim/1/key\n" + bytes.fromhex(subject)
