"""``senim scan``: where personal data lies in files and tables; what is not read is told, and no value is."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import sqlite3
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from senim.conformance import cast
from senim.inventory import files
from senim.languages import LANGUAGES, wording
from senim.recognisers import Kind, Why
from tests.doors.conftest import Ran, Terminal

IIN = cast.iin(77)
TEXT = f"Соколова Анна Петровна, ИИН {IIN}, тел. 8 (700) 000-00-00, anna@people.example\n"
VALUES = (IIN, "Соколова", "000-00-00", "anna@people")
KINDS = {"name": 1, "iin": 1, "phone": 1, "email": 1}

Scan = Callable[..., Ran]


@pytest.fixture
def scan(senim: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Runs ``senim scan`` in a folder of its own."""
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return lambda *arguments: senim("scan", *arguments)


def kinds(ran: Ran, name: str = "") -> dict[str, int]:
    """How much of each kind was found, in the source that ends so."""
    return {
        finding["kind"]: finding["count"]
        for source in ran.json["sources"]
        if source["name"].endswith(name)
        for finding in source["findings"]
    }


def unread(ran: Ran) -> dict[str, str]:
    """What was not read, and why."""
    return {Path(one["name"]).name: one["why"] for one in ran.json["sources"] if one["state"] != "read"}


def zipped(**members: bytes | str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), member)
    return content.getvalue()


def tarred(**members: bytes) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, member in members.items():
            info = tarfile.TarInfo(name.replace("_", "."))
            info.size = len(member)
            archive.addfile(info, io.BytesIO(member))
    return content.getvalue()


def letter() -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Анна <anna@people.example>", "Мой ИИН"
    message.set_content(f"ИИН {IIN}\n", charset="koi8-r", cte="base64")
    message.add_alternative(
        "<p>тел. 8 (700) <b>000</b>-00-00</p>", subtype="html", charset="utf-8", cte="quoted-printable"
    )
    message.add_attachment(zipped(a_txt=TEXT), maintype="application", subtype="zip", filename="a.zip")
    return message.as_bytes()


DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><w:document><w:p><w:r><w:t>ИИН </w:t></w:r><w:r><w:t>{}</w:t></w:r><w:r>'
    "<w:t>{}</w:t></w:r></w:p></w:document>"
)

READ: dict[str, tuple[bytes, dict[str, int]]] = {
    "a.txt": (TEXT.encode(), KINDS),
    "empty.txt": (b"", {}),
    "windows.txt": (TEXT.encode("cp1251"), KINDS),
    "koi.txt": ((TEXT + "Договор аренды, срок до конца года.\n" * 3).encode("koi8-r"), KINDS),
    "wide.txt": (TEXT.encode("utf-16"), KINDS),
    "wide-without-mark.txt": (TEXT.encode("utf-16-le"), KINDS),
    "no-suffix": (TEXT.encode(), KINDS),
    "people.csv": (f"fio;iin\nСоколова Анна;{IIN}\n".encode("cp1251"), {"name": 1, "iin": 1}),
    "people.json": (json.dumps({"фио": "Соколова Анна", "iin": IIN}).encode(), {"name": 1, "iin": 1}),
    "people.jsonl": (f'{{"iin":"{IIN}"}}\n{{"iin":"{IIN}"}}\n'.encode(), {"iin": 2}),
    "page.html": ("<p>8&nbsp;(700)&nbsp;<b>000</b>-00-00 &#1057;околова Анна</p>".encode(), {"phone": 1, "name": 1}),
    "letter.eml": (letter(), {**KINDS, "iin": 2, "phone": 2, "email": 2}),
    "a.txt.gz": (gzip.compress(TEXT.encode()), KINDS),
    "a.txt.bz2": (bz2.compress(TEXT.encode()), KINDS),
    "a.txt.xz": (lzma.compress(TEXT.encode()), KINDS),
    "a.zip": (zipped(in__a_txt=TEXT), KINDS),
    "a.tar": (tarred(a_txt=TEXT.encode()), KINDS),
    "a.tar.gz": (gzip.compress(tarred(a_txt=TEXT.encode())), KINDS),
    "b.zip": (zipped(inner_zip=zipped(a_txt=TEXT)), KINDS),
    "letter.docx": (zipped(word__document_xml=DOCUMENT.format(IIN[:5], IIN[5:])), {"iin": 1}),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "found"), [(name, *rest) for name, rest in READ.items()], ids=READ)
def test_files_that_are_read(scan: Scan, name: str, content: bytes, found: dict[str, int]) -> None:
    """Texts in all usual encodings, tables, mail, pages, documents and archives."""
    Path(name).write_bytes(content)
    ran = scan(name, "--json")
    assert ran.code == 0
    totals: dict[str, int] = ran.json["by_kind"]
    assert totals == found
    assert unread(ran) == {}
    assert ran.json["bytes"] == len(content)


def _locked() -> bytes:
    """A zip whose one member claims to be locked with a password."""
    content = bytearray(zipped(a_txt=TEXT))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


UNREAD = {
    "a.png": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "binary"),
    "a.bin": (b"\x01\x02\x00\x03" * 50, "binary"),
    "a.pdf": (b"%PDF-1.7\n", "pdf"),
    "a.db": (b"SQLite format 3\x00" + b"\x00" * 50, "database_file"),
    "cut.txt.gz": (gzip.compress(TEXT.encode() * 2_000)[:-50], "broken"),
    "no.txt.gz": (b"\x1f\x8b\x08\x00nothing of the kind", "broken"),
    "no.txt.bz2": (b"BZhnothing of the kind", "broken"),
    "cut.zip": (zipped(a_txt=TEXT)[:-30], "broken"),
    "locked.zip": (_locked(), "encrypted"),
    "deep.zip": (zipped(a_zip=zipped(b_zip=zipped(c_zip=zipped(a_txt=TEXT)))), "too_deep"),
}


@pytest.mark.parametrize(("name", "content", "why"), [(name, *rest) for name, rest in UNREAD.items()], ids=UNREAD)
def test_what_is_not_read_is_told(scan: Scan, name: str, content: bytes, why: str) -> None:
    """With its reason, in JSON, on the terminal and in the report; the search goes on."""
    Path(name).write_bytes(content)
    Path("z.txt").write_text(TEXT, encoding="utf-8")
    ran = scan(".", "--json")
    assert ran.code == 0
    assert list(unread(ran).values()) == [why]
    assert kinds(ran, "z.txt") == KINDS
    shown = scan(".")
    assert wording("scan")[f"source-{why}"].en in shown.err


def test_links_pipes_and_missing_files_are_told(scan: Scan, tmp_path: Path) -> None:
    """Nothing is left out silently; links lead nowhere, were it to themselves."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text(TEXT, encoding="utf-8")
    Path("folder-link").symlink_to(outside)
    Path("round").symlink_to(".")
    Path("file-link").symlink_to(outside / "a.txt")
    os.mkfifo("pipe")
    ran = scan(".", "gone.txt", "--json")
    assert unread(ran) == {
        "folder-link": "link", "round": "link", "file-link": "link", "pipe": "special", "gone.txt": "gone",
    }  # fmt: skip
    assert ran.json["found"] == 0
    assert kinds(scan("file-link", "--json")) == KINDS


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name of a file is text")
def test_names_of_files_need_not_be_text(scan: Scan) -> None:
    """A file that somebody named in another encoding is searched like all, and told by every kind of report."""
    Path(os.fsdecode("список.txt".encode("cp1251"))).write_text(TEXT, encoding="utf-8")
    ran = scan(".", "--json", "--report", "report.html")
    assert ran.code == 0, ran.err
    assert kinds(ran) == KINDS
    assert "\\udcf1" in ran.json["sources"][0]["name"]
    assert "udcf1" in Path("report.html").read_text(encoding="utf-8")
    assert "udcf1" in scan(".").out


def test_what_may_not_be_opened_is_told(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next file is read."""
    Path("a.txt").write_text(TEXT, encoding="utf-8")
    Path("b.txt").write_text(TEXT, encoding="utf-8")
    opened = Path.open

    def refuse(path: Path, *rest: Any, **more: Any) -> Any:
        if path.name == "a.txt":
            raise PermissionError(13, "refused", str(path))
        return opened(path, *rest, **more)

    monkeypatch.setattr(Path, "open", refuse)
    ran = scan(".", "--json")
    assert unread(ran) == {"a.txt": "no_permission"}
    assert kinds(ran, "b.txt") == KINDS


def test_a_bomb_is_not_unpacked(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to far more than it weighs is left, and told; what came before it counts."""
    monkeypatch.setattr(files, "_SPARE", 1_000_000)
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = bomb.compress(TEXT.encode() + b"\n" * 20_000_000) + bomb.flush()
    Path("bomb.gz").write_bytes(packed)
    ran = scan("bomb.gz", "--json")
    assert unread(ran) == {"bomb.gz!bomb": "too_much"}
    assert kinds(ran) == KINDS


def test_no_value_is_told(scan: Scan, tmp_path: Path) -> None:
    """Neither on the terminal nor in JSON nor in the report: kinds, places and numbers."""
    Path("a.txt").write_text(f"\n\n{TEXT}", encoding="utf-8")
    Path("b.csv").write_text(f"fio,iin\nСоколова Анна,{IIN}\n", encoding="utf-8")
    report = tmp_path / "report.html"
    texts = [scan(".").out, scan(".").err, scan(".", "--json").out]
    scan(".", "--report", report)
    texts.append(report.read_text(encoding="utf-8"))
    for text in texts:
        assert [value for value in VALUES if value in text] == []
    assert re.search(r"IIN\s+99%\s+line 3:29", texts[0])
    assert re.search(r"IIN\s+99%\s+iin, row 2", texts[0])
    shown = scan(".", "--samples", "1").out
    assert f"{IIN[0]}••••••••••{IIN[-1]}" in shown
    assert [value for value in VALUES if value in shown] == []


def test_exit_codes(scan: Scan) -> None:
    """0 when it is done; 1 if something is found and that was to fail; 2 for wrong use."""
    Path("a.txt").write_text(TEXT, encoding="utf-8")
    Path("b.txt").write_text("nothing", encoding="utf-8")
    assert scan("a.txt").code == 0
    assert scan("a.txt", "--fail-on-found").code == 1
    assert scan("b.txt", "--fail-on-found").code == 0
    assert scan("b.txt", "gone.txt", "--fail-on-found").code == 1, "a gate that looked at nothing"
    assert scan("a.txt", "--kinds", "card,iban", "--fail-on-found").code == 0
    assert scan().code == 2
    assert scan("a.txt", "--kinds", "nothing").code == 2


def test_only_what_is_asked_for(scan: Scan) -> None:
    """Kinds and confidence."""
    Path("a.txt").write_text(f"{TEXT}Грейс Соколова, 192.0.2.1", encoding="utf-8")
    assert kinds(scan("a.txt", "--json", "--kinds", "iin, phone")) == {"iin": 1, "phone": 1}
    assert "ip" not in kinds(scan("a.txt", "--json", "--sure", "0.95"))


class _Page(HTMLParser):
    """What a report shows, and whether anything in it leads out of it."""

    def __init__(self) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.leads += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "action")]
        self.leads += [tag] if tag in ("script", "link", "iframe", "img") else []
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_needs_nothing_else(scan: Scan, tmp_path: Path) -> None:
    """One page in three languages, without scripts or addresses; names of files are text in it."""
    Path("<script>alert(1)<").mkdir()
    Path("<script>alert(1)</a.txt").write_text(TEXT, encoding="utf-8")
    Path("b.pdf").write_bytes(b"%PDF-1.7")
    report = tmp_path / "report.html"
    scan(".", "--report", report)
    text = report.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.leads == []
    assert page.open == []
    assert "<script" not in text
    words = wording("scan")
    for language in LANGUAGES:
        for name in ("title", "kind-iin", "why-check_digit", "source-pdf", "no-values"):
            assert words[name].in_(language) in text
    assert scan("b.pdf", "--report", report).code == 0
    assert words["nothing"].kk in report.read_text(encoding="utf-8")


def test_every_word_is_there() -> None:
    """Kinds, grounds and reasons are all worded."""
    words = wording("scan")
    from senim.inventory import Why as Unread

    needed = {f"kind-{kind}" for kind in Kind} | {f"why-{why}" for why in Why} | {f"source-{why}" for why in Unread}
    assert needed - set(words) == set()


# databases


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a shop's database: customers, orders that nobody is in, and notes."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'shop.db'}"
    else:
        url = request.getfixturevalue("new_postgres")().replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE shop_customers (id INTEGER, familiya VARCHAR(50), tel_mob VARCHAR(20), iin BIGINT, photo {})",
            'CREATE TABLE "shop Orders" (no VARCHAR(20), total NUMERIC(10,2))',
            "CREATE TABLE shop_notes (id INTEGER, body TEXT)",
        ):
            binary = "BYTEA" if request.param == "postgresql" else "BLOB"
            connection.execute(sa.text(statement.format(binary)))
        for number in range(1_200):
            row = {
                "id": number,
                "f": "Соколова",
                "t": f"700000{number:04d}",
                "iin": int(cast.iin(number)),
                "p": b"\x00",
            }
            connection.execute(sa.text("INSERT INTO shop_customers VALUES (:id, :f, :t, :iin, :p)"), row)
        connection.execute(sa.text("INSERT INTO \"shop Orders\" VALUES ('7000000000', 12990.00)"))
        connection.execute(sa.text("INSERT INTO shop_notes VALUES (1, :body), (2, NULL)"), {"body": TEXT})
    engine.dispose()
    return url


def test_tables(scan: Scan, shop: str) -> None:
    """Every column is guessed by name and values, and searched; nothing is written."""
    ran = scan("--url", shop, "--table", "shop*", "--json")
    assert ran.code == 0
    found = {(one["column"], one["kind"]): one["count"] for source in ran.json["sources"] for one in source["findings"]}
    assert found == {
        ("familiya", "family"): 1_200, ("tel_mob", "phone"): 1_200, ("iin", "iin"): 1_200, ("body", "name"): 1,
        ("body", "iin"): 1, ("body", "phone"): 1, ("body", "email"): 1,
    }  # fmt: skip
    assert ran.json["rows"] == 1_203
    assert unread(ran) == {"shop_customers": "binary_columns"}
    assert [value for value in VALUES if value in ran.out + ran.err] == []


def test_only_some_tables_and_rows(scan: Scan, shop: str) -> None:
    """A sample says that it is one."""
    ran = scan("--url", shop, "--table", "shop_c*", "--rows", "100", "--json")
    assert kinds(ran) == {"family": 100, "phone": 100, "iin": 100}
    assert unread(ran) == {"shop_customers": "sampled"}
    assert scan("--url", shop, "--table", "nothing", "--json").json["sources"] == []


def test_the_address_may_be_in_the_environment(scan: Scan, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where other users of the machine do not see its password."""
    monkeypatch.setenv("SENIM_SCAN_URL", shop)
    assert kinds(scan("--table", "shop_notes", "--json")) == KINDS
    Path("b.txt").write_text("nothing", encoding="utf-8")
    assert scan("b.txt", "--json").json["rows"] == 0  # who names files means files


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush-hush@127.0.0.1:1/shop",
        "sqlite:////nowhere/hush-hush.db",
        "nothing://hush-hush",
        "hush-hush",
    ],
)
def test_a_database_that_cannot_be_opened(scan: Scan, url: str) -> None:
    """Is refused without its address; a file that is not there is not made."""
    ran = scan("--url", url)
    assert ran.code == 1
    assert "hush-hush" not in ran.out + ran.err
    assert not Path("hush-hush").exists()


def test_a_table_that_cannot_be_read(scan: Scan, new_postgres: Callable[[], str]) -> None:
    """A role that may not read it is told so; the other tables are read."""
    url = new_postgres().replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url)
    role = f"reader_{engine.url.database}"
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE open_notes (note TEXT)", "CREATE TABLE own_notes (note TEXT)", f"CREATE ROLE {role} LOGIN",
            f"GRANT SELECT ON open_notes TO {role}",
        ):  # fmt: skip
            connection.execute(sa.text(statement))
        connection.execute(sa.text("INSERT INTO open_notes VALUES (:text)"), {"text": TEXT})
    try:
        ran = scan("--url", engine.url.set(username=role), "--table", "*_notes", "--json")
        assert unread(ran) == {"own_notes": "table"}
        assert kinds(ran, "open_notes") == KINDS
        assert scan("--url", engine.url.set(username=role), "--table", "own_notes").err.count("refused") == 1
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP OWNED BY {role}"))
            connection.execute(sa.text(f"DROP ROLE {role}"))
        engine.dispose()


def test_a_broken_database_is_told(scan: Scan, tmp_path: Path) -> None:
    """And nothing that stands in it."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE a (note TEXT)")
        connection.execute("INSERT INTO a VALUES (?)", (TEXT,))
    connection.close()
    content = bytearray(path.read_bytes())
    content[100:120] = b"x" * 20
    path.write_bytes(content)
    ran = scan("--url", f"sqlite:///{path}")
    assert ran.code == 1
    assert "storage_corrupt" in ran.err
    assert "Соколова" not in ran.err
