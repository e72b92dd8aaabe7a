"""A mail server hands letters over by SMTP or LMTP: 250 means that a letter is durable, and nothing else is taken."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from senim.app import Senim
from senim.errors import Code, Unavailable
from senim.messaging import inbox_smtp
from senim.messaging.inbox_records import Listening, Outcome
from senim.messaging.inbox_smtp import Listener
from senim.testing import Stage
from tests.features.acting import refused, senim_of
from tests.unit.messaging.letters import SENDER, written

TO = "data@mini.example"
WISH = written("Прошу удалить мои данные.").replace(b"\n", b"\r\n")


@pytest.fixture
def senim(stage: Stage) -> Senim:
    return senim_of(stage)


Listen = Callable[..., Listener]


@pytest.fixture
def listen(senim: Senim) -> Iterator[Listen]:
    """Makes listeners on loopback."""
    made: list[Listener] = []

    def make(**changed: Any) -> Listener:
        place: dict[str, Any] = {"protocol": "smtp", "host": "127.0.0.1", "port": 0, "most": senim.inbox.limits.size}
        place |= {"addresses": frozenset({TO, "office@mini.example"}), "patience": 60.0, **changed}
        made.append(Listener(senim.inbox, Listening(**place)))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def client(listen: Listen) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", listen().port, timeout=60) as client:
        yield client


def outcomes(senim: Senim) -> list[Outcome]:
    return [one.outcome for one in senim.inbox.list(senim.database)]


def text_of(senim: Senim) -> list[bytes]:
    work = senim.works.begin(senim.actor())
    return [b"".join(senim.inbox.raw(work, one)[1:]) for one in senim.inbox.list(senim.database)]


def test_a_letter_is_taken(senim: Senim, client: smtplib.SMTP) -> None:
    """A real SMTP client hands a letter over; it is here as it was sent, with its envelope."""
    assert client.sendmail(SENDER, [TO, "data+r1@mini.example"], WISH) == {}
    assert text_of(senim) == [f"Return-Path: <{SENDER}>\r\n".encode() + WISH]
    (row,) = senim.inbox.list(senim.database)
    _, letter, _ = senim.run(senim.actor(), lambda work: senim.inbox.open(work, row.id))
    assert letter.to == (TO, "data+r1@mini.example")
    client.sendmail(SENDER, TO, WISH)
    assert len(senim.inbox.list(senim.database)) == 1


def test_dots_and_line_ends_come_as_they_were(senim: Senim, client: smtplib.SMTP) -> None:
    """Lines that begin with a dot keep it, however many there are."""
    body = b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\nend\r\n"
    client.sendmail(SENDER, TO, body)
    assert text_of(senim) == [f"Return-Path: <{SENDER}>\r\n".encode() + body]


def test_nothing_is_taken_for_others(client: smtplib.SMTP, senim: Senim) -> None:
    """Letters for addresses that are not ours are refused: nobody can relay through here."""
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        client.sendmail(SENDER, ["someone@else.example", "data@else.example"], WISH)
    assert {code for code, _ in refusal.value.recipients.values()} == {550}
    assert client.sendmail(SENDER, ["someone@else.example", "OFFICE@mini.example"], WISH).keys() == {
        "someone@else.example"
    }
    assert outcomes(senim) == [Outcome.WAITING]


def test_a_letter_is_acknowledged_only_when_it_is_durable(
    client: smtplib.SMTP, senim: Senim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk is full or the database away, the server is told to come again; then the letter is taken."""

    def broken(code: Code) -> Callable[..., None]:
        def fail(*_: object, **__: object) -> None:
            raise Unavailable(code)

        return fail

    for code, said in ((Code.STORAGE_FULL, 452), (Code.STORAGE_BUSY, 451)):
        with monkeypatch.context() as place:
            place.setattr(type(senim.database), "commit", broken(code))
            with pytest.raises(smtplib.SMTPDataError) as refusal:
                client.sendmail(SENDER, TO, WISH)
        assert refusal.value.smtp_code == said
    assert outcomes(senim) == []
    client.sendmail(SENDER, TO, WISH)
    assert outcomes(senim) == [Outcome.WAITING]


def test_a_letter_that_is_too_large_is_refused(listen: Listen, senim: Senim) -> None:
    """One that tells its size is refused at once; one that does not, at its end. Staff see both."""
    with smtplib.SMTP("127.0.0.1", listen(most=100_000).port, timeout=60) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "100000"
        with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
            client.sendmail(SENDER, TO, WISH + b"x" * 200_000)
        assert refusal.value.smtp_code == 552
        client.mail(SENDER)
        client.rcpt(TO)
        assert client.data(WISH + b"x" * 200_000)[0] == 552
    senim.tick()
    told = [entry.codes for _, entry in senim.log.entries() if entry.act == "letter.received"]
    assert told == [("letter_too_large",), ("letter_too_large",)]


def test_lmtp_answers_for_each_recipient(listen: Listen, senim: Senim) -> None:
    """LMTP wants an answer for every recipient; the letter is kept once (RFC 2033 §4.2)."""
    with smtplib.LMTP("127.0.0.1", listen(protocol="lmtp").port, timeout=60) as client:
        assert client.ehlo()[0] == 250
        client.mail(SENDER)
        client.rcpt(TO)
        client.rcpt("office@mini.example")
        assert client.data(WISH)[0] == 250
        assert client.getreply()[0] == 250
        assert client.docmd("HELO x")[0] == 500
        assert client.noop()[0] == 250
    assert [one.source for one in senim.inbox.list(senim.database)] == ["lmtp"]


ENDS = (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r")


@pytest.mark.parametrize("end", ENDS)
def test_no_second_letter_can_be_smuggled_in(listen: Listen, senim: Senim, end: bytes) -> None:
    """Only CR LF . CR LF ends a letter: what some servers take for an end is part of it (SMTP smuggling)."""
    second = b"MAIL FROM:<admin@mini.example>\r\nRCPT TO:<data@mini.example>\r\nDATA\r\nSubject: forged\r\n\r\nx"
    with socket.create_connection(("127.0.0.1", listen().port), timeout=60) as connection:
        reader = connection.makefile("rb")
        reader.readline()
        head = b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<data@mini.example>\r\nDATA\r\n"
        connection.sendall(head + b"Subject: one\r\n\r\nx" + end + second + b"\r\n.\r\nQUIT\r\n")
        answers = [line[:3] for line in reader]
        reader.close()
    assert answers == [b"250", b"250", b"250", b"354", b"250", b"221"]
    (letter,) = text_of(senim)
    assert b"Subject: forged" in letter


def test_a_connection_that_breaks_off_keeps_nothing(listen: Listen, senim: Senim) -> None:
    """Half a letter is no letter: it was not acknowledged, so that its server sends it again."""
    listener = listen()
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as connection:
        connection.sendall(
            b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<data@mini.example>\r\nDATA\r\nSubject: x\r\n\r\nhalf"
        )
        connection.recv(100)
    with smtplib.SMTP("127.0.0.1", listener.port, timeout=60) as client:
        client.sendmail(SENDER, TO, WISH)
    assert len(senim.inbox.list(senim.database)) == 1


WRONG = {
    "MAIL before HELO": ([b"MAIL FROM:<a@b.example>"], b"503"),
    "RCPT before MAIL": ([b"HELO x", b"RCPT TO:<data@mini.example>"], b"503"),
    "DATA before RCPT": ([b"HELO x", b"MAIL FROM:<a@b.example>", b"DATA"], b"503"),
    "no path": ([b"HELO x", b"MAIL FROM: a@b.example"], b"501"),
    "a path with a line end": ([b"HELO x", b"MAIL FROM:<a\r@b.example>"], b"501"),
    "a command of nobody": ([b"HELP me"], b"500"),
    "bytes": ([b"\xff\xfe\x00"], b"500"),
    "MAIL twice": ([b"HELO x", b"MAIL FROM:<a@b.example>", b"MAIL FROM:<a@b.example>"], b"503"),
    "TLS that is not offered": ([b"STARTTLS"], b"502"),
    "who is here?": ([b"VRFY data"], b"252"),
}


@pytest.mark.parametrize(("lines", "answer"), WRONG.values(), ids=WRONG)
def test_wrong_commands_are_refused(listen: Listen, lines: list[bytes], answer: bytes) -> None:
    """What comes out of turn, or is no command, is refused; the connection goes on."""
    with socket.create_connection(("127.0.0.1", listen().port), timeout=60) as connection:
        reader = connection.makefile("rb")
        reader.readline()
        for line in lines:
            connection.sendall(line + b"\r\n")
            told = reader.readline()
        connection.sendall(b"RSET\r\nQUIT\r\n")
        assert [told[:3], reader.readline()[:3], reader.readline()[:3]] == [answer, b"250", b"221"]
        reader.close()


def test_who_talks_nonsense_is_sent_away(listen: Listen) -> None:
    """After twenty errors the connection ends; a line without end ends it at once."""
    listener = listen()
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as connection:
        reader = connection.makefile("rb")
        connection.sendall(b"x\r\n" * 20)
        assert [line[:3] for line in reader] == [b"220", *[b"500"] * 20, b"421"]
        reader.close()
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as connection:
        connection.sendall(b"x" * 5000)
        reader = connection.makefile("rb")
        assert [line[:3] for line in _until_reset(reader)] == [b"220"]
        reader.close()


def _until_reset(reader: Any) -> Iterator[bytes]:
    try:
        yield from reader
    except ConnectionResetError:
        return


def test_too_many_connections_are_told_to_come_later(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opens connections without end takes only so many; the rest are told to come later."""
    monkeypatch.setattr(inbox_smtp, "MOST_CONNECTIONS", 2)
    listener = listen()
    with smtplib.SMTP("127.0.0.1", listener.port, timeout=60), smtplib.SMTP("127.0.0.1", listener.port, timeout=60):
        with pytest.raises(smtplib.SMTPConnectError) as refusal:
            smtplib.SMTP("127.0.0.1", listener.port, timeout=60)
        assert refusal.value.smtp_code == 421


def test_closing_does_not_wait_for_who_says_nothing(listen: Listen) -> None:
    """A connection that only waits is ended when the service stops."""
    listener = listen()
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as connection:
        connection.recv(100)
        listener.close()
        assert connection.recv(100) == b""


def test_a_place_that_is_taken_is_told(senim: Senim) -> None:
    """An address that is not of this machine is told by its code."""
    elsewhere = Listening(protocol="smtp", host="203.0.113.1", port=2525, addresses=frozenset(), most=1000)
    refused(Code.MAIL_LISTENING, lambda: Listener(senim.inbox, elsewhere))


def test_only_servers_of_ours_vouch(listen: Listen) -> None:
    """Who connects from elsewhere may write our server's name on top: what such a letter says of itself is ignored."""
    listener = listen(peers=(ip_network("198.51.100.0/24"),))

    class Elsewhere:
        def __init__(self, address: str) -> None:
            self.address = address

        def getpeername(self) -> tuple[str, int]:
            return self.address, 1

    known = {
        "127.0.0.1": True,
        "198.51.100.7": True,
        "203.0.113.9": False,
        "::1": True,
        "::ffff:198.51.100.7": True,
        "x": False,
    }
    found = {
        address: inbox_smtp._is_ours(Elsewhere(address), listener._listening)  # type: ignore[arg-type]  # as much of one
        for address in known
    }
    assert found == known


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mini.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "tls.pem", folder / "tls.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(pem), str(secret)


def test_the_connection_can_be_encrypted(listen: Listen, senim: Senim, tmp_path: Path) -> None:
    """With a certificate STARTTLS is offered; what was said before it counts for nothing."""
    pem, secret = certificate(tmp_path)
    listener = listen(certificate=pem, private_key=secret)
    with smtplib.SMTP("127.0.0.1", listener.port, timeout=60) as client:
        client.ehlo()
        client.mail(SENDER)
        assert client.starttls(context=ssl.create_default_context(cafile=pem))[0] == 220
        assert client.docmd("MAIL FROM:<a@b.example>")[0] == 503
        client.ehlo()
        assert "starttls" not in client.esmtp_features
        client.sendmail(SENDER, TO, WISH)
    assert outcomes(senim) == [Outcome.WAITING]
    refused(Code.MAIL_LISTENING, lambda: listen(certificate=str(tmp_path / "none.pem")))


def test_commands_slipped_in_before_the_handshake_are_thrown_away(listen: Listen, tmp_path: Path) -> None:
    """What an attacker adds behind STARTTLS in clear is not run inside the encrypted connection."""
    pem, secret = certificate(tmp_path)
    with socket.create_connection(("127.0.0.1", listen(certificate=pem, private_key=secret).port), timeout=60) as plain:
        plain.recv(100)
        plain.sendall(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@evil.example>\r\n")
        assert plain.recv(100).startswith(b"220")
        context = ssl.create_default_context(cafile=pem)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            connection.sendall(b"RSET\r\nQUIT\r\n")
            reader = connection.makefile("rb")
            assert [line[:3] for line in reader] == [b"250", b"221"]
            reader.close()
