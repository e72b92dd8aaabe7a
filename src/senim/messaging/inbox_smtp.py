"""Takes letters from a mail server by SMTP or LMTP (RFC 5321, 2033): 250 is said when a letter is durable, not before.

Own code, one thread for each of few connections: the usual package answers once for all recipients of LMTP, and is
made for asynchronous handlers (docs/decisions/0002-dependencies.md). Only CR LF . CR LF ends a letter: who could end
one in another way could smuggle in a second, with fields that only our own server may write.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader
from ipaddress import IPv6Address, ip_address

from senim.errors import Code, SenimError, Unavailable
from senim.messaging.inbox import HEAD, Inbox
from senim.messaging.inbox_records import Envelope, Listening

MOST_CONNECTIONS = 40
_MOST_ERRORS = 20
_MOST_LETTERS = 1000
_MOST_RECIPIENTS = 100
_LINE = 2048
_PIECE = 64 * 1024
_WHOLE = 600.0
"""Seconds for one letter, however slowly it drips in."""

_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]{0,320})>(.*)\Z", re.IGNORECASE)
_SIZE = re.compile(r"\bSIZE=(\d{1,18})\b", re.IGNORECASE)


class _GoneError(Exception):
    """The other side went away, or was too slow."""


@dataclass(slots=True)
class _Session:
    """One connection."""

    plain: socket.socket
    reader: BufferedReader
    ours: bool
    greeted: bool = False
    secure: bool = False
    sender: str | None = None
    to: list[str] = field(default_factory=list)
    errors: int = 0
    letters: int = 0
    until: float = 0.0

    def reset(self) -> None:
        self.sender, self.to = None, []


class Listener:
    """Listens until it is closed."""

    def __init__(self, inbox: Inbox, listening: Listening) -> None:
        self._inbox = inbox
        self._listening = listening
        self._tls = _tls(listening)
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
        try:
            # Several processes may listen side by side; the system hands each connection to one of them.
            self._socket = socket.create_server(
                (listening.host, listening.port), family=family, reuse_port=hasattr(socket, "SO_REUSEPORT")
            )
        except OSError:
            raise Unavailable(Code.MAIL_LISTENING, f"{listening.host}:{listening.port}") from None
        self._thread = threading.Thread(target=self._accept, name="senim-mail-in", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening. A letter that is being handed over is not acknowledged, and comes again."""
        self._closed.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                self._closed.wait(0.05)  # no more files, say: the next one may go
                continue
            if not self._room.acquire(blocking=False):
                with suppress(OSError):
                    connection.sendall(b"421 4.3.2 Too busy, try later\r\n")
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), name="senim-mail-in-one", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        connection.settimeout(self._listening.patience)
        ours = _is_ours(connection, self._listening)
        session = _Session(connection, connection.makefile("rb"), ours, until=time.monotonic() + _WHOLE)
        try:
            self._talk(session)
        except (_GoneError, OSError):
            pass  # what was not acknowledged comes again
        finally:
            with self._lock:
                self._open -= {connection, session.plain}
            with suppress(OSError):
                session.plain.close()
            connection.close()
            self._room.release()

    # the conversation

    def _talk(self, session: _Session) -> None:
        self._say(session, f"220 {self._listening.name} {self._listening.protocol.upper()}")
        while session.errors < _MOST_ERRORS and session.letters < _MOST_LETTERS:
            line = _line(session)
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            if verb == "QUIT":
                self._say(session, "221 2.0.0 Bye")
                return
            act = self._commands().get(verb)
            if act is None:
                self._wrong(session, "500 5.5.2 Command not known")
            else:
                act(session, rest.strip())
            session.until = time.monotonic() + _WHOLE
        self._say(session, "421 4.7.0 Enough")

    def _commands(self) -> dict[str, Callable[[_Session, str], None]]:
        hello: dict[str, Callable[[_Session, str], None]] = {"LHLO": self._hello}
        if self._listening.protocol == "smtp":
            hello = {"EHLO": self._hello, "HELO": self._plain_hello}
        return {
            **hello,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "STARTTLS": self._starttls,
            "RSET": self._reset,
            "NOOP": lambda session, rest: self._say(session, "250 2.0.0 OK"),
            "VRFY": lambda session, rest: self._say(session, "252 2.5.0 Send some mail"),
        }

    def _plain_hello(self, session: _Session, rest: str) -> None:
        session.greeted = True
        session.reset()
        self._say(session, f"250 {self._listening.name}")

    def _hello(self, session: _Session, rest: str) -> None:
        session.greeted = True
        session.reset()
        offers = [self._listening.name, f"SIZE {self._listening.most}", "8BITMIME", "SMTPUTF8", "PIPELINING",
                  "ENHANCEDSTATUSCODES"]  # fmt: skip
        if self._tls is not None and not session.secure:
            offers.append("STARTTLS")
        said = [f"250-{one}" for one in offers[:-1]] + [f"250 {offers[-1]}"]
        self._say(session, "\r\n".join(said))

    def _mail(self, session: _Session, rest: str) -> None:
        found = _PATH.match(rest)
        size = _SIZE.search(found[2]) if found else None
        if not session.greeted or session.sender is not None:
            self._wrong(session, "503 5.5.1 Not now")
        elif found is None:
            self._wrong(session, "501 5.5.4 MAIL FROM:<address>")
        elif size and int(size[1]) > self._listening.most:
            self._tell_of_refusal()
            self._wrong(session, "552 5.3.4 Letter too large")
        else:
            session.sender = found[1]
            self._say(session, "250 2.1.0 OK")

    def _rcpt(self, session: _Session, rest: str) -> None:
        found = _PATH.match(rest)
        if session.sender is None:
            self._wrong(session, "503 5.5.1 MAIL first")
        elif found is None:
            self._wrong(session, "501 5.5.4 RCPT TO:<address>")
        elif _without_plus(found[1]) not in self._listening.addresses:
            self._wrong(session, "550 5.1.1 Nobody here of that name")
        elif len(session.to) >= _MOST_RECIPIENTS:
            self._wrong(session, "452 4.5.3 Too many recipients")
        else:
            session.to.append(found[1])
            self._say(session, "250 2.1.5 OK")

    def _data(self, session: _Session, rest: str) -> None:
        if not session.to:
            self._wrong(session, "503 5.5.1 RCPT first" if session.sender is not None else "503 5.5.1 MAIL first")
            return
        self._say(session, "354 End with CR LF . CR LF")
        head = b"Return-Path: <%s>\r\n" % (session.sender or "").encode("utf-8", "replace")
        content, size = _content(session, head, self._listening.most)
        answer = self._keep(content, size, Envelope(to=tuple(session.to), ours=session.ours))
        # LMTP answers for each recipient (RFC 2033 §4.2); all of them share one letter here.
        self._say(session, "\r\n".join([answer] * (len(session.to) if self._listening.protocol == "lmtp" else 1)))
        session.letters += 1
        session.reset()

    def _keep(self, content: bytes, size: int, envelope: Envelope) -> str:
        """Keep a letter; what to say of it."""
        source = self._listening.protocol
        try:
            if size > self._listening.most:
                self._inbox.receive_head(content[:HEAD], size, source=source, envelope=envelope)
                return "552 5.3.4 Letter too large"
            self._inbox.receive(content, source=source, envelope=envelope)
        except SenimError as refusal:
            return "452 4.3.1 No room, try later" if refusal.code is Code.STORAGE_FULL else "451 4.3.0 Try later"
        return "250 2.0.0 Kept"

    def _tell_of_refusal(self) -> None:
        with suppress(SenimError):  # nothing was taken, so nothing is lost but the note
            self._inbox.refused(source=self._listening.protocol)

    def _starttls(self, session: _Session, rest: str) -> None:
        if self._tls is None or session.secure:
            self._wrong(session, "502 5.5.1 Not here")
            return
        self._say(session, "220 2.0.0 Go ahead")
        try:
            session.plain = self._tls.wrap_socket(session.plain, server_side=True)
        except (ssl.SSLError, ValueError) as error:
            raise _GoneError from error
        with self._lock:
            self._open.add(session.plain)
        # What was sent in clear before the handshake is thrown away with its reader: nobody can slip commands in.
        session.reader = session.plain.makefile("rb")
        session.secure, session.greeted = True, False
        session.reset()

    def _reset(self, session: _Session, rest: str) -> None:
        session.reset()
        self._say(session, "250 2.0.0 OK")

    def _wrong(self, session: _Session, answer: str) -> None:
        session.errors += 1
        self._say(session, answer)

    @staticmethod
    def _say(session: _Session, answer: str) -> None:
        session.plain.sendall(answer.encode("ascii", "replace") + b"\r\n")


def _line(session: _Session) -> str:
    line = session.reader.readline(_LINE)
    if not line.endswith(b"\n"):
        raise _GoneError
    return line.decode("utf-8", "replace").strip()


def _content(session: _Session, head: bytes, most: int) -> tuple[bytes, int]:
    """A letter up to its end, and its size; of one that is too large only the beginning is held."""
    pieces, size, kept, fresh = [head], 0, 0, True
    while True:
        line = session.reader.readline(_PIECE)
        if not line or time.monotonic() > session.until or size > 20 * most:
            raise _GoneError
        if fresh and line == b".\r\n":
            return b"".join(pieces), size
        if fresh and line.startswith(b"."):
            line = line[1:]
        fresh = line.endswith(b"\r\n")
        size += len(line)
        if kept <= most:
            pieces.append(line)
            kept += len(line)


def _without_plus(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}".lower()


def _is_ours(connection: socket.socket, listening: Listening) -> bool:
    """Whether a server of our own brings letters; what others write on top of theirs is no word of ours."""
    try:
        address = ip_address(connection.getpeername()[0].partition("%")[0])
    except (OSError, ValueError):
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    address = mapped or address
    return address.is_loopback or any(address in network for network in listening.peers)


def _tls(listening: Listening) -> ssl.SSLContext | None:
    if not listening.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(listening.certificate, listening.private_key or None)
    except (OSError, ssl.SSLError):
        raise Unavailable(Code.MAIL_LISTENING, "certificate") from None
    return context
