"""The papers say what the program does: everything is described, every link leads somewhere, every command works."""

from __future__ import annotations

import itertools
import os
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
from scripts.docs import PAGES, acts, api, codes, commands, licences, policy, settings, stale, written
from scripts.docs.__main__ import main
from scripts.docs.markdown import anchor

import senim
from senim.app import make_folder, open_senim
from senim.audit.records import Entry, Outcome
from senim.cli.folder import PROFILES, profile
from senim.conformance import Status
from senim.conformance.controls import CONTROLS
from senim.errors import Code
from senim.languages import LANGUAGES, wording
from senim.policy import Operation
from tests.architecture.console import Shell, blocks, environment, follow, matches, stand_in_for_curl
from tests.postgres import Server

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAPERS = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# what the program has is described


def test_the_generated_part_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    """The reference is what the program says now; run ``make docs`` if this fails."""
    assert stale() == []
    assert main(["--check"]) == 0
    assert main(["--chekc"]) == 2
    assert "--check" in capsys.readouterr().err


def test_a_stale_page_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``--check`` fails with a list of what is stale."""
    pages = {"law.md": PAGES["law.md"], "codes.md": lambda: "another page"}
    monkeypatch.setattr("scripts.docs.PAGES", pages)
    assert main(["--check"]) == 1
    assert capsys.readouterr().out == "docs/reference/codes.md is stale: run make docs\n"


def test_the_generated_part_is_the_same_on_every_machine() -> None:
    """No path, no host and no day stands in a generated page."""
    host = re.compile(rf"{re.escape(str(ROOT))}|\b{re.escape(socket.gethostname())}\b|\d\d:\d\d:\d\d")
    assert [path for path, content in written().items() if host.search(content)] == []


def test_every_setting_is_described() -> None:
    """Each setting has its meaning, and each variable that the code reads is on the page."""
    assert [name for name, _, _, says in settings.every() if not says] == []
    page = settings.page()
    read = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"\bSENIM_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    assert [name for name in sorted(read - {"SENIM_SECTION_NAME"}) if name not in page] == []


def test_every_command_is_described() -> None:
    """Each command and each option says what it does, without another word for the same thing."""
    silent = [name for name, command in commands.every() if not (command.help or "").strip()]
    silent += [
        f"{name} {option.opts[0]}"
        for name, command in commands.every()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


def test_every_key_of_the_policy_is_described() -> None:
    """Editors and the reference show a meaning for each key, and say what each type of field takes."""
    silent = [
        f"{part.cls.__name__}.{key}" for part in policy.parts() for key, _, _, says in policy.keys_of(part) if not says
    ]
    assert silent == []
    assert [line for line in policy.page().splitlines() if line.startswith("|") and line.endswith("|   |")] == []


def test_every_key_of_the_api_is_described() -> None:
    """Each key of each body and answer has its meaning."""
    schemas: dict[str, Any] = api.told()["components"]["schemas"]
    silent = [
        f"{name}.{key}"
        for name, schema in schemas.items()
        for key in schema.get("properties", {})
        if not api.meaning(name, key)
    ]
    assert silent == []


def test_every_code_has_a_kind() -> None:
    """The page knows for each code which kinds of refusal carry it, or that it is a ground or a fault of a file."""
    assert [code.value for code, kinds in codes.kinds().items() if not kinds] == []
    assert {code.value for code in Code} <= set(wording("codes"))


def test_every_control_is_described() -> None:
    """Each control says in three languages what it keeps, and each drill what it shows."""
    texts = wording("controls")
    assert {control.name for control in CONTROLS} == set(texts)
    assert [control.name for control in CONTROLS if control.drill and not control.drill.__doc__] == []


def test_every_act_of_the_log_is_described() -> None:
    """Each act that the code records is worded in three languages, and no other; each field of an entry is told."""
    assert set(acts.recorded()) == set(wording("acts"))
    told = acts.page()
    assert [name for name in (*Entry.__struct_fields__, *Outcome) if f"| `{name}` |  " in told] == []


def test_acts_that_controls_count_are_recorded() -> None:
    """Live evidence counts acts and codes that the code can record."""
    counted = {act.partition(":")[0] for control in CONTROLS for act in control.acts}
    assert counted - set(acts.recorded()) == set()
    refused = {code for control in CONTROLS for act in control.acts if (code := act.partition(":")[2])}
    assert refused - {code.value for code in Code} == set()


def test_every_clause_is_on_the_promises_page() -> None:
    """All 148 promises of the five texts lead to what keeps them."""
    rows = (ROOT / "tests" / "data" / "clauses.tsv").read_text(encoding="utf-8").splitlines()[1:]
    ids = {row.split("\t")[0] for row in rows}
    assert len(ids) == 148
    page = (DOCS / "reference" / "promises.md").read_text(encoding="utf-8")
    assert ids == set(re.findall(r'<a id="([a-z]+-\d+)"></a>', page))
    assert {name.partition("-")[0] for name in ids} == set(PROFILES)


def test_an_unknown_licence_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shipped goes with Apache-2.0; a licence that nobody looked at fails the check."""
    assert {"psycopg", "psycopg-binary", "cryptography", "werkzeug"} <= set(licences.shipped())
    assert "pytest" not in licences.shipped()
    monkeypatch.delitem(licences.COMPATIBLE, "LGPL-3.0-only")
    with pytest.raises(licences.UnknownLicence, match=r"psycopg: LGPL-3\.0-only"):
        licences.licence_of("psycopg")


# the papers hold together


def _targets(path: Path) -> Iterator[str]:
    text = re.sub(r"^ *```.*?^ *```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for match in _LINK.finditer(text):
        target = match[1] or match[2]
        if not target.startswith(("http://", "https://", "mailto:")):
            yield target


def _anchors(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {anchor(re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", one)) for one in headings} | set(
        re.findall(r'<a id="([^"]+)">', text)
    )


@pytest.mark.parametrize("paper", PAPERS, ids=_name)
def test_links_lead_somewhere(paper: Path) -> None:
    """Each link within the papers leads to a file that is there, and to a heading that it has."""
    lost = []
    for target in _targets(paper):
        place, _, heading = target.partition("#")
        there = (paper.parent / place).resolve() if place else paper
        if not there.exists() or (heading and there.suffix == ".md" and heading not in _anchors(there)):
            lost.append(target)
    assert lost == []


def test_every_page_is_reached_from_the_index() -> None:
    """Nobody writes a page that nobody finds."""
    reached, waiting = set[Path](), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            linked = ((page.parent / one.partition("#")[0]).resolve() for one in _targets(page) if one[0] != "#")
            waiting += [one for one in linked if one.suffix == ".md" and one.is_file()]
    assert [_name(page) for page in PAPERS if page not in reached] == []


def test_the_readme_begins_with_the_two_commands() -> None:
    """A stranger finds what it is, a picture, ``make demo`` and ``make test``."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.index("docs/pictures/senim.svg") < text.index("make demo") < text.index("make test")
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = {one for paper in PAPERS for one in re.findall(r"\bmake ([a-z]+)\b", _shell_text(paper))}
    assert named - set(targets) == set()


def _shell_text(paper: Path) -> str:
    text = paper.read_text(encoding="utf-8")
    return "\n".join(
        [*re.findall(r"`(make [^`]*)`", text), *("\n".join(one.lines) for one in blocks(text) if one.language == "sh")]
    )


# languages


def _rows(page: Path) -> list[list[str]]:
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if set(row) != {"---"} and "русский" not in row]


def test_the_glossary_is_complete() -> None:
    """Each term is there in Kazakh, Russian and English, in its own letters, and once."""
    rows = _rows(DOCS / "glossary.md")
    assert len(rows) > 120
    assert [row for row in rows if len(row) not in (3, 4) or not all(row)] == []
    cyrillic, latin = re.compile(r"[\u0400-\u04ff]"), re.compile(r"[A-Za-z]")
    for *code, kk, ru, en in rows:
        assert cyrillic.search(kk), (code, kk)
        assert cyrillic.search(ru), (code, ru)
        assert not latin.search(kk), (code, kk)
        assert not cyrillic.search(en), (code, en)
    words = [row[0] for row in rows if len(row) == 4]
    assert sorted(words) == sorted(set(words))


def test_the_glossary_has_the_words_of_the_code() -> None:
    """Operations, answers and the folders of the house are in the glossary, named as people name them."""
    words = {row[0].strip("`"): row[1:] for row in _rows(DOCS / "glossary.md") if len(row) == 4}
    folders = {
        path.name
        for path in (ROOT / "src" / "senim").iterdir()
        if (path / "actions.py").is_file() or path.name == "law"
    }
    assert (folders | set(Status) | set(Outcome) | set(Operation)) - set(words) == set()
    for operation in Operation:
        text = wording("notices")[f"operation-{operation}"]
        assert words[operation] == [text.kk, text.ru, text.en]


def test_the_codes_page_speaks_three_languages() -> None:
    """People read why they are refused in their own language."""
    page = (DOCS / "reference" / "codes.md").read_text(encoding="utf-8")
    texts = wording("codes")
    assert [
        (code.value, language)
        for code in Code
        for language in LANGUAGES
        if texts[code.value].in_(language).replace("|", "\\|") not in page
    ] == []


# what the papers tell people to do works


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


_number = itertools.count()
FOLLOWED = [paper for paper in PAPERS if "```console" in paper.read_text(encoding="utf-8")]


@pytest.mark.parametrize("paper", FOLLOWED, ids=_name)
def test_what_a_page_tells_its_reader_to_do_works(paper: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Every command of the tutorial, the how-tos and the README runs as it stands and shows what the page shows."""
    page, serve, form = paper.read_text(encoding="utf-8"), str(_free_port()), str(_free_port())
    page = page.replace("8600", serve).replace("8700", form)
    for address in sorted(set(re.findall(r"postgresql://senim@\w+\.example/\w+", page))):
        server: Server = request.getfixturevalue("postgres")
        name = f"page_{os.getpid()}_{next(_number)}"
        server.execute(f"CREATE DATABASE {name}")
        page = page.replace(address, server.url(name))
    with Shell(tmp_path, environment(tmp_path, SENIM_SERVE_PORT=serve)) as shell:
        assert list(follow(page, shell, tmp_path)) == []


def test_the_tutorial_and_the_readme_are_followed() -> None:
    """The pages that people begin with are among those that are run."""
    assert {"README.md", "docs/tutorial/index.md", "docs/how-to/connect-a-site.md"} <= {_name(one) for one in FOLLOWED}


def test_the_example_in_the_package_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The five lines that ``help(senim)`` shows run as they stand."""
    source = profile("shop")
    make_folder(tmp_path / "shop", source)
    with open_senim(tmp_path / "shop", environment={}) as made:
        made.run(made.actor(), lambda work: made.policies.publish(work, source))
    monkeypatch.chdir(tmp_path)
    told = (senim.__doc__ or "").partition("\n\n")[2]
    space: dict[str, Any] = {}
    exec(compile(told, "senim", "exec"), space)
    assert space["taken"].stored == ("contact.email",)


@pytest.mark.parametrize(
    ("shown", "output", "same"),
    [
        (("Good: … entries", "…", "done"), "Good: 12 entries\none\ntwo\ndone\n", True),
        (("…", "done"), "done\n", True),
        (("a …",), "a b\r\n", True),
        (("a …",), "a b\nc\n", False),
        (("Good: … entries",), "BROKEN: 12 entries\n", False),
        (("one", "two"), "one\n", False),
        (("1 * 2",), "1 ** 2\n", False),
    ],
)
def test_what_is_shown_is_compared(shown: tuple[str, ...], output: str, same: bool) -> None:
    """A page that shows something else than the command does is found out."""
    assert matches(shown, output) is same


def test_a_page_that_is_wrong_is_found_out(tmp_path: Path) -> None:
    """A command that fails, or shows something else, is told with its line; files and changes are made as told."""
    page = (
        "```text note.txt\none\ntwo\n```\n```diff\n--- note.txt\n one\n-two\n+three\n```\n"
        "```console\n$ WORD=good\n$ echo $WORD; cat note.txt\ngood\none\nthree\n$ false\n$ echo bad\ngood\n```\n"
    )
    with Shell(tmp_path, environment(tmp_path)) as shell:
        first, second = follow(page, shell, tmp_path)
    assert first.startswith("line 17: $ false\nended with 1")
    assert second.startswith("line 18: $ echo bad\nthe page shows:\ngood")


def test_machines_without_curl_can_follow_too(tmp_path: Path) -> None:
    """The stand-in does what the pages ask of curl: get, send a form, send JSON with headers, show refusals."""

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._tell(404, self.headers.get("X-Word", "nothing"))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._tell(200, f"{self.headers['Content-Type']} {body}")

        def _tell(self, status: int, text: str) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    curl = stand_in_for_curl(tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server, Shell(tmp_path, environment(tmp_path)) as shell:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert shell.run(f"{curl} -s {url} -H 'X-Word: hello'") == ("hello\n", 0)
        form = shell.run(f"{curl} -s {url} -d a=1 -d 'b=2 3'")
        assert form == ("application/x-www-form-urlencoded a=1&b=2+3\n", 0)
        sent = shell.run(f"{curl} -s {url} -H 'Content-Type: application/json' -d '{{\"a\": 1}}'")
        assert sent == ('application/json {"a": 1}\n', 0)
        server.shutdown()
