"""Mail that comes in while the service runs, and by the command line."""

from __future__ import annotations

import io
import json
import smtplib
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from senim.app import open_senim
from senim.cli import main
from senim.errors import Code, Unavailable
from senim.mailing import mailbox
from senim.messaging.inbox_imap import Fetcher
from senim.messaging.inbox_records import Outcome
from senim.messaging.inbox_watch import Watch
from senim.testing import Stage
from tests.features.acting import refused, senim_of
from tests.features.messaging.inbox_server import ImapServer
from tests.unit.messaging.letters import SENDER, written

DOUBT = written("Как удалить аккаунт?", subject="Вопрос")
WISH = written("Прошу удалить мои данные.", subject="Личное")


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as server:
        yield server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_of(server: ImapServer, **more: str) -> dict[str, str]:
    return {
        "SENIM_MAIL_IN_HOST": "127.0.0.1",
        "SENIM_MAIL_IN_PORT": str(server.port),
        "SENIM_MAIL_IN_SECURITY": "none",
        "SENIM_MAIL_IN_USER": server.user,
        "SENIM_MAIL_IN_PASSWORD": server.password,
        **{f"SENIM_MAIL_IN_{name}": value for name, value in more.items()},
    }


def test_the_service_fetches_and_listens_as_it_is_set(stage: Stage, server: ImapServer) -> None:
    """With [mail.in] set, letters come in both ways; for the policy's own addresses if none are set."""
    server.put(WISH)
    port = free_port()
    environment = settings_of(server, LISTEN=f"lmtp://127.0.0.1:{port}")
    with open_senim(stage.platform.folder, environment=environment) as senim:
        incoming = senim.incoming()
        assert incoming is not None
        incoming.start()
        with smtplib.LMTP("127.0.0.1", port, timeout=60) as client:
            assert client.sendmail(SENDER, "data@mini.example", written("Другое письмо.")) == {}
        while not server.letters[0].seen:
            threading.Event().wait(0.01)
        incoming.stop()
        assert incoming.trouble is None
        assert len(senim.inbox.list(senim.database)) == 2


def test_nothing_set_is_nothing_taken(stage: Stage) -> None:
    """Without settings no port is opened and no server is asked."""
    assert senim_of(stage).incoming() is None


@pytest.mark.parametrize(
    ("settings", "where"),
    [({"LISTEN": "2525"}, "mail.in.listen"), ({"LISTEN": "lmtp://127.0.0.1:99999"}, "mail.in.listen"),
     ({"LISTEN": "lmtp://127.0.0.1:2525", "PEERS": "everybody"}, "mail.in.peers"),
     ({"HOST": "imap.mini.example"}, "mail.in.security")],
)  # fmt: skip
def test_wrong_settings_are_named(stage: Stage, server: ImapServer, settings: dict[str, str], where: str) -> None:
    """A place that is none, a network that is none, a password sent in clear to another machine: told by name."""
    with open_senim(stage.platform.folder, environment=settings_of(server, **settings)) as senim:
        refused(Code.SETTING_WRONG, senim.incoming)
        with pytest.raises(Exception, match=where):
            senim.incoming()


class Trouble:
    """A mailbox that cannot be fetched, then can."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.fetched = threading.Event()

    def fetch(self, stopped: Any) -> int:
        if self.faults:
            raise self.faults.pop(0)
        self.fetched.set()
        return 0


def test_trouble_is_told_and_does_not_end_the_watch() -> None:
    """A server that is away, even a bug, keeps nobody from looking again; what it was can be seen meanwhile."""
    mailbox = Trouble(Unavailable(Code.MAILBOX_UNREACHABLE), RuntimeError("a bug"))
    watch = Watch(fetcher=mailbox, every=0.01)  # type: ignore[arg-type]  # as much of a fetcher as is needed
    watch.start()
    assert mailbox.fetched.wait(60)
    watch.stop()
    assert watch.trouble is None
    alone = Trouble(Unavailable(Code.MAILBOX_UNREACHABLE))
    looking = Watch(fetcher=alone, every=1000)  # type: ignore[arg-type]  # the same
    looking.start()
    while looking.trouble is None:
        threading.Event().wait(0.01)
    looking.stop()
    assert looking.trouble.code is Code.MAILBOX_UNREACHABLE


# the command line


@pytest.fixture
def command(stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """``senim mail`` on this stage's folder: exit code, output, errors."""

    def run(*arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> tuple[int, str, str]:
        capsys.readouterr()
        with monkeypatch.context() as place:
            for name, value in {"SENIM_LANGUAGE": "en", **(environment or {})}.items():
                place.setenv(name, value)
            place.setattr(sys, "argv", ["senim", "mail", *arguments, "-C", str(stage.platform.folder)])
            place.setattr(sys, "stdin", _Stdin(stdin))
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


class _Stdin:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_letters_by_the_command_line(command: Any, server: ImapServer, stage: Stage) -> None:
    """Fetch, take, list, show, note: each says what it did; nothing of a letter is listed before it is opened."""
    server.put(DOUBT)
    assert command("poll", environment=settings_of(server))[:2] == (0, "1 letter fetched\n")
    code, listed, _ = command("list", "--json")
    (letter,) = json.loads(listed)["letters"]
    assert (code, letter["outcome"], letter["traits"]["kinds"]) == (0, "undecided", [])
    assert letter["traits"]["candidates"] == ["erase"]
    assert SENDER not in listed
    code, shown, _ = command("show", letter["id"])
    assert code == 0
    assert f"From: Анна <{SENDER}> (vouched for: unknown)" in shown
    assert "Как удалить аккаунт?" in shown
    told = json.loads(command("show", letter["id"], "--json")[1])
    assert (told["from"]["address"], told["meant"]["candidates"]) == (SENDER, ["erase"])
    assert command("decide", letter["id"], "--about", "R-2026-000001")[:2] == (0, "noted\n")
    assert command("list")[1] == "0 letters\n"
    assert "dealt with" in command("list", "--outcome", "all")[1]


def test_a_letter_from_a_pipe(command: Any, stage: Stage) -> None:
    """A mail server pipes a letter in; what cannot be kept now is to come again, and the code says so."""
    code, ident, _ = command("receive", "--to", "data@mini.example", stdin=WISH)
    assert code == 0
    senim = senim_of(stage)
    assert senim.inbox.find(senim.database, ident.strip()).outcome is Outcome.WAITING
    large = command("receive", stdin=WISH + b"x" * senim.inbox.limits.size)[1].strip()
    assert senim.inbox.find(senim.database, large).outcome is Outcome.TOO_LARGE


def test_a_folder_that_cannot_be_opened_is_tried_again(
    command: Any, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 75 tells the mail server to keep the letter."""

    def away(*_: object, **__: object) -> None:
        raise Unavailable(Code.STORAGE_UNREACHABLE)

    monkeypatch.setattr("senim.cli.mail.opened", away)
    code, _, told = command("receive", stdin=WISH)
    assert code == 75
    assert "storage_unreachable" in told


def test_wrong_use_is_told(command: Any) -> None:
    """No mailbox set, no such letter, no such outcome: told by code, exit code 1."""
    assert "mail.in.host" in command("poll")[2]
    assert "mail.in.listen" in command("listen")[2]
    assert "not_found" in command("show", "nobody")[2]
    assert "invalid_value" in command("list", "--outcome", "lost")[2]
    assert command("decide", "nobody")[0] == 1


def test_a_fetcher_is_made_of_the_settings(stage: Stage, server: ImapServer) -> None:
    """What is set reaches the mailbox."""
    with open_senim(stage.platform.folder, environment=settings_of(server, FOLDER="Requests")) as senim:
        box = mailbox(senim.settings.mail.incoming, senim.folder)
        assert box is not None
        assert (box.folder, box.user, box.port) == ("Requests", server.user, server.port)
        refused(Code.MAILBOX_MISSING, Fetcher(senim.inbox, box).fetch)
