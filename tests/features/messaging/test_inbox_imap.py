"""A mailbox is fetched by IMAP: nothing is lost and nothing comes twice, whatever the server does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from senim.app import Senim
from senim.errors import Code, Unavailable
from senim.messaging.inbox_imap import Fetcher, _utf7
from senim.messaging.inbox_records import MailBox, Outcome
from senim.testing import Stage
from tests.features.acting import refused, senim_of
from tests.features.messaging.inbox_server import ImapServer
from tests.unit.messaging.letters import written

LETTERS = [written(f"Письмо номер {number}.", subject=f"Письмо {number}") for number in range(5)]


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as server:
        yield server


@pytest.fixture
def senim(stage: Stage) -> Senim:
    return senim_of(stage)


def fetcher(senim: Senim, server: ImapServer, **changed: str) -> Fetcher:
    box = {"user": server.user, "password": server.password, "folder": "INBOX", **changed}
    return Fetcher(senim.inbox, MailBox(host="127.0.0.1", port=server.port, security="none", timeout=60, **box))


def here(senim: Senim) -> list[str]:
    """The subjects of what is here, in the order in which it came."""
    work = senim.works.begin(senim.actor())
    found = sorted(senim.inbox.list(senim.database), key=lambda one: one.id)
    return [senim.inbox.open(work, one.id)[1].subject for one in found]


def subjects(*numbers: int) -> list[str]:
    return [f"Письмо {number}" for number in numbers]


def test_new_letters_are_fetched_once_and_marked_as_seen(senim: Senim, server: ImapServer) -> None:
    """Every letter is here, in order, and seen at the server; the next look brings only what is new."""
    server.put(*LETTERS[:3])
    box = fetcher(senim, server)
    assert box.fetch() == 3
    assert here(senim) == subjects(0, 1, 2)
    assert [one.seen for one in server.letters] == [True] * 3
    assert box.fetch() == 0
    server.put(LETTERS[3])
    assert box.fetch() == 1
    assert here(senim) == subjects(0, 1, 2, 3)


def test_what_somebody_looked_at_is_fetched_all_the_same(senim: Senim, server: ImapServer) -> None:
    """A letter that was opened in a mail program before we came is a request like any other."""
    server.put(LETTERS[0])
    server.letters[0].seen = True
    assert fetcher(senim, server).fetch() == 1


def test_a_letter_is_seen_only_when_it_is_durable(
    senim: Senim, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the database cannot keep a letter it stays unseen at the server, and is fetched next time."""
    server.put(*LETTERS[:2])
    with monkeypatch.context() as broken:
        broken.setattr(type(senim.database), "commit", _full)
        refused(Code.STORAGE_FULL, fetcher(senim, server).fetch)
    assert [one.seen for one in server.letters] == [False, False]
    assert fetcher(senim, server).fetch() == 2
    assert here(senim) == subjects(0, 1)


def _full(*_: object) -> None:
    raise Unavailable(Code.STORAGE_FULL)


@pytest.mark.parametrize(
    "after", [0, 1, len(LETTERS[0]) - 1, len(LETTERS[0]), len(LETTERS[0]) + 10, 2 * len(LETTERS[0])]
)
def test_a_connection_cut_in_the_middle_loses_nothing(senim: Senim, server: ImapServer, after: int) -> None:
    """At whatever byte the server goes away: what came whole stays, the rest is fetched next time, nothing twice."""
    server.put(*LETTERS)
    server.cut_after = after
    refused(Code.MAILBOX_UNREACHABLE, fetcher(senim, server).fetch)
    kept = len(senim.inbox.list(senim.database))
    assert kept == min(after // len(LETTERS[0]), 2)
    assert fetcher(senim, server).fetch() == 5 - kept
    assert here(senim) == subjects(0, 1, 2, 3, 4)


def test_a_mailbox_made_anew_brings_nothing_twice(senim: Senim, server: ImapServer) -> None:
    """With another UIDVALIDITY everything is fetched again; what is here is recognised, what is new is kept."""
    server.put(*LETTERS[:3])
    fetcher(senim, server).fetch()
    server.letters.pop(0)
    server.made_anew()
    server.put(LETTERS[3])
    assert fetcher(senim, server).fetch() == 3
    assert here(senim) == subjects(0, 1, 2, 3)
    assert fetcher(senim, server).fetch() == 0


def test_a_letter_deleted_meanwhile_is_passed_over(senim: Senim, server: ImapServer) -> None:
    """What somebody deletes while we fetch does not hold up what comes behind it."""
    server.put(*LETTERS[:3])
    server.vanished = {2}
    assert fetcher(senim, server).fetch() == 2
    assert here(senim) == subjects(0, 2)
    assert fetcher(senim, server).fetch() == 0


def test_a_letter_that_is_too_large_is_not_fetched(senim: Senim, server: ImapServer) -> None:
    """Of a letter beyond the limit only the head is asked for; staff see that it came, and the next one is fetched."""
    server.put(written("x", subject="Большое") + b"x" * senim.inbox.limits.size, LETTERS[1])
    assert fetcher(senim, server).fetch() == 2
    assert {one.outcome for one in senim.inbox.list(senim.database)} == {Outcome.TOO_LARGE, Outcome.WAITING}
    assert here(senim) == ["Большое", "Письмо 1"]
    assert not any("1 (UID BODY.PEEK[])" in line for line in server.log)


def test_two_that_fetch_at_once_keep_every_letter_once(senim: Senim, server: ImapServer) -> None:
    """Several processes may look into one mailbox."""
    server.put(*LETTERS)
    one, other = fetcher(senim, server), fetcher(senim, server)
    taken = iter([False, False, True])
    one.fetch(lambda: next(taken))
    assert other.fetch() == 3
    assert here(senim) == subjects(0, 1, 2, 3, 4)


def test_servers_that_are_not_there_are_told(senim: Senim, server: ImapServer) -> None:
    """A wrong password, a folder that is not there, a server that hangs up or is gone: each is told by its code."""
    refused(Code.MAILBOX_SIGN_IN, fetcher(senim, server, password="wrong").fetch)
    refused(Code.MAILBOX_MISSING, fetcher(senim, server, folder="Requests").fetch)
    server.deaf = True
    refused(Code.MAILBOX_UNREACHABLE, fetcher(senim, server).fetch)
    with ImapServer() as gone:
        box = fetcher(senim, gone)
    refused(Code.MAILBOX_UNREACHABLE, box.fetch)
    assert server.password not in repr(MailBox(host="127.0.0.1", password=server.password))


def test_only_an_encrypted_connection_is_used_where_one_is_wanted(senim: Senim, server: ImapServer) -> None:
    """A server without TLS is not spoken to in clear instead: no password is sent."""
    for security in ("tls", "starttls"):
        box = MailBox(host="127.0.0.1", port=server.port, security=security, user="x", password="y", timeout=5)
        refused(Code.MAILBOX_UNREACHABLE, Fetcher(senim.inbox, box).fetch)
    assert "LOGIN" not in server.log


@pytest.mark.parametrize(
    ("name", "written_as"),
    [
        ("INBOX", "INBOX"),
        ("A&B", "A&-B"),
        ('a"b', 'a\\"b'),
        ("Входящие", "&BBIERQQ+BDQETwRJBDgENQ-"),
        ("日本", "&ZeVnLA-"),
    ],
)
def test_folders_are_named_as_imap_names_them(name: str, written_as: str) -> None:
    """Names in Cyrillic are written in the way of RFC 3501 §5.1.3."""
    assert _utf7(name) == written_as
