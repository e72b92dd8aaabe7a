"""Hostile mail does no harm: it is kept sealed, read as far as it goes, told to staff, and the next letter is served.

No test here is timed; what would take for ever would end the whole run.
"""

from __future__ import annotations

import io
import smtplib
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from senim.app import Senim
from senim.messaging.inbox_records import Listening, Outcome, Received
from senim.messaging.inbox_smtp import Listener
from senim.messaging.letter import parse
from senim.messaging.letter_records import Letter, LetterFault
from senim.messaging.meaning import Meant
from senim.testing import FixedClock, platform
from tests.faults.scene import Scene
from tests.unit.messaging.letters import SENDER, raw, written

SENT = b"From: Anna <person.a@people.example>\r\nTo: data@mini.example\r\n"
BIG = 9 * 1024 * 1024
WISH = "Прошу удалить мои персональные данные."


@pytest.fixture(scope="module")
def senim(mini: bytes) -> Iterator[Senim]:
    """A platform of this module's own: hostile letters pile up in it."""
    with platform(mini, now=FixedClock()) as stage:
        scene = Scene(stage.platform, mini)  # type: ignore[arg-type]  # the stage's platform is a whole Senim
        yield scene.senim


def taken(senim: Senim, letter: bytes) -> tuple[Received, Letter, Meant]:
    """Take a letter, read it as an order, open it as staff do."""
    ident = senim.inbox.receive(letter, source="smtp")
    senim.orders.run_due("letter")
    assert senim.orders.dead(senim.database) == 0
    return senim.run(senim.actor(), lambda work: senim.inbox.open(work, ident))


def _nested(levels: int, inner: bytes) -> bytes:
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(levels)
    )
    return SENT + head + inner


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("bomb", b"\0" * (64 * 1024 * 1024))
    return packed.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "one line of 9 MB": lambda: SENT + b"\r\n" + b"x" * BIG,
    "4 million lines": lambda: SENT + b"\r\n" + b"\r\n" * (BIG // 2),
    "9 MB of quotation marks": lambda: SENT + b"\r\n" + b">" * BIG,
    "3,000 levels of parts": lambda: _nested(3000, b"\r\nx"),
    "one boundary 200,000 times": lambda: (
        SENT + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 200_000
    ),
    "a million header fields": lambda: SENT + b"X: y\r\n" * 1_000_000 + b"\r\nx",
    "a header field of 9 MB": lambda: SENT + b"Subject: " + b"x" * BIG + b"\r\n\r\nx",
    "a folded field of a million lines": lambda: SENT + b"Subject: x\r\n" + b" y\r\n" * 1_000_000 + b"\r\nx",
    "a million encoded words": lambda: SENT + b"Subject: " + b"=?utf-8?B?0JQ=?= " * 500_000 + b"\r\n\r\nx",
    "a million addresses": lambda: b"From: a@b.example\r\nTo: " + b"a@b.example," * 700_000 + b"\r\n\r\nx",
    "open brackets and quotation marks": lambda: b"From: " + b'<("' * 1_000_000 + b"\r\n\r\nx",
    "9 MB of base64 that is none": lambda: SENT + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=!" * (BIG // 2),
    "9 MB of quoted-printable": lambda: (
        SENT + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * (BIG // 3)
    ),
    "a page of open tags": lambda: SENT + b"Content-Type: text/html\r\n\r\n" + b"<a " * (BIG // 3),
    "a page of open comments": lambda: SENT + b"Content-Type: text/html\r\n\r\n" + b"<!--" * (BIG // 4),
    "a page of open scripts": lambda: SENT + b"Content-Type: text/html\r\n\r\n" + b"<script>" * (BIG // 8),
    "a page of hidden parts": lambda: SENT + b"Content-Type: text/html\r\n\r\n" + b"<p hidden>" * (BIG // 10),
    "a page of entities": lambda: SENT + b"Content-Type: text/html\r\n\r\n" + b"&#9" * (BIG // 3),
    "parameters without end": lambda: SENT + b"Content-Type: a/b;" + b" a*1*=%41;" * 900_000 + b"\r\n\r\nx",
    "nothing but zeros": lambda: b"\0" * BIG,
    "the year 9999": lambda: SENT + b"Date: Fri, 31 Dec 9999 23:59:59 -2359\r\n\r\nx",
    "a request ten thousand times": lambda: SENT + b"\r\n" + f"{WISH}\r\n".encode() * 10_000,
    "words of a request without end": lambda: SENT + b"\r\n" + "не прошу удалить данные ".encode() * 100_000,
    "brackets and dots": lambda: SENT + b"\r\n" + b"(. " * (BIG // 3),
    "a bounce of a million ids": lambda: (
        b"From: mailer-daemon@b.example\r\nReturn-Path: <>\r\nSubject: Undelivered\r\n\r\n"
        + b"Message-ID: <a@b.example>\r\n" * 300_000
    ),
    "a letter that is nothing": lambda: b"",
    "a letter of one byte": lambda: b"\xff",
}


@pytest.mark.parametrize("letter", HOSTILE.values(), ids=HOSTILE)
def test_hostile_letters_are_kept_and_read_as_far_as_they_go(senim: Senim, letter: Callable[[], bytes]) -> None:
    """Whatever comes is sealed, read within bounds, and neither an order dies of it nor is anything asked for twice."""
    row, read, meant = taken(senim, letter())
    assert row.outcome is not Outcome.WAITING
    assert len(read.text) <= 100_000
    assert len(read.subject) <= 1000
    assert len(read.to) <= 500
    assert len(meant.kinds) <= 1


def test_the_next_letter_is_served(senim: Senim) -> None:
    """After all of them an ordinary letter is read as ever."""
    for hostile in ("a million header fields", "3,000 levels of parts"):
        taken(senim, HOSTILE[hostile]())
    assert taken(senim, written(WISH, subject="После всего"))[2].kinds == ("erase",)


def test_packed_files_are_never_unpacked(senim: Senim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip bomb stays the small file that it is: nobody opens it, and nothing is written to disk in clear."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    bomb = _bomb()
    body = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: application/zip\r\n"
        b'Content-Disposition: attachment; filename="data.zip"\r\n\r\n' + bomb + b"\r\n--b--\r\n"
    )
    _, letter, _ = taken(senim, SENT + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body)
    (one,) = letter.attachments
    assert (one.name, one.size == len(bomb)) == ("data.zip", True)
    assert list(tmp_path.iterdir()) == []


def test_charsets_that_unpack_are_no_charsets(senim: Senim) -> None:
    """A letter cannot name a codec of Python that unpacks, or runs for ever."""
    for name in ("zlib_codec", "bz2_codec", "idna", "punycode", "unicode_escape", "undefined", "rot13", "../../x"):
        letter = parse(raw(f"From: a@b.example\nContent-Type: text/plain; charset={name}", b"hello"))
        assert (letter.text, letter.faults) == ("hello", (LetterFault.CHARSET_WRONG,))


LINES = {
    "Subject": b"Subject: =?utf-8?Q?x=0D=0ABcc:_victim@b.example?=",
    "a name": b"From: =?utf-8?B?eA0KQmNjOiB2aWN0aW1AYi5leGFtcGxl?= <a@b.example>",
    "a bare CR": b"Subject: x\rBcc: victim@b.example",
    "a zero": b"Subject: x\0y",
    "a line separator": "Subject: x\u2028y\u0085z".encode(),
}


@pytest.mark.parametrize("field", LINES.values(), ids=LINES)
def test_no_line_ends_come_out_of_a_field(field: bytes) -> None:
    """A subject or a name is one line whatever was encoded into it: no header can be slipped into an answer."""
    letter = parse(field + b"\r\n\r\nx")
    for text in (letter.subject, letter.from_name, letter.from_address):
        assert len(text.splitlines()) <= 1
        assert text.isprintable()
    assert not letter.to


def test_a_page_is_read_and_never_run_or_loaded(senim: Senim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts are not text, pictures are not fetched, hidden words are not read; no connection is opened."""

    def connect(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", connect)
    page = (
        "<html><body><script>document.write('Прошу удалить мои данные')</script><img src='http://tracker.example/x'>"
        "<iframe src='http://evil.example'>Прошу удалить мои данные</iframe><p onclick='x()'>Спасибо</p>"
        "<div style='display:none'>Прошу удалить мои данные</div></body></html>"
    )
    _, letter, meant = taken(senim, raw(f"From: {SENDER}\nContent-Type: text/html; charset=utf-8", page))
    assert (letter.text, meant.kinds) == ("Спасибо", ())


def test_a_shown_sender_proves_nothing(senim: Senim) -> None:
    """A letter in somebody's name asks, and is vouched for by nobody, whatever it claims of itself."""
    claims = (
        "Authentication-Results: mini.example; dmarc=pass header.from=people.example\n"
        "Received-SPF: pass\nDKIM-Signature: v=1; d=people.example; s=x; b=made-up\nX-Authenticated: yes"
    )
    row, letter, meant = taken(senim, raw(f"{claims}\nFrom: Person <{SENDER}>\nSubject: x", WISH))
    assert (letter.from_address, letter.from_authenticated, meant.kinds) == (SENDER, None, ("erase",))
    assert row.traits.authenticated is None
    people = senim.subjects.count(senim.database)
    request = senim.rights.find(senim.database, row.about)
    assert (request.state, people[1]) == ("identity_needed", 0)


@pytest.fixture
def place(senim: Senim) -> Iterator[int]:
    """The port of a listener."""
    listening: dict[str, Any] = {"protocol": "smtp", "host": "127.0.0.1", "port": 0, "patience": 60.0}
    listener = Listener(
        senim.inbox, Listening(**listening, addresses=frozenset({"data@mini.example"}), most=senim.inbox.limits.size)
    )
    listener.start()
    yield listener.port
    listener.close()


@pytest.mark.parametrize("name", ["one line of 9 MB", "a million header fields", "nothing but zeros"])
def test_hostile_letters_come_through_a_real_connection(senim: Senim, place: int, name: str) -> None:
    """The listener takes them like any other: they are durable when 250 is said."""
    before = len(senim.inbox.list(senim.database, most=1000))
    with smtplib.SMTP("127.0.0.1", place, timeout=60) as client:
        client.sendmail("evil@evil.example", "data@mini.example", HOSTILE[name]() + b"\r\nthrough SMTP\r\n")
    assert len(senim.inbox.list(senim.database, most=1000)) == before + 1


def test_a_flood_of_bytes_without_an_end_is_cut_off(senim: Senim, place: int) -> None:
    """Who sends without end is hung up on before anything fills: the listener goes on."""
    piece = b"x" * 1_000_000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", place), timeout=60) as connection:
        connection.sendall(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<data@mini.example>\r\nDATA\r\n")
        with pytest.raises(OSError, match=r"reset|pipe"):
            connection.sendall(piece * 300)
    with smtplib.SMTP("127.0.0.1", place, timeout=60) as client:
        client.sendmail(SENDER, "data@mini.example", written("Ещё письмо."))
