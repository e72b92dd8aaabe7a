"""An IMAP server for tests (RFC 3501), small and real: sockets, UIDs, validity, flags; it may go away at any byte.

Dovecot would be more of one, but it wants a package of the system, a user and a folder of its own, and cannot be told
to break off in the middle of a letter, which is what these tests are about. Nothing on PyPI serves IMAP and is kept up.
"""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

_RANGE = re.compile(r"(\d+):\*")


@dataclass
class Kept:
    """A letter in the mailbox."""

    uid: int
    content: bytes
    seen: bool = False


@dataclass
class ImapServer:
    """A mailbox that speaks IMAP."""

    user: str = "data@mini.example"
    password: str = "made-up-password"
    validity: int = 7
    letters: list[Kept] = field(default_factory=list)
    cut_after: int = -1
    """Bytes of letters after which the connection is cut; -1: never."""
    deaf: bool = False
    """Whether connections are closed without a word."""
    log: list[str] = field(default_factory=list)
    vanished: set[int] = field(default_factory=set)
    """UIDs that are listed but cannot be fetched any more: somebody deletes them at this moment."""

    def __post_init__(self) -> None:
        self._next = 1
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    def put(self, *contents: bytes) -> None:
        """Deliver letters into the mailbox."""
        for content in contents:
            self.letters.append(Kept(self._next, content))
            self._next += 1

    def made_anew(self) -> None:
        """The mailbox is made anew: the same letters under other UIDs."""
        self.validity += 1
        self.letters = [Kept(number, one.content, one.seen) for number, one in enumerate(self.letters, 1)]
        self._next = len(self.letters) + 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for one in self._connections:
            with suppress(OSError):
                one.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._connections.append(connection)
            with suppress(OSError, _CutError):
                if not self.deaf:
                    self._talk(connection)
            connection.close()

    def _talk(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        connection.sendall(b"* OK IMAP4rev1 ready\r\n")
        try:
            while line := reader.readline().decode("ascii", "replace").strip():
                tag, _, command = line.partition(" ")
                self.log.append("LOGIN" if command.startswith("LOGIN") else command)
                told, said = self._answer(connection, command)
                connection.sendall(b"".join(told) + f"{tag} {said}\r\n".encode())
                if command == "LOGOUT":
                    return
        finally:
            reader.close()

    def _answer(self, connection: socket.socket, command: str) -> tuple[list[bytes], str]:
        verb = command.partition(" ")[0].upper()
        if verb == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1\r\n"], "OK done"
        if verb == "LOGIN":
            right = command in (f'LOGIN {self.user} "{self.password}"', f'LOGIN "{self.user}" "{self.password}"')
            return [], "OK signed in" if right else "NO [AUTHENTICATIONFAILED] wrong"
        if verb == "SELECT":
            if command != 'SELECT "INBOX"':
                return [], "NO no such folder"
            return [
                f"* {len(self.letters)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] here\r\n".encode()
            ], "OK [READ-WRITE] done"
        if command.upper().startswith("UID SEARCH"):
            return [self._search(command)], "OK done"
        if command.upper().startswith("UID FETCH"):
            return [self._fetch(connection, command)], "OK done"
        if command.upper().startswith("UID STORE"):
            uid = int(command.split(" ", 3)[2])
            for one in self.letters:
                one.seen = one.seen or one.uid == uid
            return [], "OK done"
        return [], "OK done" if verb in ("LOGOUT", "NOOP") else "BAD unknown"

    def _search(self, command: str) -> bytes:
        found = _RANGE.search(command)
        first = int(found[1]) if found else 1
        uids = [one.uid for one in self.letters if one.uid >= first]
        # "n:*" always holds the last letter, whatever n is (RFC 3501 §6.4.8).
        if not uids and self.letters:
            uids = [self.letters[-1].uid]
        return f"* SEARCH {' '.join(map(str, uids))}\r\n".encode()

    def _fetch(self, connection: socket.socket, command: str) -> bytes:
        wanted = {int(uid) for uid in command.split(" ", 3)[2].split(",")}
        head = re.search(r"<0\.(\d+)>", command)
        sizes_only = "RFC822.SIZE" in command
        for number, one in enumerate(self.letters, 1):
            if one.uid not in wanted or (one.uid in self.vanished and not sizes_only):
                continue
            if sizes_only:
                self._send(connection, f"* {number} FETCH (UID {one.uid} RFC822.SIZE {len(one.content)})\r\n".encode())
                continue
            content = one.content[: int(head[1])] if head else one.content
            origin = "<0>" if head else ""
            self._send(connection, f"* {number} FETCH (UID {one.uid} BODY[]{origin} {{{len(content)}}}\r\n".encode())
            self._send(connection, content, counted=True)
            self._send(connection, b")\r\n")
        return b""

    def _send(self, connection: socket.socket, content: bytes, *, counted: bool = False) -> None:
        if counted and self.cut_after >= 0:
            connection.sendall(content[: self.cut_after])
            self.cut_after -= len(content)
            if self.cut_after < 0:
                self.cut_after = -1
                connection.shutdown(socket.SHUT_RDWR)
                raise _CutError
            return
        connection.sendall(content)


class _CutError(Exception):
    """The connection was cut on purpose."""
