"""Mail servers for tests: a real one (aiosmtpd) that keeps what it is given, and one that breaks where it is told."""

from __future__ import annotations

import email
import email.policy
import gc
import ipaddress
import socket
import ssl
import threading
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from senim.messaging.records import MailServer, Security

SENDER = "privacy@mini.example"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def certificate(folder: Path, host: str = "localhost") -> tuple[Path, Path]:
    """A self-signed certificate for a host and 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{host}.pem", folder / f"{host}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


@dataclass
class Mailbox:
    """A mail server that keeps what it is given; ``replies`` are said first, one for each RCPT or DATA."""

    folder: Path
    security: Security = "none"
    user: str = ""
    password: str = ""
    certified_for: str = "localhost"
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    got: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    connections: int = 0
    port: int = field(default_factory=free_port)

    def __enter__(self) -> Self:
        options: dict[str, Any] = {}
        context: ssl.SSLContext | None = None
        if self.security != "none":
            self.authority, key = certificate(self.folder, self.certified_for)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.authority, key)
        if self.security == "starttls":
            options = {"tls_context": context, "require_starttls": True}
        if self.user:
            options |= {"authenticator": self._signed_in, "auth_required": True}
        if self.security == "tls":
            options["ssl_context"] = context
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Be down; :meth:`start` again."""
        self._controller.stop(no_assert=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # aiosmtpd drops the transport under STARTTLS unclosed
            gc.collect()

    def start(self) -> None:
        """Be up again."""
        self.__enter__()

    @property
    def server(self) -> MailServer:
        """How it is reached."""
        return MailServer(
            host="localhost" if self.security != "none" else "127.0.0.1",
            port=self.port,
            security=self.security,
            user=self.user,
            password=self.password,
            sender=SENDER,
            authority=str(self.authority) if self.security != "none" else "",
            timeout=60,
        )

    @property
    def mails(self) -> list[EmailMessage]:
        """What it was given, read."""
        return [read(one.original_content or b"") for one in self.got]

    def _signed_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login, data.password) == (self.user.encode(), self.password.encode())
        return AuthResult(success=good, handled=good)

    async def handle_EHLO(  # noqa: N802  # as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count who comes."""
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(  # noqa: N802  # as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or say what was told to be said."""
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a message, or say what was told to be said."""
        if self.data:
            return self.data.pop(0)
        self.got.append(envelope)
        self.encrypted.append(session.ssl is not None or self.security == "tls")
        return "250 2.0.0 Taken for somebody@secret.example"


def read(content: bytes) -> EmailMessage:
    """A message as a mailbox reads it."""
    return email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)


Breaks = Literal["greeting", "at-data", "mid-data", "after-data", "hangs-up-politely"]


class BreakingServer:
    """A mail server whose connections break at a point, one after the other; then it takes what comes."""

    def __init__(self, *breaks: Breaks) -> None:
        self._breaks = list(breaks)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.got: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(60)

    @property
    def server(self) -> MailServer:
        """How it is reached."""
        return MailServer(host="127.0.0.1", port=self.port, security="none", sender=SENDER, timeout=60)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            broken = self._breaks.pop(0) if self._breaks else ""
            with connection, connection.makefile("rb") as lines:
                self._converse(connection, lines, broken)

    def _converse(self, connection: socket.socket, lines: Any, broken: str) -> None:
        if broken == "greeting":
            return
        connection.sendall(b"220 ready\r\n")
        for line in lines:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                if broken == "at-data":
                    return
                connection.sendall(b"354 go on\r\n")
                if not self._take(lines, broken):
                    return
                connection.sendall(b"421 4.3.2 going down\r\n" if broken == "hangs-up-politely" else b"250 ok\r\n")
            elif verb == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"250 ok\r\n")

    def _take(self, lines: Any, broken: str) -> bool:
        content: list[bytes] = []
        for line in lines:
            if broken == "mid-data" and len(content) > 20:
                return False
            if line == b".\r\n":
                break
            content.append(line)
        if broken != "hangs-up-politely":
            self.got.append(b"".join(content))
        return broken != "after-data"
