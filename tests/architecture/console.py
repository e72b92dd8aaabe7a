"""Runs what a page of the documentation tells its reader to do, and compares what the page shows.

In a page's fences:

- ``console``: lines that begin with ``$`` are typed into one shell, line by line (``>`` goes on with the line before);
  what stands under a command is what it shows, ``…`` being anything, and a line of ``…`` alone any lines. A command
  that shows nothing here may show whatever it likes. Every command ends well, unless it tells its exit code itself.
- ``console node``: the same, where Node.js is installed.
- ``console background``: one command that is left running, until it has shown what stands under it, and listens
  where it says that it does.
- ``python form.py`` (or any language and a path): a file that is written.
- ``diff``: after a line ``--- policy.yaml`` a change to that file.

Other fences are only read.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

_FENCE = re.compile(r"^( *)```(\S+)[ ]?([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_DONE = "senim-documentation-command-done"
_PATIENCE = 300


@dataclass(frozen=True)
class Block:
    """A fence of a page: its language, what else stands beside it, its lines, and where it begins."""

    language: str
    more: str
    lines: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Command:
    """A command as it is typed, what it is said to show, and where it stands."""

    typed: str
    shown: tuple[str, ...]
    line: int


def blocks(page: str) -> Iterator[Block]:
    """The fences of a page."""
    for match in _FENCE.finditer(page):
        indent = len(match[1])
        lines = tuple(line[indent:] for line in match[4].splitlines())
        yield Block(match[2], match[3].strip(), lines, page.count("\n", 0, match.start()) + 1)


def commands(block: Block) -> list[Command]:
    """The commands of a console block."""
    found: list[Command] = []
    for number, text in enumerate(block.lines, block.line + 1):
        if text.startswith("$ "):
            found.append(Command(text[2:], (), number))
        elif text.startswith("> ") and not found[-1].shown:
            found[-1] = Command(f"{found[-1].typed}\n{text[2:]}", (), found[-1].line)
        else:
            found[-1] = Command(found[-1].typed, (*found[-1].shown, text), found[-1].line)
    return found


def matches(shown: tuple[str, ...], output: str) -> bool:
    """Whether an output is what a page shows."""
    pattern = ""
    for line in shown:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += r"[^\n]*".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ \t]*\n"
    plain = output.replace("\r\n", "\n").rstrip()
    return re.fullmatch(pattern, f"{plain}\n") is not None


class Shell:
    """A shell in a folder, which keeps its variables and its place from command to command."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._shell = subprocess.Popen(
            ["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, env=environment
        )

    def run(self, typed: str) -> tuple[str, int]:
        """What a command shows, and its exit code."""
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{{ {typed}\n}} </dev/null\nstatus=$?; echo; echo {_DONE} $status\n".encode())
        self._shell.stdin.flush()
        impatience = threading.Timer(_PATIENCE, self._shell.kill)
        impatience.start()
        try:
            return self._answer()
        finally:
            impatience.cancel()

    def _answer(self) -> tuple[str, int]:
        assert self._shell.stdout is not None
        output = ""
        while not (match := re.search(rf"^{_DONE} (\d+)$", output, re.MULTILINE)):
            line = self._shell.stdout.readline().decode()
            assert line, f"the shell ended: {output}"
            output += line
        return output[: match.start()], int(match[1])

    def leave_running(self, typed: str, shown: tuple[str, ...]) -> None:
        """Start a command and wait until it has shown what it is said to show."""
        path = self._folder / f"running-{len(self._running)}"
        place = self.run("pwd")[0].strip()
        variables = dict(line.split("=", 1) for line in self.run("env")[0].splitlines() if "=" in line)
        with path.open("wb") as file:
            started = subprocess.Popen(
                # As in a terminal: whoever runs the tests in the background has Ctrl-C ignored, by its children too.
                ["env", "--default-signal=INT", *shlex.split(typed)],
                cwd=place,
                env=variables,
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self._running.append(started)
        _wait(lambda: matches((*shown, "…"), path.read_text(encoding="utf-8")) or started.poll() is not None)
        output = path.read_text(encoding="utf-8")
        assert started.poll() is None, f"{typed} ended: {output}"
        assert matches((*shown, "…"), output), f"{typed} showed: {output}"
        for port in re.findall(r"127\.0\.0\.1:(\d+)", output):
            _wait(partial(_listens, int(port)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for running in self._running:
            running.send_signal(signal.SIGINT)
        for running in self._running:
            running.wait(_PATIENCE)
        self._shell.communicate(timeout=_PATIENCE)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.05)


CURL = '''"""As much of curl as the papers use, for machines that have none."""
import sys
import urllib.error
import urllib.request

headers, data, url, arguments = {}, [], "", iter(sys.argv[1:])
for argument in arguments:
    if argument == "-H":
        name, _, value = next(arguments).partition(": ")
        headers[name] = value
    elif argument == "-d":
        data.append(next(arguments).replace(" ", "+") if "-H" not in sys.argv else next(arguments))
    elif argument != "-s":
        url = argument
body = "&".join(data).encode() if data else None
try:
    answer = urllib.request.urlopen(urllib.request.Request(url, body, headers))
except urllib.error.HTTPError as refusal:
    answer = refusal
sys.stdout.buffer.write(answer.read())
'''


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a reader's terminal has, made the same everywhere: our programs, English, no proxy, some kind of curl."""
    programs = Path(sys.executable).parent
    if shutil.which("curl") is None:
        stand_in_for_curl(home)
    return {
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"], str(home)]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPYCACHEPREFIX": sys.pycache_prefix or "",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def stand_in_for_curl(folder: Path) -> Path:
    """Put as much of curl as the papers use into a folder."""
    path = folder / "curl"
    path.write_text(f"#!{sys.executable}\n{CURL}", encoding="utf-8")
    path.chmod(0o755)
    return path


def follow(page: str, shell: Shell, folder: Path) -> Iterator[str]:
    """Do what a page says. Gives what went otherwise than the page shows, command by command."""
    for block in blocks(page):
        if block.language == "console" and block.more == "background":
            for command in commands(block):
                shell.leave_running(command.typed, command.shown)
        elif block.language == "console" and (not block.more or shutil.which(block.more)):
            for command in commands(block):
                yield from _typed(command, shell)
        elif block.language == "diff":
            _change(block, _place(shell, folder))
        elif block.more:
            (_place(shell, folder) / block.more).write_text("\n".join(block.lines) + "\n", encoding="utf-8")


def _typed(command: Command, shell: Shell) -> Iterator[str]:
    output, status = shell.run(command.typed)
    if status:
        yield f"line {command.line}: $ {command.typed}\nended with {status}:\n{output}"
    elif command.shown and not matches(command.shown, output):
        shown = "\n".join(command.shown)
        yield f"line {command.line}: $ {command.typed}\nthe page shows:\n{shown}\nit shows:\n{output}"


def _place(shell: Shell, folder: Path) -> Path:
    place = Path(shell.run("pwd")[0].strip())
    assert place.is_relative_to(folder.resolve()), "the page left its folder"
    return place


def _change(block: Block, place: Path) -> None:
    """Change a file as a diff says; each of its parts stands in the file exactly once."""
    name = block.lines[0].removeprefix("--- ")
    path = place / name
    text = path.read_text(encoding="utf-8")
    hunks: list[list[str]] = [[]]
    for line in block.lines[1:]:
        if line.startswith("@@"):
            hunks.append([])
        else:
            hunks[-1].append(line or " ")
    for hunk in filter(None, hunks):
        old = "".join(f"{line[1:]}\n" for line in hunk if line[0] in " -")
        new = "".join(f"{line[1:]}\n" for line in hunk if line[0] in " +")
        assert text.count(old) == 1, f"{name} does not have exactly one:\n{old}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
