"""One call: signed, to the configured host alone, with limits on time and size; the answer is verified."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

from senim.connectors.webhook.signature import HEADER, WrongSignature, check, sign
from senim.errors import Code, Invalid, NotAllowed, Unavailable
from senim.languages import Hint

MOST_BYTES = 8 * 1024 * 1024
"""Largest answer."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_OK, _DENIED = 200, (401, 403)
_PIECE = 64 * 1024


def address_of(url: str, where: str) -> SplitResult:
    """The parts of an address: https, or http to this very machine. Raises Invalid (setting_wrong)."""
    try:
        parts = urlsplit(url)
        known = bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.scheme not in ("https", "http") or parts.username or parts.fragment:
        raise Invalid(Code.SETTING_WRONG, where, hint=Hint("address-unread")) from None
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise Invalid(Code.SETTING_WRONG, where, hint=Hint("tls-needed"))
    return parts


class Caller:
    """Calls one system. No redirect is followed and no proxy asked: data goes to the host that was configured."""

    def __init__(
        self, url: str, secrets: Sequence[bytes], *, timeout: int, where: str, now: Callable[[], datetime]
    ) -> None:
        self._address = address_of(url, where)
        self._secrets = tuple(secrets)
        self._timeout = timeout
        self._where = where
        self._now = now

    def call(self, body: bytes, *, order: str = "") -> bytes:
        """What the system answers to a body.

        Raises Unavailable (system_unreachable, answer_wrong), NotAllowed (secret_wrong) if it refuses our signature.
        """
        nonce = os.urandom(16).hex()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "senim",
            HEADER: sign(body, self._secrets, at=int(self._now().timestamp()), nonce=nonce),
        }
        if order:
            headers["Idempotency-Key"] = order
        connection = self._connection()
        try:
            status, signature, answer = self._exchange(connection, body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(Code.SYSTEM_UNREACHABLE, self._where, detail=type(error).__name__) from error
        finally:
            connection.close()
        self._judge(status)
        try:
            check(signature, answer, self._secrets, now=self._now().timestamp(), answers=nonce)
        except WrongSignature as error:
            raise self.wrong(Hint("answer-signature", part=str(error))) from None
        return answer

    def _connection(self) -> http.client.HTTPConnection:
        made = http.client.HTTPSConnection if self._address.scheme == "https" else http.client.HTTPConnection
        return made(self._address.hostname or "", self._address.port, timeout=self._timeout)

    def _exchange(
        self, connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]
    ) -> tuple[int, str, bytes]:
        deadline = time.monotonic() + self._timeout
        target = self._address.path or "/"
        connection.request("POST", f"{target}?{self._address.query}" if self._address.query else target, body, headers)
        with connection.getresponse() as response:
            read = bytearray()
            while piece := response.read1(_PIECE):
                read += piece
                if len(read) > MOST_BYTES:
                    raise self.wrong(Hint("too-long", most=MOST_BYTES))
                if time.monotonic() > deadline:
                    raise TimeoutError
            if response.length:
                raise http.client.IncompleteRead(b"")
            return response.status, response.headers.get(HEADER, ""), bytes(read)

    def _judge(self, status: int) -> None:
        """Raise unless it is an answer. 5xx and 429 are a system that cannot now; it is asked again later."""
        if status == _OK:
            return
        if status in _DENIED:
            raise NotAllowed(Code.SECRET_WRONG, self._where, detail=f"HTTP {status}")
        if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or status == http.HTTPStatus.TOO_MANY_REQUESTS:
            raise Unavailable(Code.SYSTEM_UNREACHABLE, self._where, detail=f"HTTP {status}")
        raise self.wrong(detail=f"HTTP {status}")

    def wrong(self, hint: Hint | None = None, *, detail: str = "") -> Unavailable:
        """An answer that cannot be believed. What it says is not repeated: it may hold anything."""
        return Unavailable(Code.ANSWER_WRONG, self._where, hint=hint, detail=detail)
