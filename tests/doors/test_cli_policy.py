"""The command line: help, an operator's folder, the policy file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from senim.cli import COMMANDS
from senim.cli import senim as program
from senim.version import __version__
from tests.doors.conftest import Ran, Terminal


def _commands(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    """Every command and subcommand."""
    yield names
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, *names, name)


EVERY = sorted(_commands(program))


@pytest.mark.parametrize("names", EVERY, ids=" ".join)
def test_every_command_explains_itself(senim: Terminal, names: tuple[str, ...]) -> None:
    """``--help`` says what a command does and what each option means, and does nothing."""
    ran = senim(*names, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Usage: senim")
    options = ran.out.partition("Options:\n")[2].partition("\n\n")[0].splitlines()
    starts = [number for number, line in enumerate(options) if line.startswith("  -")]
    for start, end in zip(starts, [*starts[1:], len(options)], strict=True):
        words = " ".join(options[start:end]).split("  ")
        assert len([word for word in words if word.strip()]) > 1, f"{options[start]} is not explained"


def test_the_commands_of_the_contract_are_there(senim: Terminal) -> None:
    """Outsiders rely on these names."""
    promised = {"init", "serve", "demo", "policy", "conformance", "check", "verify", "keys", "intake", "consents"}
    assert promised <= COMMANDS.keys()
    assert senim("--version").out == f"senim, version {__version__}\n"


@pytest.mark.parametrize(
    "wrong",
    [
        ("nonsense",),
        ("policy", "nonsense"),
        ("policy", "check", "--nonsense"),
        ("init",),
        ("init", "x", "--profile", "nonsense"),
        ("check", "nonsense", "orders"),
        ("check", "use"),
        ("serve", "--port", "0"),
        ("serve", "--port", "x"),
        ("subjects", "erase", "x", "--reason", "nonsense"),
        ("subjects", "erase", "x"),
        ("intake", "import", "/nonsense.csv", "--point", "registration"),
        ("verify", "/nonsense"),
        ("consents", "give", "x", "orders", "--evidence", "{"),
        ("consents", "give", "x", "orders", "--evidence", '{"surface": "nonsense"}'),
        (),
        ("policy",),
    ],
)
def test_wrong_use_ends_with_2_and_says_how(senim: Terminal, wrong: tuple[str, ...]) -> None:
    """Exit code 2 is for what was typed wrong; the usage stands beside it, on the error stream."""
    ran = senim(*wrong)
    assert ran.code == 2
    assert ran.out == ""
    assert "Usage:" in ran.err


@pytest.mark.parametrize("names", [names for names in EVERY if names], ids=" ".join)
def test_without_a_folder_every_command_says_so(
    senim: Terminal, names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command run in the wrong place ends with 1 or 2 and a sentence, never with a trace of the program."""
    monkeypatch.chdir(tmp_path)
    values = tmp_path.with_suffix(".json")
    values.write_text("{}", encoding="utf-8")
    needs: dict[tuple[str, ...], tuple[str, ...]] = {
        ("check",): ("use", "orders"),
        ("policy", "cancel"): ("2",),
        ("subjects", "find"): ("email", "--value", "a@people.example"),
        ("subjects", "read"): ("0" * 32, "orders"),
        ("subjects", "log"): ("0" * 32,),
        ("subjects", "block"): ("0" * 32, "--reason", "legal-duty"),
        ("subjects", "unblock"): ("0" * 32, "--reason", "legal-duty"),
        ("subjects", "stop"): ("0" * 32, "--reason", "legal-duty"),
        ("subjects", "resume"): ("0" * 32, "--reason", "legal-duty"),
        ("subjects", "event"): ("0" * 32, "order-completed"),
        ("subjects", "correct"): ("0" * 32, "orders", str(values)),
        ("subjects", "erase"): ("0" * 32, "--reason", "withdrawn", "--yes"),
        ("consents", "list"): ("0" * 32,),
        ("consents", "give"): ("0" * 32, "orders"),
        ("consents", "withdraw"): ("0" * 32, "orders"),
        ("consents", "prove"): ("0" * 32, "0" * 32),
        ("access", "add"): ("site", "--role", "shop"),
        ("access", "revoke"): ("0" * 32,),
        ("log", "export"): ("out",),
        ("technical", "show"): ("--purpose", "orders"),
        ("intake", "notice"): ("registration",),
        ("disclosures", "list"): ("0" * 32,),
        ("disclosures", "make"): ("courier", "delivery", "0" * 32),
        ("mail", "show"): ("0" * 32,),
        ("mail", "decide"): ("0" * 32,),
        ("orders", "show"): ("0" * 32,),
        ("orders", "rerun"): ("0" * 32,),
        ("orders", "cancel"): ("0" * 32, "--reason", "drill"),
        ("connectors", "task"): ("0" * 32,),
        ("connectors", "done"): ("0" * 32, "--archive", "AR-2026/1"),
        ("connectors", "propose"): ("shop", "--url-env", "SHOP_URL"),
        ("connectors", "check"): ("shop",),
        ("connectors", "look"): ("shop",),
        ("requests", "represent"): ("R-1", "--by", "parent", "--paper", "0" * 32),
        ("requests", "link"): ("R-1", "--subject", "0" * 32, "--paper", "0" * 32),
        ("requests", "attach"): ("R-1", "--what", "scan", "--file", str(values)),
        ("requests", "clarify"): ("R-1", "--for", "family"),
        ("requests", "pause"): ("R-1", "--reason", "identity"),
        ("requests", "extend"): ("R-1", "--reason", "complex"),
        ("requests", "decide"): ("R-1", "--grant"),
        ("requests", "choose"): ("R-1", "--system", "shop", "--person", "x"),
        ("requests", "approve"): ("R-1", "--plan", "x"),
        ("requests", "answer"): ("R-1", "--out", "out"),
        **{("staff", one): ("aigerim",) for one in ("add", "disable", "enable", "reset")},
        **{("requests", one): ("R-1",) for one in (
            "show", "code", "identify", "resume", "plan", "decline", "withdraw", "run"
        )},
    }  # fmt: skip
    apart = {
        ("init",),
        ("demo",),
        ("policy", "schema"),
        ("policy", "controls"),
        ("intake", "add"),
        ("intake", "import"),
        ("scan",),
        ("connectors", "import-fides"),
        ("mail", "receive"),
        ("requests", "open"),  # these ask for what they are about first
        ("connectors", "find"),
        ("connectors", "preview"),
    }
    groups = {one[:-1] for one in EVERY if len(one) > 1}
    if names in apart or names in groups:
        return
    ran = senim(*names, *needs.get(names, ()))
    assert ran.code == 1
    assert ran.err.startswith("folder_wrong:")
    assert "senim init" in ran.err
    assert ran.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_made_checked_published_and_shown(senim: Terminal, tmp_path: Path, mini: bytes) -> None:
    """From nothing to a published policy in three commands."""
    (tmp_path / "mine.yaml").write_bytes(mini)
    place = tmp_path / "shop"
    made = senim("init", place, "--policy", tmp_path / "mine.yaml", "--json")
    assert (made.code, made.json) == (0, {"folder": str(place), "policy": "mini"})
    assert {path.name for path in place.iterdir()} >= {"policy.yaml", "senim.toml", "keys", "keys.db", "senim.db"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in [place / "keys", *(place / "keys").iterdir()])
    checked = senim("policy", "check", "-C", place, "--json")
    assert (checked.code, checked.json["problems"]) == (0, [])
    published = senim("policy", "publish", "-C", place, "--json")
    assert (published.code, published.json["version"]) == (0, 1)
    shown = senim("policy", "show", "-C", place, "--json")
    assert shown.json["digest"] == published.json["digest"]
    for language, text in (("kk", "Келісімді қайтарып алуға болады."), ("en", "Consent may be withdrawn.")):
        assert text in senim("policy", "show", "-C", place, "--language", language).out


@pytest.mark.parametrize("profile", ["travel", "airline", "tickets", "foundation", "shop"])
def test_every_profile_makes_a_folder_whose_policy_can_be_published(
    senim: Terminal, tmp_path: Path, profile: str
) -> None:
    """Each of the five examples is good to begin with."""
    assert senim("init", tmp_path / "x", "--profile", profile).code == 0
    ran = senim("policy", "publish", "-C", tmp_path / "x")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Published version 1 of ")


def test_a_folder_that_is_there_is_left_as_it_is(senim: Terminal, folder: Path) -> None:
    """A second ``init`` changes nothing: keys that were made anew would destroy everybody's data."""
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    ran = senim("init", folder)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("folder_wrong: operator:")
    assert before == {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_folder_can_stand_on_postgresql(senim: Terminal, tmp_path: Path, database_url: str) -> None:
    """``--database`` says where the data lives; the commands that follow need not repeat it."""
    place = tmp_path / "x"
    assert senim("init", place, "--profile", "airline", "--database", database_url).code == 0
    assert senim("policy", "publish", "-C", place).code == 0
    assert (place / "senim.db").exists() == database_url.startswith("sqlite")
    assert senim("verify", "-C", place).code == 0


@pytest.mark.parametrize("database", ["mysql://x/y", "sqlite:/x", "nonsense", "postgresql://127.0.0.1:1/none"])
def test_a_database_that_is_none_is_told(senim: Terminal, tmp_path: Path, database: str) -> None:
    """A wrong or unreachable database ends ``init``, which can be run again afterwards."""
    ran = senim("init", tmp_path / "x", "--database", database)
    assert ran.code == 1
    assert ran.err.startswith(("setting_wrong: database:", "storage_unreachable:"))
    assert senim("init", tmp_path / "x").code == 0


BROKEN = (
    (b"senim: 1\nid: [", "policy_unreadable"),
    (b"\xff\xfe\x00", "policy_unreadable"),
    (b"", ""),
    (b"- a\n- b\n", ""),
    (b"senim: 1\nnonsense: 2\n", "key_unknown"),
)


@pytest.mark.parametrize(("source", "code"), BROKEN)
def test_a_policy_that_is_none_is_refused_with_its_place(
    senim: Terminal, tmp_path: Path, source: bytes, code: str
) -> None:
    """Broken YAML ends with line, column and what to do; nothing is published."""
    file = tmp_path / "bad.yaml"
    file.write_bytes(source)
    ran = senim("policy", "check", file)
    assert (ran.code, ran.err) == (1, "")
    first = ran.out.splitlines()[0]
    assert first.startswith(f"{file}:")
    line, column = first.removeprefix(f"{file}:").split(":")[:2]
    assert int(line) >= 1
    assert int(column) >= 1
    assert code in ran.out


def test_every_fault_is_told_with_line_column_code_and_what_to_do(senim: Terminal, tmp_path: Path, mini: bytes) -> None:
    """All faults in one run, each where it is, as a list for people and as JSON for programs."""
    text = mini.decode().replace("bin: 691240000010", "bin: 691240000011").replace("uses: [identity.given, contact.phone]", "uses: [identity.nick]", 1)  # fmt: skip  # noqa: E501
    lines = text.splitlines()
    file = tmp_path / "bad.yaml"
    file.write_text(text, encoding="utf-8")
    told = senim("policy", "check", file, "--json")
    assert told.code == 1
    problems = told.json["problems"]
    places = {one["code"]: lines[one["line"] - 1] for one in problems}
    assert "691240000011" in places["number_wrong"]
    assert "identity.nick" in places["reference_dangling"]
    assert all({"code", "where", "clause", "article", "detail", "line", "column"} == one.keys() for one in problems)
    shown = senim("policy", "check", file)
    for one in problems:
        assert f"{file}:{one['line']}:{one['column']}: {one['code']}: {one['where']}" in shown.out
    assert shown.out.count("\n    ") >= len(problems)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_bad_policy_is_not_published(senim: Terminal, folder: Path, mini: bytes, as_json: bool) -> None:
    """What cannot be published is told as ``check`` tells it, in the form that was asked for."""
    (folder / "policy.yaml").write_bytes(mini.replace(b"bin: 691240000010", b"bin: 691240000011"))
    ran = senim("policy", "publish", "-C", folder, *(["--json"] if as_json else []))
    assert ran.code == 1
    assert "number_wrong" in ran.out
    if as_json:
        assert ran.json["problems"][0]["code"] == "number_wrong"
    assert len(senim("policy", "show", "-C", folder).out.split("\nversion ")) == 1


def test_publishing_the_same_twice_is_told(senim: Terminal, folder: Path) -> None:
    """A version that says nothing new is none."""
    ran = senim("policy", "publish", "-C", folder)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("unchanged")


def test_a_difference_names_what_changed_and_whose_consent_is_needed_anew(
    senim: Terminal, folder: Path, mini: bytes
) -> None:
    """Before publishing, the operator sees what changes for people."""
    assert "No difference." in senim("policy", "diff", "-C", folder).out
    wider = mini.replace(b"    uses: [identity.given, contact.phone]\n", b"    uses: [identity, contact]\n", 1)
    (folder / "policy.yaml").write_bytes(wider)
    told = senim("policy", "diff", "-C", folder, "--json")
    assert told.code == 0
    assert any(change["where"].startswith("purposes.delivery") for change in told.json["changes"])
    assert [one["purpose"] for one in told.json["new_consent"]] == ["delivery"]
    assert told.json["new_consent"][0]["people"] == 0
    assert "new consent needed for “delivery”" in senim("policy", "diff", "-C", folder).out
    assert senim("policy", "publish", "-C", folder).code == 0
    assert senim("policy", "diff", "1", "2", "-C", folder, "--json").json == told.json
    old = folder / "old.yaml"
    old.write_bytes(mini)
    assert senim("policy", "diff", "1", old, "-C", folder).out.startswith("No difference.")


def test_versions_are_scheduled_shown_compared_and_cancelled(senim: Terminal, folder: Path, mini: bytes) -> None:
    """A nearer version is published beside one that waits; which takes the other's place is said, with its zone."""
    file = folder / "policy.yaml"

    def publish(title: str, *more: str) -> Ran:
        file.write_bytes(mini.replace(b"en: Privacy policy}", f"en: {title}}}".encode(), 1))
        return senim("policy", "publish", "-C", folder, *more, TZ="UTC")

    assert publish("Far", "--effective", "2096-12-30").code == 0
    near = publish("Near", "--effective", "2096-12-01T00:00:00+0500")
    assert "in force from 2096-11-30 19:00 " in near.out
    assert "Version 2 takes its place on 2096-12-30 00:00 " in near.out
    shown = senim("policy", "show", 2, "-C", folder)
    assert shown.out.startswith("Far  [2]")
    lines = shown.out.splitlines()[1:4]
    assert [line[2:40].split(",")[1].strip()[:16] for line in lines] == [
        "in force since 2",
        "to be in force f",
        "to be in force f",
    ]
    assert re.search(r"\d\d:\d\d [A-Z+-]", lines[0])
    told = senim("policy", "diff", "in-force", "next", "-C", folder).out
    assert "- Privacy policy" in told
    assert "+ Near" in told
    assert "No difference." in senim("policy", "diff", "next", "-C", folder).out
    cancelled = senim("policy", "cancel", 3, "-C", folder)
    assert (cancelled.code, cancelled.out.partition(",")[0]) == (0, "Version 3")
    assert senim("policy", "cancel", 3, "-C", folder).err.startswith("version_bound: 3:")
    assert senim("policy", "cancel", 1, "-C", folder, "--json").err.startswith("version_bound: 1:")
    assert "  version 3, cancelled; was to be in force" in senim("policy", "show", 1, "-C", folder).out
    assert senim("policy", "show", 3, "-C", folder, "--json").json["standing"] == "cancelled"
    assert "+ Far" in senim("policy", "diff", "in-force", "next", "-C", folder).out
    assert senim("policy", "cancel", 2, "-C", folder, "--json").json["version"] == 2
    assert senim("policy", "diff", "in-force", "next", "-C", folder).err.startswith("not_found: policy version next")
    assert senim("verify", "-C", folder).code == 0


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("kk", "(«identity.nick» деген санат та, өріс те жоқ; мүмкін, «identity.iin»?)"),
        ("ru", "(нет ни категории, ни поля «identity.nick»; может быть, «identity.iin»?)"),
        ("en", "(there is no category or field “identity.nick”; did you mean “identity.iin”?)"),
    ],
)
def test_a_fault_is_told_in_the_language_of_the_terminal(
    senim: Terminal, tmp_path: Path, mini: bytes, language: str, says: str
) -> None:
    """To people and in JSON; what stands in the file is not translated."""
    file = tmp_path / "bad.yaml"
    file.write_bytes(mini.replace(b"identity.given, contact.phone]", b"identity.nick]", 1))
    assert says in senim("policy", "check", file, SENIM_LANGUAGE=language).out
    problems = senim("policy", "check", file, "--json", SENIM_LANGUAGE=language).json["problems"]
    assert says.strip("()") in {one["detail"] for one in problems}


def test_a_blank_policy_is_good_when_its_places_are_filled_in(senim: Terminal, tmp_path: Path) -> None:
    """Without an example ``init`` gives a template: each place to fill in is told, and nothing else is wrong."""
    place = tmp_path / "Kalamy & Co"
    made = senim("init", place)
    assert "fill in what begins with ???" in made.out
    assert "kalamy-co.example/log" in made.out
    file = place / "policy.yaml"
    text = file.read_text(encoding="utf-8")
    problems = senim("policy", "check", "-C", place, "--json").json["problems"]
    assert {one["code"] for one in problems} == {"placeholder"}
    marked = [number for number, line in enumerate(text.splitlines(), 1) for _ in re.findall(r'"\?\?\?', line)]
    assert [one["line"] for one in problems] == marked
    assert all(one["detail"] for one in problems)
    assert senim("policy", "publish", "-C", place).code == 1
    fill = {
        "id": "kalamy", "bin": "691240000010", "email": "data@kalamy.example", "phone": '"+77000000000"',
        "address": "https://kalamy.example",
    }  # fmt: skip
    for key, value in fill.items():
        text = re.sub(rf'(\b{key}: )"\?\?\?[^"]*"', rf"\g<1>{value}", text)
    file.write_text(re.sub(r'"\?\?\?[^"]*"', '"Қалам"', text), encoding="utf-8")
    checked = senim("policy", "check", "-C", place)
    assert (checked.code, "0 clashes" in checked.out) == (0, True), checked.out
    assert senim("policy", "publish", "-C", place).code == 0
    drilled = senim("conformance", "--drill", "-C", place, "--json").json
    assert not [one for one in drilled["clauses"] if one["status"] == "broken"]
    assert sum(one["status"] == "kept" for one in drilled["clauses"]) >= 3


@pytest.mark.parametrize("number", ["0", "7", "99999999999999999999", "²"])
def test_a_version_that_is_none_is_told(senim: Terminal, folder: Path, number: str) -> None:
    """Neither the newest version nor a crash stands in for one that there never was."""
    ran = senim("policy", "diff", number, "-C", folder)
    assert ran.code == 1
    assert ran.err.startswith(("not_found", "policy_unreadable"))
    if number != "²":
        shown = senim("policy", "show", "--version", number, "-C", folder)
        assert (shown.code, shown.out) == (1, "")
        assert shown.err.startswith("not_found")


def test_the_schema_and_the_controls_are_told_without_a_folder(senim: Terminal) -> None:
    """An editor needs the schema, an author the names that may stand in ``kept-by``."""
    schema = json.loads(senim("policy", "schema").out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    listed = senim("policy", "controls", "--json").json
    assert {"name", "built", "says"} == listed[0].keys()
    assert all(one["name"] in senim("policy", "controls").out for one in listed)


@pytest.mark.parametrize(("language", "word"), [("kk_KZ.UTF-8", "Бұл"), ("ru_RU.UTF-8", "Это"), ("C", "This")])
def test_errors_speak_the_terminal_s_language(senim: Terminal, tmp_path: Path, language: str, word: str) -> None:
    """``LC_ALL`` decides, as for every program; ``SENIM_LANGUAGE`` goes before it."""
    ran = senim("verify", "-C", tmp_path, SENIM_LANGUAGE="", LC_ALL=language)
    assert f": {word} " in ran.err


@pytest.mark.parametrize("encoding", ["ascii", "koi8-r", "cp866", "utf-16"])
def test_a_terminal_that_lacks_letters_shows_others_in_their_place(
    senim: Terminal, folder: Path, encoding: str
) -> None:
    """No command ends in a crash because a terminal does not know Kazakh; JSON is UTF-8 everywhere."""
    for command in (("policy", "show", "--language", "kk"), ("conformance",), ("intake", "notice", "registration")):
        ran = senim(*command, "-C", folder, encoding=encoding)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out
    if encoding != "utf-16":
        shown = senim("policy", "show", "-C", folder, "--json", encoding=encoding)
        raw = shown.out.encode(encoding, "surrogateescape")
        assert json.loads(raw.decode("utf-8", "replace"))["version"] == 1
