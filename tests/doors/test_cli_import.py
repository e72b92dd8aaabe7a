"""``senim intake``: people from JSON and from CSV; what is refused is told by line, code and field, never by value."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from senim.app import open_senim
from senim.collection import Intake
from senim.collection.imports import Import as Imported
from senim.collection.imports import Line
from senim.collection.records import Progress
from senim.conformance import cast
from senim.errors import Code, Unavailable
from senim.work import Work
from tests.doors.conftest import Ran, Terminal

COLUMNS = ("identity.family", "identity.given", "contact.email", "contact.phone", "contact.note")
MARKER = "Маркеров"

Import = Callable[..., Ran]


def _row(number: int, **changed: str) -> list[str]:
    values = {
        "identity.family": cast.family(number),
        "identity.given": cast.given(number),
        "contact.email": f"person.{number}@people.example",
        "contact.phone": cast.phone(number),
        "contact.note": "",
    }
    return list({**values, **{name.replace("_", "."): value for name, value in changed.items()}}.values())


def _csv(*rows: list[str], header: tuple[str, ...] = COLUMNS, **how: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, **how).writerows([header, *rows])
    return text.getvalue().encode()


@pytest.fixture
def imported(senim: Terminal, folder: Path) -> Import:
    """Runs an import of what a file holds."""

    def run(content: bytes, *more: object) -> Ran:
        (folder / "people.csv").write_bytes(content)
        agreed = ("--point", "registration", "--consent", "orders")
        return senim("intake", "import", folder / "people.csv", "-C", folder, *agreed, *more)

    return run


def _people(folder: Path) -> int:
    with open_senim(folder, environment={}) as senim:
        return senim.subjects.count(senim.database)[0]


def _refused(folder: Path) -> list[list[str]]:
    path = folder / "people.csv.refused.csv"
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines())) if path.exists() else []


def test_everybody_in_a_file_is_taken_in_with_consent_and_source(
    senim: Terminal, imported: Import, folder: Path
) -> None:
    """More people than one transaction holds; progress goes to the error stream, the result to the other."""
    ran = imported(_csv(*(_row(number) for number in range(1, 702))), "--json")
    told = {"taken": 701, "refused": 0, "codes": {}, "before": 0, "last_line": 702, "broken": ""}
    assert (ran.code, ran.json) == (0, told)
    assert "importing" in ran.err
    found = senim("subjects", "find", "email", "--value", "person.700@people.example", "-C", folder, "--json")
    told = senim("subjects", "read", found.json["subject"], "orders", "-C", folder, "--json").json["values"]
    assert told["identity.family"]["value"] == cast.family(700)
    assert told["identity.family"]["source"] == "person"
    given = senim("consents", "list", found.json["subject"], "-C", folder, "--json").json["consents"]
    assert [(one["purpose"], one["given"], one["proven"]) for one in given] == [("orders", True, True)]
    assert not _refused(folder)


@pytest.mark.parametrize(
    ("content", "spoil"),
    [
        ("with a mark of the byte order", lambda raw: b"\xef\xbb\xbf" + raw),
        ("with the line ends of Unix", lambda raw: raw.replace(b"\r\n", b"\n")),
        ("without the last line end", lambda raw: raw.rstrip(b"\r\n")),
        ("with empty lines", lambda raw: raw.replace(b"\r\n", b"\r\n\r\n")),
        ("all in quotes", lambda raw: _csv(_row(1), _row(2), quoting=csv.QUOTE_ALL)),
        ("with semicolons, as a Russian Excel writes it", lambda raw: raw.replace(b",", b";")),
        ("with tabs", lambda raw: raw.replace(b",", b"\t")),
    ],
)
def test_a_file_may_be_written_in_all_usual_ways(
    imported: Import, folder: Path, content: str, spoil: Callable[[bytes], bytes]
) -> None:
    """The clerk's program decides how a CSV looks; the people in it are the same."""
    ran = imported(spoil(_csv(_row(1), _row(2))), "--json")
    assert (ran.code, ran.json["taken"]) == (0, 2), content
    assert _people(folder) == 2


def test_a_value_may_hold_commas_quotes_and_line_ends(senim: Terminal, imported: Import, folder: Path) -> None:
    """RFC 4180: what stands in quotes is one value; lines are counted as an editor counts them."""
    note = 'Leave it at "Bakery, 2",\nthen ring'
    ran = imported(_csv(_row(1, contact_note=note), _row(2, contact_email="no address")), "--json")
    assert (ran.code, ran.json["taken"], ran.json["refused"]) == (1, 1, 1)
    assert _refused(folder)[1] == ["4", "invalid_value", "contact.email"]
    subject = senim("subjects", "find", "email", "--value", "person.1@people.example", "-C", folder).out.strip()
    told = senim("subjects", "read", subject, "orders", "-C", folder, "--json").json["values"]
    assert told["contact.note"]["value"] == note


def test_refused_lines_are_told_by_number_code_and_field_alone(imported: Import, folder: Path) -> None:
    """mini-2: a line that may not come in leaves no value behind: not on the screen, in the report or the log."""
    rows = [
        _row(1),
        _row(2, contact_email=f"{MARKER} at home"),
        _row(3, identity_given=""),
        _row(4, contact_note=f"{MARKER}, card {cast.card(4)}"),
        _row(5, contact_note=f"{MARKER} инвалидность"),
        _row(6),
        [MARKER, MARKER],
        [*_row(8), MARKER],
    ]
    ran = imported(_csv(*rows))
    assert ran.code == 1
    assert _refused(folder) == [
        ["line", "code", "field"],
        ["3", "invalid_value", "contact.email"],
        ["4", "field_missing", "identity.given"],
        ["5", "card_number", "contact.note"],
        ["6", "special_category", "contact.note"],
        ["8", "body_malformed", ""],
        ["9", "body_malformed", ""],
    ]
    assert ran.out.startswith("2 taken in, 6 refused (body_malformed 2, ")
    assert "card_number 1" in ran.out.splitlines()[0]
    assert str(folder / "people.csv.refused.csv") in ran.out
    kept = ran.out + ran.err + (folder / "people.csv.refused.csv").read_text(encoding="utf-8")
    assert MARKER not in kept
    assert cast.card(4) not in kept
    assert _people(folder) == 2
    with open_senim(folder, environment={}) as senim:
        leaves = "".join(str(entry) for _, entry in senim.log.entries())
    assert MARKER not in leaves
    assert leaves.count("card_number") == 1


def test_what_was_refused_can_be_mended_and_taken_in_alone(imported: Import, folder: Path) -> None:
    """The report of an earlier run does not stay beside a good one."""
    assert imported(_csv(_row(1), _row(2, contact_email="x"))).code == 1
    assert _refused(folder)
    assert imported(_csv(_row(2))).code == 0
    assert not _refused(folder)
    assert _people(folder) == 2


def test_an_import_goes_on_from_a_line(imported: Import, folder: Path) -> None:
    """After a cut nobody is taken in twice: the lines before are passed over."""
    ran = imported(_csv(*(_row(number) for number in range(1, 11))), "--from-line", 8, "--json")
    assert (ran.json["taken"], ran.json["last_line"]) == (4, 11)
    assert _people(folder) == 4


def test_a_file_that_breaks_off_says_where_to_go_on(imported: Import, folder: Path) -> None:
    """What came before the break is taken in, and the line to go on with is told."""
    good = _csv(*(_row(number) for number in range(1, 604)))
    broken = good + f'"{MARKER},person,x\r\n'.encode() + _csv(_row(605))[len(_csv()) :]
    ran = imported(broken, "--json")
    assert (ran.code, ran.json["taken"]) == (1, 603)
    assert ran.json["broken"].startswith("line 60")
    assert MARKER not in ran.out + ran.err
    assert "--from-line 605" in imported(broken, "--from-line", 605).err
    assert _people(folder) == 603
    mended = broken.replace(f'"{MARKER},person,x\r\n'.encode(), _csv(_row(604))[len(_csv()) :])
    ran = imported(mended, "--from-line", ran.json["last_line"] + 1, "--json")
    assert (ran.code, ran.json["taken"], _people(folder)) == (0, 2, 605)


def test_a_file_is_taken_in_once(imported: Import, folder: Path) -> None:
    """The same command again says that it is done; only ``--again`` takes the same people in once more."""
    content = _csv(_row(1), _row(2, contact_email="x"), _row(3))
    assert imported(content, "--json").json["taken"] == 2
    again = imported(content)
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith("import_done: 20")
    assert _people(folder) == 2
    assert [line[0] for line in _refused(folder)] == ["line", "3"], "the report stays"
    (folder / "people.csv").rename(folder / "other.csv")
    assert imported(content).err.startswith("import_done: "), "under whatever name"
    once_more = imported(content, "--again", "--json").json
    assert (once_more["taken"], once_more["refused"], once_more["before"], _people(folder)) == (2, 1, 0, 4)
    assert len(_refused(folder)) == 2
    assert imported(_csv(_row(4), _row(5)), "--json").json["taken"] == 2, (
        "another file of the same name is another file"
    )


def test_an_import_that_is_cut_goes_on_with_the_same_command(
    imported: Import, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut between two transactions: the next run begins behind the last one, and the report has all refused lines."""
    content = _csv(*(_row(number, **({"contact_email": "x"} if number % 5 == 0 else {})) for number in range(1, 31)))
    take, calls = Imported.take, list[int]()

    def cut_off(self: Imported, work: Work, frame: Intake, lines: Iterable[Line]) -> Progress:
        calls.append(self.progress.next_line)
        if len(calls) == 3:
            raise Unavailable(Code.STORAGE_FULL)
        return take(self, work, frame, lines)

    monkeypatch.setattr("senim.cli.collection.BATCH", 7)
    with monkeypatch.context() as patched:
        patched.setattr(Imported, "take", cut_off)
        ran = imported(content)
    assert (ran.code, ran.out, calls) == (1, "", [2, 9, 16])
    assert ran.err.splitlines()[-1].startswith("storage_full")
    before = _people(folder)
    assert before == 12
    again = imported(content, "--again", "--json")
    assert "Going on with line 16." in again.err
    told = again.json
    assert (told["taken"], told["before"], told["refused"], told["codes"]) == (24, 12, 6, {"invalid_value": 6})
    assert [line[0] for line in _refused(folder)[1:]] == ["6", "11", "16", "21", "26", "31"]
    assert _people(folder) == 24
    assert imported(content).err.startswith("import_done")


def test_long_lines_are_taken_in_fewer_at_a_time(imported: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction is as large as memory likes it, whatever the lines hold; each line is in one of them, once."""
    content = _csv(*(_row(number) for number in range(1, 11)))
    take, parts = Imported.take, list[list[int]]()

    def noted(self: Imported, work: Work, frame: Intake, lines: Iterable[Line]) -> Progress:
        lines = list(lines)
        parts.append([number for number, _ in lines])
        return take(self, work, frame, lines)

    monkeypatch.setattr(Imported, "take", noted)
    monkeypatch.setattr("senim.cli.collection.FULL", len(content) // 4)
    assert imported(content, "--json").json["taken"] == 10
    assert [number for part in parts for number in part] == list(range(2, 12))
    assert len(parts) > 2
    assert max(len(part) for part in parts) < 5


def test_a_file_that_was_changed_after_a_cut_is_not_begun_anew(imported: Import, folder: Path) -> None:
    """Half of it is taken in: which line stands where now only the operator knows."""
    good = _csv(*(_row(number) for number in range(1, 4)))
    cut = good + b'"broken\r\n'
    assert imported(cut, "--json").json["taken"] == 3
    changed = imported(good + _csv(_row(4))[len(_csv()) :])
    assert (changed.code, changed.out) == (1, "")
    assert changed.err.startswith("import_changed: line 5:")
    assert _people(folder) == 3
    mended = imported(good + _csv(_row(4))[len(_csv()) :], "--from-line", 5, "--json")
    assert (mended.code, mended.json["taken"], _people(folder)) == (0, 1, 4)
    assert imported(_csv(_row(9)), "--json").json["taken"] == 1, "the one that was cut is settled"


def test_a_file_that_is_written_to_meanwhile_is_told(
    imported: Import, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that another program is still writing is not marked as taken in."""
    end = Imported.take

    def growing(self: Imported, work: Work, frame: Intake, lines: Iterable[Line]) -> Progress:
        with (folder / "people.csv").open("ab") as file:
            file.write(_csv(_row(2))[len(_csv()) :])
        return end(self, work, frame, lines)

    with monkeypatch.context() as patched:
        patched.setattr(Imported, "take", growing)
        ran = imported(_csv(_row(1)))
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("import_changed: line")


def test_two_who_import_the_same_file_take_nobody_in_twice(
    imported: Import, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower one is told that something changed meanwhile."""
    take, content, ran = Imported.take, _csv(_row(1), _row(2)), list[Ran]()

    def slow(self: Imported, work: Work, frame: Intake, lines: Iterable[Line]) -> Progress:
        done = take(self, work, frame, lines)
        if not ran:
            monkeypatch.setattr(Imported, "take", take)
            ran.append(imported(content, "--json"))
        return done

    monkeypatch.setattr(Imported, "take", slow)
    slower = imported(content)
    assert ran[0].json["taken"] == 2
    assert slower.code == 1
    assert "changed_meanwhile" in slower.err
    assert _people(folder) == 2


def test_a_point_that_is_not_there_is_told_with_those_that_are(senim: Terminal, folder: Path) -> None:
    """A misspelt point is mended without opening the policy."""
    (folder / "people.csv").write_bytes(_csv(_row(1)))
    ran = senim("intake", "import", folder / "people.csv", "-C", folder, "--point", "newsletter")
    assert ran.err.startswith("point_undeclared: newsletter")
    assert ran.err.endswith("known points: registration\n")


def test_lines_in_another_encoding_are_refused_one_by_one(imported: Import, folder: Path) -> None:
    """A line of Windows-1251 among UTF-8 is no reason to lose the others."""
    bad = _csv(_row(2))[len(_csv()) :].decode().replace(cast.family(2), "Пробников").encode("cp1251")
    ran = imported(_csv(_row(1)) + bad + _csv(_row(3))[len(_csv()) :], "--json")
    assert (ran.code, ran.json["taken"], ran.json["codes"]) == (1, 2, {"body_malformed": 1})
    assert _people(folder) == 2


HEADERS: tuple[tuple[bytes, str], ...] = (
    (b"", "field_missing identity.family"),
    (b"\r\n", "field_missing identity.family"),
    (_csv(header=(*COLUMNS, "contact.fax")), "category_undeclared column 6"),
    (_csv(header=(*COLUMNS, "profile.scan")), "field_not_needed profile.scan"),
    (_csv(header=(*COLUMNS, "contact.email")), "key_duplicate contact.email"),
    (_csv(header=COLUMNS[:2]), "field_missing contact.email"),
    (_csv(_row(1))[len(_csv()) :], "category_undeclared column 1"),
    (_csv(_row(1)).decode().encode("utf-16"), "body_malformed line 1"),
    (_csv(_row(1)).replace(b",", b"|"), "category_undeclared column 1"),
    (b"\x00" * 50, "category_undeclared column 1"),
)


@pytest.mark.parametrize(("content", "expected"), HEADERS)
def test_a_header_that_does_not_fit_the_point_is_refused_before_anybody_is_looked_at(
    imported: Import, folder: Path, content: bytes, expected: str
) -> None:
    """One wrong column is told once, not a million times; a first line that is a person is not repeated."""
    ran = imported(content)
    assert (ran.code, ran.out) == (1, "")
    code, _, where = expected.partition(" ")
    assert f"{code}: {where}:" in ran.err
    assert cast.family(1) not in ran.err
    assert "person.1@people.example" not in ran.err
    assert _people(folder) == 0


def test_a_header_alone_is_an_import_of_nobody(imported: Import, folder: Path) -> None:
    """An empty table is good, and says so."""
    ran = imported(_csv(), "--json")
    assert (ran.code, ran.json["taken"], _people(folder)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--point", "nowhere"), "point_undeclared"),
        (("--role", "nobody"), "role_not_allowed"),
        (("--role", "desk"), "role_not_allowed"),
        (("--consent", "/x"), "invalid_value"),
    ],
)
def test_what_is_wrong_with_the_import_as_a_whole_is_told_once(
    imported: Import, folder: Path, options: tuple[str, ...], code: str
) -> None:
    """Who may not take people in, or names a point that is none, hears it before a line is refused for it."""
    ran = imported(_csv(_row(1), _row(2)), *options)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count(code) == 1
    assert not _refused(folder)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--source", "nowhere"), "source_undeclared"),
        (("--notice", "0" * 64), "notice_outdated"),
        (("--consent", "nothing"), "purpose_undeclared"),
        (("--archive", f"{MARKER} 12"), "invalid_value"),
    ],
)
def test_nobody_comes_in_on_consents_that_cannot_stand(
    imported: Import, folder: Path, options: tuple[str, ...], code: str
) -> None:
    """Every line is refused with the reason."""
    ran = imported(_csv(_row(1), _row(2)), *options, "--json")
    assert (ran.code, ran.json["taken"], ran.json["codes"]) == (1, 0, {code: 2})
    assert _people(folder) == 0
    assert MARKER not in ran.out + ran.err


def test_one_person_comes_in_from_json(senim: Terminal, folder: Path) -> None:
    """The same body as ``POST /v1/intake``, from a file or typed in."""
    notice = senim("intake", "notice", "registration", "--language", "kk", "-C", folder, "--json").json
    body = {
        "point": "registration",
        "language": "kk",
        "notice": notice["digest"],
        "values": dict(zip(COLUMNS[:4], _row(3)[:4], strict=True)),
        "consents": [{"purpose": "orders", "given": True}],
    }
    taken = senim("intake", "add", "-C", folder, "--json", typed=json.dumps(body))
    assert taken.code == 0
    assert taken.json["stored"] == sorted(COLUMNS[:4])
    (folder / "one.json").write_text(json.dumps(body), encoding="utf-8")
    assert senim("intake", "add", folder / "one.json", "-C", folder).out.endswith("1 receipts\n")


@pytest.mark.parametrize(
    "typed", ["", "{", "[]", f'{{"{MARKER}": 1}}', f'{{"point": ["{MARKER}"]}}', '{"point": "\\ud800"}', "[" * 100_000]
)
def test_json_that_is_none_is_told_without_repeating_it(senim: Terminal, folder: Path, typed: str) -> None:
    """A mistyped body ends in a sentence."""
    ran = senim("intake", "add", "-C", folder, typed=typed)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("body_malformed")
    assert MARKER not in ran.err


def test_the_notice_can_be_printed_and_read_aloud(senim: Terminal, folder: Path) -> None:
    """travel-1: what a caller is to be told, with the digest that goes into the consent."""
    shown = senim("intake", "notice", "registration", "--language", "en", "-C", folder)
    assert shown.code == 0
    assert "[ ] " in shown.out
    assert shown.out.rstrip().splitlines()[-1].startswith("notice ")
    wrong = senim("intake", "notice", MARKER, "-C", folder)
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err.startswith("point_undeclared")
    assert MARKER not in wrong.err
