"""Mail: a message as bytes, and how it is handed to a server (RFC 5321). What a server says is told without its words.

A connection that breaks before the end of the data was sent leaves nothing at the server; one that breaks after it,
before the server answered, leaves it open whether the message was taken. It is sent again then, as RFC 5321 §4.5.4.1
wants, with the same Message-ID, by which mailboxes recognise the second copy.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol

from senim.errors import Code, Invalid, SenimError, Unavailable
from senim.messaging.records import File, MailServer, Written

_POLICY = SMTP.clone(cte_type="7bit", max_line_length=78)
_ENHANCED = re.compile(rb"^([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}\Z")
MOST_TOGETHER = 100
"""Messages handed over on one connection."""


class Mailer(Protocol):
    """Hands messages over. The real one speaks SMTP; a fake one keeps them."""

    def hand_over(self, sender: str, to: str, content: bytes) -> str:
        """Hand a message over; the reply, such as ``250 2.0.0``.

        Raises Unavailable for what may pass (mail_unreachable, mail_deferred, mail_in_doubt, mail_sign_in), Invalid
        (mail_refused) for what will not; the place is the reply without its words, which may hold an address.
        """

    def close(self) -> None:
        """Say good-bye."""


def is_address(text: str) -> bool:
    """Whether mail can be sent to it: one address in ASCII, the domain of a foreign script written as it is in DNS."""
    return _ADDRESS.match(text) is not None and len(text) <= 254 and ".." not in text


def message_id(message: str, domain: str) -> str:
    """The Message-ID of a message: always the same one, and nothing that others could guess."""
    return f"<{message}@{domain or 'senim.invalid'}>"


def composed(
    message: str, written: Written, files: Sequence[File], *, server: MailServer, at: datetime, language: str
) -> bytes:
    """The message as it goes out. Whatever stands in it, no header can be added and none broken."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(written.sender, addr_spec=server.sender)
    mail["To"] = Address(addr_spec=written.to)
    mail["Subject"] = written.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id(message, server.domain)
    mail["Auto-Submitted"] = "auto-replied" if written.answers else "auto-generated"
    if written.answers:
        mail["In-Reply-To"] = mail["References"] = written.answers
    if written.unsubscribe:
        mail["List-Unsubscribe"] = f"<{written.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(written.text, cte="base64")
    mail.add_alternative(written.html, subtype="html", cte="base64")
    for one in files:
        kind, _, subtype = one.media.partition("/")
        mail.add_attachment(one.content, maintype=kind, subtype=subtype, filename=one.name)
    mail["Content-Language"] = language  # of the whole; what is set before goes to the first part
    for n, part in enumerate(mail.walk()):
        if part.is_multipart():  # a repetition is the same to the byte
            part.set_boundary(f"senim-{message}-{n}")
    return mail.as_bytes()


class KeptMail:
    """A mail server of a drill or a test: it takes everything and sends nothing."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []

    def hand_over(self, sender: str, to: str, content: bytes) -> str:
        self.taken.append((to, content))
        return "250"

    def close(self) -> None:
        """Nothing is open."""


class Post:
    """Hands messages to a mail server, several on one connection."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._connection: smtplib.SMTP | None = None
        self._sent = 0
        self._busy = threading.Lock()

    def hand_over(self, sender: str, to: str, content: bytes) -> str:
        with self._busy:
            try:
                return self._hand_over(self._ready(), sender, to, content)
            except BaseException:
                self._drop()
                raise

    def close(self) -> None:
        with self._busy:
            if self._connection is not None:
                with suppress(smtplib.SMTPException, OSError):
                    self._connection.quit()
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._sent = None, 0

    def _ready(self) -> smtplib.SMTP:
        """A connection that is signed in: the one at hand if it still answers, or a new one."""
        if self._connection is not None:
            try:
                if self._sent < MOST_TOGETHER and self._connection.rset()[0] == 250:
                    return self._connection
                self._connection.quit()
            except (smtplib.SMTPException, OSError):
                pass  # it was idle too long; a new one is made
            self._drop()
        try:
            self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise Unavailable(Code.MAIL_SIGN_IN, _reply(error.smtp_code, error.smtp_error)) from None
        except smtplib.SMTPNotSupportedError:
            raise Unavailable(Code.MAIL_SIGN_IN, self._server.security) from None
        except smtplib.SMTPResponseException as error:
            raise Unavailable(Code.MAIL_UNREACHABLE, _reply(error.smtp_code, error.smtp_error)) from None
        except ssl.SSLError:
            raise Unavailable(Code.MAIL_UNREACHABLE, "tls") from None
        except (smtplib.SMTPException, OSError):
            raise Unavailable(Code.MAIL_UNREACHABLE, "") from None
        assert self._connection is not None
        return self._connection

    def _connect(self) -> None:
        server = self._server
        context = ssl.create_default_context(cafile=server.authority or None) if server.security != "none" else None
        if server.security == "tls":
            self._connection = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=context, local_hostname=server.domain
            )
        else:
            self._connection = smtplib.SMTP(
                server.host, server.port, timeout=server.timeout, local_hostname=server.domain
            )
        connection = self._connection
        connection.ehlo_or_helo_if_needed()
        if server.security == "starttls":  # never in clear instead: who sits between could take STARTTLS out
            code, reply = connection.starttls(context=context)
            if code != 220:
                raise smtplib.SMTPResponseException(code, reply)
            connection.ehlo()
        if server.user:
            connection.login(server.user, server.password)

    def _hand_over(self, connection: smtplib.SMTP, sender: str, to: str, content: bytes) -> str:
        try:
            for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA"):
                code, reply = connection.docmd(command)
                if code >= 400:
                    raise _refusal(code, reply)
            connection.send(re.sub(rb"(?m)^\.", b"..", content.removesuffix(b"\r\n")) + b"\r\n.\r\n")
        except (smtplib.SMTPException, OSError):
            raise Unavailable(Code.MAIL_UNREACHABLE, "") from None
        try:
            code, reply = connection.getreply()
        except (smtplib.SMTPException, OSError):
            raise Unavailable(Code.MAIL_IN_DOUBT, "") from None
        if code >= 400:
            raise _refusal(code, reply)
        self._sent += 1
        return _reply(code, reply)


_SIGN_IN = (454, 530, 534, 535, 538)


def _refusal(code: int, reply: bytes) -> SenimError:
    """What a refusal means: our own sign-in, something that passes (4xx), or no for good (5xx)."""
    said = _reply(code, reply)
    if code in _SIGN_IN:
        return Unavailable(Code.MAIL_SIGN_IN, said)
    if code == 421:
        return Unavailable(Code.MAIL_UNREACHABLE, said)
    return Invalid(Code.MAIL_REFUSED, said) if code >= 500 else Unavailable(Code.MAIL_DEFERRED, said)


def _reply(code: int, reply: bytes | str) -> str:
    """A server's reply without its words, which often repeat the address: ``550 5.1.1``."""
    match = _ENHANCED.match(reply.encode("ascii", "replace") if isinstance(reply, str) else reply)
    return f"{code} {match[1].decode()}" if match else str(code)
