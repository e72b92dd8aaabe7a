"""Policy files that are broken: every fault is told with its line, nothing is published, nothing grows."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from senim.conformance import control_names
from senim.errors import Code
from senim.policy import check
from senim.policy.file import MOST_BYTES, MOST_FAULTS, parse
from tests.faults.conftest import Command

Change = Callable[[bytes], bytes]


def _put(old: str, new: str) -> Change:
    def change(policy: bytes) -> bytes:
        assert policy.count(old.encode()) >= 1, old
        return policy.replace(old.encode(), new.encode(), 1)

    return change


def _also(text: str) -> Change:
    return lambda policy: policy + text.encode()


def _bombed(policy: bytes) -> bytes:
    """Nine aliases of nine aliases of nine …: a thousand million nodes when written out."""
    lines = ["bomb:", "  a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return policy + "\n".join(lines).encode() + b"\n"


FAULTS: dict[str, tuple[Change, Code]] = {
    "broken": (_put("categories:\n", "categories: [\n"), Code.POLICY_UNREADABLE),
    "a tab": (_put("operator:\n  name", "operator:\n\tname"), Code.POLICY_UNREADABLE),
    "unclosed text": (_also('note: "never ended\n'), Code.POLICY_UNREADABLE),
    "an unknown tag's list": (_put("id: mini", "id: !!python/object/apply:os.system [id]"), Code.TYPE_WRONG),
    "empty": (lambda policy: b"", Code.POLICY_UNREADABLE),
    "only a comment": (lambda policy: b"# nothing\n", Code.POLICY_UNREADABLE),
    "a list": (lambda policy: b"- a\n- b\n", Code.TYPE_WRONG),
    "a word": (lambda policy: b"policy", Code.TYPE_WRONG),
    "two documents": (lambda policy: policy + b"\n---\n" + policy, Code.POLICY_UNREADABLE),
    "not UTF-8": (lambda policy: policy + b"# \xff\xfe\n", Code.POLICY_UNREADABLE),
    "UTF-16": (lambda policy: policy.decode().encode("utf-16"), Code.POLICY_UNREADABLE),
    "a control character": (_put("id: mini", "id: mi\x00ni"), Code.POLICY_UNREADABLE),
    "an unknown key": (_put("sources:\n", "sourcs:\n"), Code.KEY_UNKNOWN),
    "a merge key": (_put("  tax:\n", "  <<: {kind: authority}\n  tax:\n"), Code.ID_WRONG),
    "a missing key": (_put("id: mini\n", ""), Code.KEY_MISSING),
    "a list for a mapping": (_put("sites:\n", "roles: []\nsites:\n"), Code.TYPE_WRONG),
    "a text for a number": (_put("senim: 1\n", "senim: one\n"), Code.TYPE_WRONG),
    "a mapping for a text": (_put("id: mini\n", "id: {a: b}\n"), Code.TYPE_WRONG),
    "a type that is none": (_put("family: name", "family: nmae"), Code.TYPE_WRONG),
    "a key twice": (_put("id: mini\n", "id: mini\nid: other\n"), Code.KEY_DUPLICATE),
    "a category twice": (_put("  profile: {", "  contact: {fields: {email: email}}\n  profile: {"), Code.KEY_DUPLICATE),
    "a clause twice": (_put("  - id: mini-2\n", "  - id: mini-1\n"), Code.ID_DUPLICATE),
    "a cycle": (_also("loop: &loop [a, *loop]\n"), Code.REFERENCE_CYCLIC),
    "a cycle of two": (_also("loop: &one {a: &two {b: *one, c: *two}}\n"), Code.REFERENCE_CYCLIC),
    "an alias to nothing": (_also("loop: *nowhere\n"), Code.POLICY_UNREADABLE),
    "a dangling reference": (_put("purposes: [delivery]", "purposes: [delivry]"), Code.REFERENCE_DANGLING),
    "a billion laughs": (_bombed, Code.POLICY_TOO_LARGE),
    "deep brackets": (_also("deep: " + "[" * 100_000 + "\n"), Code.POLICY_UNREADABLE),
    "deep braces, closed": (_also("deep: " + "{a: " * 500 + "x" + "}" * 500 + "\n"), Code.POLICY_UNREADABLE),
    "a wrong check digit": (_put("bin: 691240000010", "bin: 691240000011"), Code.NUMBER_WRONG),
    "a thirteenth month": (_put("bin: 691240000010", "bin: 691340000010"), Code.NUMBER_WRONG),
    "eleven digits": (_put("bin: 691240000010", "bin: 69124000001"), Code.NUMBER_WRONG),
    "a Latin i in Kazakh": (_put("Жіберуші".lower(), "жiберуші"), Code.MIXED_SCRIPT),
    "a Cyrillic а in an id": (_put("  courier:\n", "  cоurier:\n"), Code.ID_WRONG),
    "a language less": (_put("{kk: Жалпы, ru: Общее, en: General}", "{kk: Жалпы, ru: Общее}"), Code.LANGUAGE_MISSING),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_policy_is_refused_with_the_code_and_the_line(
    name: str, operator: Path, mini: bytes, command: Command
) -> None:
    """``policy check`` ends with 1, tells code and place; ``policy publish`` publishes nothing of it."""
    change, code = FAULTS[name]
    (operator / "policy.yaml").write_bytes(change(mini))
    checked = command("policy", "check", "-C", operator, "--json")
    assert checked.code == 1
    problems = json.loads(checked.out)["problems"]
    assert code.value in {problem["code"] for problem in problems}
    first = next(problem for problem in problems if problem["code"] == code.value)
    assert first["line"] >= 1 or code in (Code.KEY_MISSING, Code.POLICY_TOO_LARGE)
    published = command("policy", "publish", "-C", operator)
    assert published.code == 1
    assert code.value in published.out
    assert command("policy", "show", "-C", operator).out.count("→") == 1
    (operator / "policy.yaml").write_bytes(mini.replace(b"Probnaya", b"Novaya"))
    assert command("policy", "publish", "-C", operator).code == 0, "the next good one is published"


def test_all_faults_are_told_in_one_run(operator: Path, mini: bytes, command: Command) -> None:
    """A privacy officer sees every fault at once, each with its own line."""
    wrong = mini
    for name in ("an unknown key", "a category twice", "a type that is none", "a text for a number"):
        wrong = FAULTS[name][0](wrong)
    (operator / "policy.yaml").write_bytes(wrong)
    problems = json.loads(command("policy", "check", "-C", operator, "--json").out)["problems"]
    lines = {problem["code"]: problem["line"] for problem in problems}
    assert {"key_unknown", "key_duplicate", "type_wrong", "key_missing"} <= set(lines)
    assert lines["key_unknown"] == wrong[: wrong.index(b"sourcs:")].count(b"\n") + 1


@pytest.mark.parametrize("kind", ["file", "endless"])
def test_a_huge_policy_is_refused_in_bounded_memory(kind: str, tmp_path: Path) -> None:
    """50 MB, or a file without end: refused with its code by a process that may use 400 MB in all."""
    if kind == "file":
        file = tmp_path / "policy.yaml"
        with file.open("wb") as big:
            big.write(b"senim: 1\nid: big\nlaw: kz\n")
            big.truncate(50 * 1024 * 1024)
    else:
        file = Path("/dev/zero")
    most = 400 * 1024 * 1024
    done = subprocess.run(
        [sys.executable, "-c", "from senim.cli import main; main()", "policy", "check", file, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (most, most)),
    )
    assert done.returncode == 1, done.stderr
    assert [problem["code"] for problem in json.loads(done.stdout)["problems"]] == ["policy_too_large"]


def test_a_flood_of_faults_is_refused_without_a_flood_of_words() -> None:
    """Unknown keys without end: told, but not fifty thousand times."""
    checked = check(b"".join(b"zz%d: 1\n" % number for number in range(50_000)), control_names(), date(2026, 11, 22))
    assert checked.policy is None
    assert {fault.code for fault in checked.faults} == {Code.KEY_UNKNOWN}
    assert len(checked.faults) == MOST_FAULTS


def test_one_byte_too_much_is_too_much() -> None:
    """The limit is the limit."""
    assert [fault.code for fault in parse(b"#" * (MOST_BYTES + 1))[1]] == [Code.POLICY_TOO_LARGE]
    assert [fault.code for fault in parse(b"#" * MOST_BYTES)[1]] == [Code.POLICY_UNREADABLE]
