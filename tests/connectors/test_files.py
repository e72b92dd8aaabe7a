"""Files of people: what is not the person's stays byte for byte, and a file is new as a whole or not at all."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from senim.connectors.files import FilesConnector, place_of
from senim.connectors.files.signing import NOTHING, Credentials, authorization
from senim.connectors.records import Act, Trouble, Wish, WishKind
from senim.errors import Code, Held, Invalid, Unavailable
from senim.testing import FixedClock
from tests.connectors import store
from tests.connectors.places import FILES, SECRET, customers_csv, map_of, orders_jsonl, packed

WHO = {"email": ("aigerim@example.kz",)}
ERASE = Wish(kind=WishKind.ERASE)
MAP = """
senim-map: 1
system: {{name: lists, kind: files, url-env: LISTS}}
tables:
  "{name}":
    {{person: {{email: email}}, columns: {{email: {{is: contact.email}}, name: {{is: identity.given}}}}, {more}}}
"""


def made(folder: Path, clock: FixedClock, name: str = "people*", more: str = "") -> FilesConnector:
    """A connector to a folder with one kind of file."""
    source = MAP.format(name=name, more=more or "plain: [id]")
    return FilesConnector(map_of(source), place_of(str(folder), where="lists"), secret=SECRET, now=clock)


def erased(folder: Path, clock: FixedClock, content: bytes, *, name: str = "people.csv", more: str = "") -> bytes:
    """What is left of a file when the person is erased from it."""
    (folder / name).write_bytes(content)
    connector = made(folder, clock, more=more)
    plan = connector.plan(WHO, ERASE)
    assert [one for one in plan.problems if one.blocking] == []
    connector.execute(plan, WHO, order="018f-order")
    return (folder / name).read_bytes()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"id,email,name\r\n1,aigerim@example.kz,A\r\n2,b@x.kz,B\r\n", b"id,email,name\r\n2,b@x.kz,B\r\n"),
        (b'id;email;name\n1;AIGERIM@example.kz;"A\nB"\n2;b@x.kz;"C ""D"""', b'id;email;name\n2;b@x.kz;"C ""D"""'),
        (b"\xef\xbb\xbfemail\tname\naigerim@example.kz\tA\n\n", b"\xef\xbb\xbfemail\tname\n\n"),
        (b"email,name\nbroken\nb@x.kz,B,C\naigerim@example.kz,A\n", b"email,name\nbroken\nb@x.kz,B,C\n"),
        (b'email,name\n"open,B\naigerim@example.kz,A\nb@x.kz,B\n', b'email,name\n"open,B\nb@x.kz,B\n'),
        (b"email,name\naigerim@example.kz,A\nb@x.kz,\xff\xfe\n", b"email,name\nb@x.kz,\xff\xfe\n"),
        (b"email,name\rb@x.kz,B\raigerim@example.kz,A\r", b"email,name\rb@x.kz,B\r"),
    ],
)
def test_other_rows_stay_byte_for_byte(tmp_path: Path, clock: FixedClock, before: bytes, after: bytes) -> None:
    """Quotes, ends of lines, BOM, bytes that are no text, lines that nobody understands: all as they were."""
    assert erased(tmp_path, clock, before) == after


@pytest.mark.parametrize("encoding", ["utf-16", "windows-1251"])
def test_other_encodings_are_read_and_written(tmp_path: Path, clock: FixedClock, encoding: str) -> None:
    """Text that is not UTF-8 stays in its encoding."""
    before = "email,name\nb@x.kz,Болат\naigerim@example.kz,Аня\n"
    left = erased(tmp_path, clock, before.encode(encoding), more=f"encoding: {encoding}")
    assert left == "email,name\nb@x.kz,Болат\n".encode(encoding)


def test_json_lines_keep_their_numbers(tmp_path: Path, clock: FixedClock) -> None:
    """An emptied row keeps the form of its numbers and its blanks; inner values are reached by their path."""
    before = (
        b'{"email": "aigerim@example.kz", "name": "A", "sum": 1.10, "big": 12345678901234567890}\n{"email":"b@x.kz"}\n'
    )
    left = erased(tmp_path, clock, before, name="people.jsonl", more="act: blank, plain: [sum, big]")
    assert left == b'{"email": null, "name": null, "sum": 1.10, "big": 12345678901234567890}\n{"email":"b@x.kz"}\n'


def test_acts_of_the_map_are_carried_out(tmp_path: Path, clock: FixedClock) -> None:
    """Pseudonyms are the same for the same value and say nothing; what a law keeps stays, with its day."""
    more = "act: depersonalise, plain: [day], keep: {tax: {for: 5 years, act: Tax Code, since: day}}"
    before = b"email,name,day\naigerim@example.kz,A,2019-01-01\naigerim@example.kz,A,01.02.2026\n"
    (tmp_path / "people.csv").write_bytes(before)
    connector = made(tmp_path, clock, more=more)
    plan = connector.plan(WHO, ERASE)
    acts = {one.act: one for one in plan.steps}
    keep = acts[Act.KEEP].keep
    assert keep is not None
    assert str(keep.until) == "2031-02-01"
    connector.execute(plan, WHO, order="018f-order")
    _, gone, kept = (tmp_path / "people.csv").read_bytes().splitlines()
    assert kept == b"aigerim@example.kz,A,01.02.2026"
    assert gone.count(b"person-") == 2
    rescan = connector.rescan(WHO)
    assert rescan.clean
    assert [one.keep.name for one in rescan.left if one.keep] == ["tax"]


def test_a_file_that_changes_meanwhile_is_left_alone(tmp_path: Path, clock: FixedClock) -> None:
    """Somebody wrote it between our reading and our writing: nothing is lost, and it is done with the next try."""
    path = tmp_path / "people.csv"
    path.write_bytes(b"email,name\naigerim@example.kz,A\n")
    connector = made(tmp_path, clock)
    plan = connector.plan(WHO, ERASE)
    sync, first = os.fsync, [True]

    def meanwhile(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink().name == "people.csv.senim-draft" and first.pop():
            path.write_bytes(b"email,name\naigerim@example.kz,A\nnew@x.kz,N\n")
        sync(handle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", meanwhile)
        with pytest.raises(Held) as held:
            connector.execute(plan, WHO, order="018f-order")
    assert held.value.code is Code.CHANGED_MEANWHILE
    assert path.read_bytes().endswith(b"new@x.kz,N\n")
    assert sorted(one.name for one in tmp_path.iterdir()) == [".senim", "people.csv"]
    receipt = connector.execute(plan, WHO, order="018f-order")
    assert [one.rows for one in receipt.steps] == [1]
    assert path.read_bytes() == b"email,name\nnew@x.kz,N\n"


def test_the_new_file_has_the_rights_of_the_old(tmp_path: Path, clock: FixedClock) -> None:
    """Who could not read the list before cannot now."""
    (tmp_path / "people.csv").write_bytes(b"")
    (tmp_path / "people.csv").chmod(0o640)
    erased(tmp_path, clock, b"email,name\naigerim@example.kz,A\n")
    assert (tmp_path / "people.csv").stat().st_mode & 0o777 == 0o640


def test_everything_is_searched_again(tmp_path: Path, clock: FixedClock) -> None:
    """A column and a file that the map forgot, a broken line, a picture: found, or named as not looked into."""
    (tmp_path / "people.csv").write_bytes(
        b'email,name,note\nb@x.kz,B,write to Aigerim@Example.kz\n"aigerim@example.kz\n'
    )
    (tmp_path / "old.csv.gz").write_bytes(gzip.compress(b"mail\naigerim@example.kz\n"))
    (tmp_path / "scan of aigerim@example.kz.pdf").write_bytes(b"%PDF")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(os.urandom(9000))[:4000])
    rescan = made(tmp_path, clock).rescan(WHO)
    found = {(one.table, one.column, one.mapped) for one in rescan.left}
    assert found == {("people*", "note", False), ("people*", "*", False), ("old.csv.gz", "mail", False)}
    lost = {one.why for one in rescan.not_reached}
    assert lost == {Trouble.BINARY, Trouble.LINES_BROKEN}
    assert "aigerim" not in str(rescan)
    assert not rescan.complete


def test_a_broken_file_blocks_the_plan(tmp_path: Path, clock: FixedClock) -> None:
    """What cannot be read to its end is not written anew."""
    (tmp_path / "people.csv.gz").write_bytes(gzip.compress(os.urandom(90_000))[:60_000])
    plan = made(tmp_path, clock).plan(WHO, ERASE)
    assert Trouble.LINES_BROKEN in [one.code for one in plan.problems if one.blocking]


@pytest.mark.parametrize("url", ["lists", "http://x/y", "s3+http://k:s@far.example/b", "s3://host/b", "s3://k:s@h/"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A folder from the root or a store over TLS; the address is not repeated."""
    with pytest.raises(Invalid):
        place_of(url, where="lists")


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "body", "signature"),
    [
        ("GET", "/test.txt", {}, {"Range": "bytes=0-9"}, NOTHING,
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("PUT", "/test%24file.text", {}, {"Date": "Fri, 24 May 2013 00:00:00 GMT",
         "x-amz-storage-class": "REDUCED_REDUNDANCY"},
         "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        ("GET", "/", {"lifecycle": ""}, {}, NOTHING,
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("GET", "/", {"max-keys": "2", "prefix": "J"}, {}, NOTHING,
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)  # fmt: skip
def test_requests_are_signed_as_aws_publishes(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: str, signature: str
) -> None:
    """The four examples of "Authenticating Requests: Using the Authorization Header" in the S3 API reference."""
    example = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    at = datetime(2013, 5, 24, tzinfo=UTC)
    told = {"Host": "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z", "x-amz-content-sha256": body}
    header = authorization(example, method, path, query, {**told, **headers}, at=at, body=body)
    assert header.endswith(f"Signature={signature}")
    assert "wJalr" not in repr(example)


def test_a_store_compares_before_it_puts(clock: FixedClock) -> None:
    """Somebody put another file meanwhile: ours is refused by the store, theirs stays."""
    bucket = store.Store()
    bucket.objects["/lists/shop/customers.csv"] = (customers_csv().encode(), {})
    bucket.objects["/lists/shop/orders.jsonl.gz"] = (packed(orders_jsonl()), {})
    with store.served(bucket) as url:
        connector = FilesConnector(map_of(FILES), place_of(url, where="shop", now=clock), secret=SECRET, now=clock)
        plan = connector.plan(WHO, ERASE)
        bucket.before_put = "/lists/shop/customers.csv"
        with pytest.raises(Held):
            connector.execute(plan, WHO, order="018f-order")
        assert bucket.objects["/lists/shop/customers.csv"][0] == b"email\nsomebody.new@example.kz\n"


def test_a_file_that_is_cut_off_is_not_taken_for_a_shorter_one(clock: FixedClock) -> None:
    """The store's answer ends early: an error, and nothing is written."""
    bucket = store.Store()
    bucket.objects["/lists/shop/customers.csv"] = (customers_csv().encode(), {})
    with store.served(bucket) as url:
        connector = FilesConnector(map_of(FILES), place_of(url, where="shop", now=clock), secret=SECRET, now=clock)
        bucket.cut.add("/lists/shop/customers.csv")
        with pytest.raises(Unavailable) as raised:
            connector.plan(WHO, ERASE)
    assert raised.value.code is Code.SYSTEM_UNREACHABLE
