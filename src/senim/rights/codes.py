"""One-time codes: made, kept as a keyed digest, tried. For who asks for something and for who signs in.

What is kept of a code opens nothing: its digest is keyed with a secret that is not in the database.
"""

from __future__ import annotations

import hmac
import os
import secrets

from senim.rights.records import OneTime

DIGITS, LONG, MINUTES, TRIES = 6, 12, 10, 5
"""Of a code: its length, usually and where somebody has been guessing; minutes that it opens; how many tries it has."""

_NONE = OneTime(digest=bytes(32), salt=bytes(16), until=0, sent=0)


class Codes:
    """Makes codes and tries them. ``about`` is what one is good for: a request's number, a sign-in's id."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper

    def make(
        self, about: str, now: int, *, sent: int = 1, contact: str = "email", long: bool = False
    ) -> tuple[OneTime, str]:
        """A new code: what is kept of it, and itself, for the person alone. Times are microseconds since 1970 UTC."""
        digits, salt = LONG if long else DIGITS, os.urandom(16)
        code = f"{secrets.randbelow(10**digits):0{digits}d}"
        kept = OneTime(
            digest=self._digest(about, salt, code),
            salt=salt,
            until=now + MINUTES * 60_000_000,
            sent=sent,
            contact=contact,
            long=long,
        )
        return kept, code

    def fits(self, about: str, out: OneTime | None, code: str) -> bool:
        """Whether a code is the one that is out, in a time that tells nothing; with none out it never is."""
        known = out or _NONE
        digits = "".join(code.split())[:32]
        return hmac.compare_digest(known.digest, self._digest(about, known.salt, digits)) and out is not None

    def _digest(self, about: str, salt: bytes, code: str) -> bytes:
        return hmac.digest(self._pepper, b"senim one-time code\n" + about.encode() + salt + code.encode(), "sha256")


def may_open(out: OneTime | None, now: int) -> bool:
    """Whether a code that is out still opens: its time is not over, nor were there too many tries."""
    return out is not None and now < out.until and out.tries < TRIES
