"""How calls and their answers are signed: HMAC-SHA-256 over time, nonce and body. Pure.

``Senim-Signature: t=1732266000,n=<32 hex digits>,v1=<64 hex digits>``; while the secret is being changed there is a
``v1`` for each of the two. A call is signed over ``t.n.`` and its body; an answer repeats the nonce of its call and is
signed over ``t.n.answer.`` and its body, so that neither a call nor an old answer passes for one.
"""

from __future__ import annotations

import hmac
import re
from collections import deque
from collections.abc import Sequence

HEADER = "Senim-Signature"
WINDOW = 300
"""Seconds by which the two clocks may differ, and for which a nonce is remembered."""

_FORM = re.compile(r"t=(\d{1,12}),n=([0-9a-f]{32})((?:,v1=[0-9a-f]{64}){1,4})\Z")


class WrongSignature(ValueError):
    """The signature is missing, too old, used before, or not made with the secret."""


def sign(body: bytes, secrets: Sequence[bytes], *, at: int, nonce: str, answer: bool = False) -> str:
    """The header of a call (or an answer), signed with each secret."""
    return f"t={at},n={nonce}" + "".join(f",v1={_mac(one, at, nonce, body, answer=answer)}" for one in secrets)


def _mac(secret: bytes, at: int, nonce: str, body: bytes, *, answer: bool) -> str:
    return hmac.digest(secret, f"{at}.{nonce}.{'answer.' if answer else ''}".encode() + body, "sha256").hex()


def check(header: str, body: bytes, secrets: Sequence[bytes], *, now: float, answers: str = "") -> str:
    """The nonce of a call that is signed rightly. ``answers`` is the nonce of the call whose answer this must be.

    Raises WrongSignature. Who takes calls asks :class:`Seen` about the nonce too.
    """
    match = _FORM.match(header)
    if match is None:
        raise WrongSignature("form")
    at, nonce = int(match[1]), match[2]
    if abs(now - at) > WINDOW:
        raise WrongSignature("time")
    if answers and nonce != answers:
        raise WrongSignature("nonce")
    given = match[3].split(",v1=")[1:]
    wanted = [_mac(one, at, nonce, body, answer=bool(answers)) for one in secrets]
    if not any(hmac.compare_digest(one, other) for one in given for other in wanted):
        raise WrongSignature("signature")
    return nonce


class Seen:
    """Nonces of the last minutes, so that no call is taken twice. For one process; several share a table instead."""

    def __init__(self) -> None:
        self._nonces: set[str] = set()
        self._queue: deque[tuple[float, str]] = deque()

    def first(self, nonce: str, *, now: float) -> bool:
        """Whether this nonce was not seen before; it is from now on."""
        while self._queue and self._queue[0][0] < now - 2 * WINDOW:
            self._nonces.discard(self._queue.popleft()[1])
        if nonce in self._nonces:
            return False
        self._nonces.add(nonce)
        self._queue.append((now, nonce))
        return True
