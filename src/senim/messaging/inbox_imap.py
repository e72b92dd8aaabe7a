r"""Fetches a mailbox by IMAP (RFC 3501, 9051): every letter once, and marked as seen only when it is durable here.

By UID and not by ``\Seen``: what somebody looks at in a mail program is fetched all the same. Where the mailbox was
made anew (UIDVALIDITY) everything is fetched again, and what is here already is recognised.
"""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress

from senim.errors import Code, Unavailable
from senim.messaging.inbox import HEAD, Inbox
from senim.messaging.inbox_records import MailBox, Mark

_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,18})")
_UID = re.compile(rb"\bUID (\d{1,18})")
_FAILURES = (imaplib.IMAP4.error, OSError, ValueError, EOFError)
"""What imaplib raises when a server goes away, or says what it should not."""

FETCHED_AT_ONCE = 500
"""Letters asked for their size with one command."""


class Fetcher:
    """Brings the letters of one mailbox into the inbox."""

    def __init__(self, inbox: Inbox, mailbox: MailBox) -> None:
        self._inbox = inbox
        self._mailbox = mailbox

    def fetch(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Fetch what is new; how many letters. Raises Unavailable (mailbox_unreachable, …): what was fetched stays."""
        try:
            connection = self._connected()
        except _FAILURES:
            raise Unavailable(Code.MAILBOX_UNREACHABLE, self._mailbox.host) from None
        try:
            validity = self._selected(connection)
            return sum(self._take(connection, validity, stopped))
        except _FAILURES:
            raise Unavailable(Code.MAILBOX_UNREACHABLE, self._mailbox.host) from None
        finally:
            with suppress(*_FAILURES):
                connection.logout()
            with suppress(*_FAILURES):  # a connection that broke is not closed by its good-bye
                connection.shutdown()

    def _connected(self) -> imaplib.IMAP4:
        box = self._mailbox
        context = ssl.create_default_context(cafile=box.authority or None) if box.security != "none" else None
        if box.security == "tls":
            return self._signed_in(imaplib.IMAP4_SSL(box.host, box.port, ssl_context=context, timeout=box.timeout))
        connection = imaplib.IMAP4(box.host, box.port, timeout=box.timeout)
        if box.security == "starttls":  # never in clear instead: who sits between could take STARTTLS out
            try:
                connection.starttls(ssl_context=context)
            except BaseException:
                connection.shutdown()
                raise
        return self._signed_in(connection)

    def _signed_in(self, connection: imaplib.IMAP4) -> imaplib.IMAP4:
        try:
            connection.login(self._mailbox.user, self._mailbox.password)
        except imaplib.IMAP4.abort:
            connection.shutdown()
            raise
        except imaplib.IMAP4.error:
            connection.shutdown()
            raise Unavailable(Code.MAILBOX_SIGN_IN, self._mailbox.host) from None
        except OSError:
            connection.shutdown()
            raise
        return connection

    def _selected(self, connection: imaplib.IMAP4) -> int:
        """Select the folder; its validity."""
        said, _ = connection.select(f'"{_utf7(self._mailbox.folder)}"')
        if said != "OK":
            raise Unavailable(Code.MAILBOX_MISSING, self._mailbox.host)
        told = connection.response("UIDVALIDITY")[1]
        found = next((one for one in told or () if one), b"0")
        return int(found) if isinstance(found, bytes) and found.isdigit() else 0

    def _take(self, connection: imaplib.IMAP4, validity: int, stopped: Callable[[], bool]) -> Iterator[int]:
        mark = self._inbox.mark_of(self._mailbox.name)
        last = mark.uid if mark.validity == validity else 0
        uids = [uid for uid in self._uids(connection, last) if uid > last]
        for start in range(0, len(uids), FETCHED_AT_ONCE):
            sizes = self._sizes(connection, uids[start : start + FETCHED_AT_ONCE])
            for uid in uids[start : start + FETCHED_AT_ONCE]:
                if stopped():
                    return
                yield self._take_one(connection, Mark(mailbox=self._mailbox.name, validity=validity, uid=uid), sizes)

    def _uids(self, connection: imaplib.IMAP4, last: int) -> list[int]:
        """UIDs from the one after ``last`` on; ``n:*`` names the last letter even when its UID is smaller."""
        said, told = connection.uid("SEARCH", "UID", f"{last + 1}:*")
        if said != "OK":
            raise imaplib.IMAP4.error("search")
        found = b" ".join(one for one in told if isinstance(one, bytes))
        return sorted({int(uid) for uid in found.split() if uid.isdigit()})

    def _sizes(self, connection: imaplib.IMAP4, uids: list[int]) -> dict[int, int]:
        said, told = connection.uid("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)")
        if said != "OK":
            raise imaplib.IMAP4.error("sizes")
        sizes: dict[int, int] = {}
        for one in told:
            line = one[0] if isinstance(one, tuple) else one
            uid, size = (_UID.search(line), _SIZE.search(line)) if isinstance(line, bytes) else (None, None)
            if uid and size:
                sizes[int(uid[1])] = int(size[1])
        return sizes

    def _take_one(self, connection: imaplib.IMAP4, mark: Mark, sizes: dict[int, int]) -> int:
        """Fetch one letter; it is marked as seen when it is durable. One that was deleted meanwhile is passed over."""
        size = sizes.get(mark.uid)
        if size is None:
            self._inbox.advance(mark)
            return 0
        if size > self._inbox.limits.size:
            head = self._content(connection, mark.uid, f"BODY.PEEK[]<0.{HEAD}>")
            self._inbox.receive_head(head or b"", size, source="imap", mark=mark)
        else:
            content = self._content(connection, mark.uid, "BODY.PEEK[]")
            if content is None:
                self._inbox.advance(mark)
                return 0
            self._inbox.receive(content, source="imap", mark=mark)
        connection.uid("STORE", str(mark.uid), "+FLAGS.SILENT", "(\\Seen)")
        return 1

    @staticmethod
    def _content(connection: imaplib.IMAP4, uid: int, what: str) -> bytes | None:
        said, told = connection.uid("FETCH", str(uid), f"(UID {what})")
        if said != "OK":
            raise imaplib.IMAP4.error("fetch")
        for one in told:
            found = _UID.search(one[0]) if isinstance(one, tuple) else None
            if isinstance(one, tuple) and (found is None or int(found[1]) == uid):
                return bytes(one[1])
        return None


def _utf7(name: str) -> str:
    """A folder's name as IMAP writes it (RFC 3501 §5.1.3)."""
    told, waiting = "", ""
    for letter in [*name, ""]:
        if letter and not " " <= letter <= "~":
            waiting += letter
            continue
        if waiting:
            coded = base64.b64encode(waiting.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            told, waiting = f"{told}&{coded}-", ""
        told += {"&": "&-", '"': '\\"', "\\": "\\\\"}.get(letter, letter)
    return told
