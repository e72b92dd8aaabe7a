"""Whatever is wrong with a policy file is told with its line, its column and what to do; all of it in one run."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from senim.errors import Code
from senim.languages import Hint
from senim.policy import Fault
from senim.policy.file import MOST_BYTES, MOST_DEPTH, parse
from senim.policy.unreadable import why
from tests.unit.made import MINI, looked_at

TEXT = MINI.decode()


def place(text: str, marker: str) -> tuple[int, int]:
    """Line and column of a piece of a text, from 1."""
    at = text.index(marker)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def one_fault(source: bytes) -> Fault:
    (fault,) = looked_at(source).faults
    return fault


UNREADABLE = {
    "a control character": (b"a: 1\nb: x\x07y\n", 2, 5), "a NUL": (b"a: 1\n\x00\n", 2, 1),
    "a tab for indentation": (b"a:\n\tb: 1\n", 2, 1), "a bracket left open": (b"a: [1, 2\nb: 3", 2, 2),
    "no UTF-8": (b"a: 1\nb: 2\n\xff\xfe", 3, 1), "UTF-16": ("a: 1".encode("utf-16"), 1, 1),
    "windows-1251": ("a: 1\ntitle: Политика".encode("cp1251"), 2, 1), "nothing": (b"", 1, 1),
    "comments only": (b"# nothing\n", 1, 1), "an alias to nowhere": (b"a: 1\nb: *x", 2, 4),
    "two documents": (b"a: 1\n---\nb: 2", 2, 1), "an unknown escape": (b'a: "\\q"', 1, 5),
    "half a pair": (b'a: "\\ud800"', 1, 7), "another YAML": (b"%YAML 9.9\n---\na: 1", 1, 1),
    "two keys in a line": (b"a: b: c", 1, 5), "deep nesting": (b"a:\n - " + b"[" * 60 + b"]" * 60, 2, 42),
    "deep nesting by indentation": ("".join(f"{' ' * n}a:\n" for n in range(60)).encode(), 41, 41),
    "a long row of brackets": (b"[" * 900, 1, MOST_DEPTH + 1),
}  # fmt: skip


@pytest.mark.parametrize(("source", "line", "column"), UNREADABLE.values(), ids=UNREADABLE)
def test_broken_files(source: bytes, line: int, column: int) -> None:
    """A file that is no YAML is told with the place where it stops being it."""
    fault = one_fault(source)
    assert fault.code is Code.POLICY_UNREADABLE
    assert fault.hint
    assert (fault.line, fault.column) == (line, column)


@pytest.mark.parametrize("source", [one for one, _, _ in UNREADABLE.values()], ids=UNREADABLE)
def test_what_is_no_yaml_is_told_in_words_of_ours(source: bytes) -> None:
    """The library's own are English, and say what it expected instead of what to do."""
    hint = one_fault(source).hint
    assert hint
    assert hint.key != "yaml"


def test_where_we_have_no_words_those_of_the_library_are_quoted() -> None:
    """In a sentence of the reader's language, and without the line of the file, which may hold anything."""
    error = yaml.MarkedYAMLError("while dreaming", None, "found a sheep\n  in line 3")
    assert why(error) == Hint("yaml", says="while dreaming found a sheep")
    assert why(yaml.YAMLError("odd\nand more")).sentences("ru").endswith("сообщает: «odd».")


def test_an_endless_row_of_brackets() -> None:
    """Newer releases of libyaml end it before we do; the file is refused all the same, at its first line."""
    fault = one_fault(b"[" * 100_000)
    assert (fault.code, fault.line) == (Code.POLICY_UNREADABLE, 1)
    assert fault.hint


def test_a_file_of_fifty_megabytes() -> None:
    """A file that is far too large is refused before it is read."""
    assert one_fault(b"a: 1\n" * 10_000_000).code is Code.POLICY_TOO_LARGE
    assert one_fault(b"#" * (MOST_BYTES + 1)).code is Code.POLICY_TOO_LARGE
    assert one_fault(b"#" * MOST_BYTES).code is Code.POLICY_UNREADABLE, "the largest that is read is only empty"


def test_aliases_that_blow_up() -> None:
    """A small file that unfolds to millions of parts is refused (“billion laughs”)."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    _, faults = parse("\n".join(lines).encode())
    assert [fault.code for fault in faults] == [Code.POLICY_TOO_LARGE]
    assert faults[0].line >= 1


@pytest.mark.parametrize("source", [b"a: &x [*x]", b"a: &x {b: *x}", b"&x [[[*x]]]", b"a: &x {b: &y {c: *x}}"])
def test_aliases_that_bite_their_tail(source: bytes) -> None:
    """A part that contains itself is told, with its place."""
    _, faults = parse(source)
    assert [fault.code for fault in faults] == [Code.REFERENCE_CYCLIC]
    assert faults[0].line == 1


def test_aliases_that_only_repeat_are_good() -> None:
    """An act that is written once and used twice is no circle."""
    node, faults = parse(b"a: &x {b: 1}\nc: *x\nd: [*x, *x]")
    assert node is not None
    assert not faults


def test_a_byte_order_mark_does_no_harm() -> None:
    """Notepad's mark at the beginning is no fault; windows' line ends are none either."""
    assert looked_at(b"\xef\xbb\xbf" + MINI).ok
    assert looked_at(MINI.replace(b"\n", b"\r\n")).ok


@given(st.binary(max_size=200))
def test_any_bytes_are_told_with_a_place(source: bytes) -> None:
    """No bytes make the reader stumble, and every fault has its line and column."""
    checked = looked_at(source)
    assert not checked.ok
    assert all(fault.line >= 1 and fault.column >= 1 for fault in checked.faults)


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`?, \n\t<0~", max_size=60))
def test_any_yaml_is_told_with_a_place(text: str) -> None:
    """Neither does anything that looks like YAML."""
    checked = looked_at(text.encode())
    assert not checked.ok
    assert all(fault.line >= 1 and fault.column >= 1 for fault in checked.faults)


@dataclass(frozen=True)
class Slip:
    """A slip of the pen: what is written instead of what, and what is said to it."""

    written: str
    instead_of: str
    code: Code
    where: str
    says: str
    at: str = ""
    """A piece of the changed text at which the fault stands; empty: where the written piece begins."""


TITLE = TEXT[TEXT.index("title:") : TEXT.index("operator:")]
SLIPS = {
    "an unknown key": Slip("colour: red\ncategories:", "categories:", Code.KEY_UNKNOWN, "colour", "known here"),
    "a typing error in a key": Slip("catgories:", "categories:", Code.KEY_UNKNOWN, "catgories", "categories"),
    "a typing error deep inside": Slip(
        "{lasts: 3 years, afer: collection}", "{lasts: 3 years}", Code.KEY_UNKNOWN, "purposes.newsletter.term.afer",
        "after", "afer",
    ),
    "a key in the wrong style": Slip("kept_by: [policy.scope]", "kept-by: [policy.scope]", Code.KEY_UNKNOWN,
                                     "clauses[0].kept_by", "kept-by"),
    "a key twice": Slip("id: mini\nid: other\n", "id: mini\n", Code.KEY_DUPLICATE, "id", "line 3", "id: other"),
    "a purpose twice": Slip("  delivery: {}\n  newsletter:\n", "  newsletter:\n", Code.KEY_DUPLICATE,
                            "purposes.delivery", "line", "delivery: {}"),
    "a list for a text": Slip("id: [mini]", "id: mini", Code.TYPE_WRONG, "id", "a text, found a list", "[mini]"),
    "a text for a mapping": Slip("title: Policy\n", TITLE, Code.TYPE_WRONG, "title", "a mapping with kk, ru, en",
                                 "Policy\n"),
    "a text for a list": Slip("kept-by: policy.scope", "kept-by: [policy.scope]", Code.TYPE_WRONG,
                              "clauses[0].kept-by", "a list, found text", "policy.scope"),
    "a mapping for a list": Slip("kept-by: {policy.scope: 1}", "kept-by: [policy.scope]", Code.TYPE_WRONG,
                                 "clauses[0].kept-by", "a list, found a mapping", "{policy.scope"),
    "nothing": Slip("kept-by:", "kept-by: [policy.scope]", Code.TYPE_WRONG, "clauses[0].kept-by",
                    "a list, found nothing", "\n  - id: mini-2"),
    "no truth": Slip("sensitive: perhaps", "sensitive: true", Code.TYPE_WRONG, "categories.payment-card.sensitive",
                     "true or false", "perhaps"),
    "no date": Slip("date: 2026-13-10", "date: 2026-01-10", Code.TYPE_WRONG, "recipients.courier.contract.date",
                    "a date like", "2026-13-10"),
    "no such type": Slip("phone: fone", "phone: phone", Code.TYPE_WRONG, "categories.contact.fields.phone", "phone",
                         "fone"),
    "no such operation": Slip("operations: [use, transferr]", "operations: [use, transfer]", Code.TYPE_WRONG,
                              "purposes.delivery.operations[1]", "did you mean “transfer”", "transferr"),
    "no such channel": Slip("channels: [email, fax]", "channels: [email, sms]", Code.TYPE_WRONG,
                            "purposes.newsletter.channels[1]", "none of", "fax"),
    "no such right": Slip("acces: {}", "access: {}", Code.TYPE_WRONG, "rights.kinds.acces", "did you mean “access”"),
    "no such term": Slip("term: forever", "term: {lasts: 3 years}", Code.TYPE_WRONG, "purposes.newsletter.term",
                         "unlimited", "forever"),
    "another version of the format": Slip("senim: 2", "senim: 1", Code.TYPE_WRONG, "senim", "1", "2\nid"),
    "an id in capitals": Slip("  Delivery:\n", "  delivery:\n", Code.ID_WRONG, "purposes.Delivery", "lower-case",
                              "Delivery:\n"),
    "an id in Cyrillic": Slip("id: мини", "id: mini", Code.ID_WRONG, "id", "does not look like", "мини"),
    "a country in words": Slip("countries: [Turkey]", "countries: [TR]", Code.ID_WRONG,
                               "recipients.mailer.countries[0]", "A-Z", "Turkey"),
    "an address without a scheme": Slip("- address: mini.example", "- address: https://mini.example", Code.ID_WRONG,
                                        "sites[0].address", "https?", "mini.example\n    contract"),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_slips_of_the_pen(slip: Slip) -> None:
    """Each slip is told where it was made, in words that help to mend it."""
    assert TEXT.count(slip.instead_of) >= 1
    changed = TEXT.replace(slip.instead_of, slip.written, 1)
    faults = [one for one in looked_at(changed.encode()).faults if one.code is slip.code and one.where == slip.where]
    assert len(faults) == 1, looked_at(changed.encode()).faults
    (fault,) = faults
    assert fault.hint
    assert slip.says in fault.hint.in_("en")
    marker = slip.at or slip.written.strip()
    line, column = place(changed, marker)
    if marker.startswith("\n"):
        assert fault.line in (line, line + 1)
    else:
        assert (fault.line, fault.column) == (line, column)


@pytest.mark.parametrize(
    ("key", "where"),
    [("id: mini\n", "id"), ("  bin: 691240000010\n", "operator.bin"), ("    kind: service\n", "roles.shop.kind"),
     ("    uses: [contact.order]\n", "purposes.bookkeeping.uses"),
     ("    kept-by: [policy.scope]\n", "clauses[0].kept-by")],
)  # fmt: skip
def test_what_is_missing_is_told(key: str, where: str) -> None:
    """A key that is left out is told at the part in which it belongs, with the key to add."""
    assert key in TEXT
    faults = looked_at(TEXT.replace(key, "", 1).encode()).faults
    missing = [fault for fault in faults if fault.code is Code.KEY_MISSING]
    assert [fault.where for fault in missing] == [where]
    assert missing[0].hint == Hint("add", key=where.rpartition(".")[2])
    assert missing[0].line >= 1


def test_all_slips_of_form_in_one_run() -> None:
    """One run shows everything, in the order of the file."""
    changed = TEXT
    for slip in (SLIPS["a typing error deep inside"], SLIPS["no truth"], SLIPS["no date"], SLIPS["no such right"],
                 SLIPS["an id in capitals"], SLIPS["a key twice"]):  # fmt: skip
        changed = changed.replace(slip.instead_of, slip.written, 1)
    found = {(fault.code, fault.where) for fault in looked_at(changed.encode()).faults}
    assert found == {
        (Code.KEY_UNKNOWN, "purposes.newsletter.term.afer"), (Code.TYPE_WRONG, "categories.payment-card.sensitive"),
        (Code.TYPE_WRONG, "recipients.courier.contract.date"), (Code.TYPE_WRONG, "rights.kinds.acces"),
        (Code.ID_WRONG, "purposes.Delivery"), (Code.KEY_DUPLICATE, "id"),
    }  # fmt: skip


def test_an_unknown_key_hides_no_other_fault() -> None:
    """A slip in a key and a missing language are told in the same run."""
    changed = TEXT.replace("id: mini\n", "id: mini\ncolour: red\n", 1).replace(", en: Privacy policy}", "}", 1)
    found = {(fault.code, fault.where, fault.line) for fault in looked_at(changed.encode()).faults}
    assert found == {(Code.KEY_UNKNOWN, "colour", 4), (Code.LANGUAGE_MISSING, "title", 6)}


def test_numbers_and_words_of_yaml_stay_what_was_written() -> None:
    """A BIN keeps its zeros, a version needs no quotes, and NO is Norway."""
    changed = TEXT.replace('version: "3"', "version: 3", 1).replace("countries: [TR]", "countries: [NO]", 1)
    checked = looked_at(changed.replace("country: TR", "country: NO").encode())
    assert checked.policy is not None, checked.faults
    assert checked.policy.sites[0].contract is not None
    assert checked.policy.sites[0].contract.version == "3"
    assert checked.policy.recipients["mailer"].countries == ("NO",)
    assert checked.policy.operator.bin == "691240000010"
