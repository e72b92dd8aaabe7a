"""The load generator (wrk), and the processes that it loads."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_LUA = """\
local requests, at = {}, 0
function init(args)
   local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")}
   for line in io.lines(os.getenv("BENCH_REQUESTS")) do
      local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
      requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
   end
end
function request()
   at = at % #requests + 1
   return requests[at]
end
function done(summary, latency, _)
   local e = summary.errors
   io.write(string.format('\\nRESULT {"requests": %d, "micros": %d, "refused": %d, "broken": %d}\\n',
      summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout))
end
"""


class CannotMeasure(Exception):
    """Something that is needed is missing, or what was measured did not work; the message says what to do."""


def wrk() -> str:
    """The load generator's program."""
    found = shutil.which("wrk")
    if found is None:
        raise CannotMeasure("wrk, the load generator, is not installed: apt-get install wrk (or brew install wrk)")
    return found


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads one service. ``folder`` holds the scripts and the requests."""

    folder: Path
    address: str
    token: str
    clients: int

    def run(self, name: str, requests: Iterable[str], seconds: float) -> float:
        """Requests (``METHOD /path body``, one a line, again and again) answered per second.

        Raises CannotMeasure if any was refused or lost.
        """
        script, lines = self.folder / "load.lua", self.folder / f"{name}.requests"
        script.write_text(_LUA, encoding="utf-8")
        with lines.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in requests)
        command: list[str | Path] = [
            wrk(),
            "-t1",
            f"-c{self.clients}",
            f"-d{max(1, round(seconds))}s",
            "--timeout=20s",
            "-s",
            script,
        ]
        environment = {**os.environ, "BENCH_TOKEN": self.token, "BENCH_REQUESTS": str(lines)}
        ran = subprocess.run(
            [*command, self.address], env=environment, check=False, capture_output=True, text=True, encoding="utf-8"
        )
        _, found, told = ran.stdout.partition("RESULT ")
        if not found:
            raise CannotMeasure(f"wrk did not run: {ran.stdout}{ran.stderr}")
        result = json.loads(told)
        if result["refused"] or result["broken"]:
            raise CannotMeasure(f"{name}: {result} of {self.address}: {self._answer(lines)}")
        return float(result["requests"] / (result["micros"] / 1e6))

    def _answer(self, lines: Path) -> str:
        """What the service says to the first of the requests."""
        with lines.open(encoding="utf-8") as file:
            method, path, *body = file.readline().rstrip("\n").split(" ", 2)
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=body[0].encode() if body else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return str(answer.status)
        except urllib.error.HTTPError as error:
            return error.read().decode()


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of what is started: byte code is cached, as it is where Senim is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode"), **more}


def senim() -> str:
    """The command ``senim`` of this environment."""
    return str(Path(sys.executable).parent / "senim")


class Service:
    """A process that serves HTTP on loopback, from its start to its end."""

    def __init__(self, command: list[str], *, port: int, env: dict[str, str], path: str, cwd: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        started = time.perf_counter()
        self._process = subprocess.Popen(
            command, env=env, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while not self._answers(path):
            if self._process.poll() is not None or time.perf_counter() - started > 60:
                raise CannotMeasure(f"{' '.join(command)} does not answer; exit code {self._process.poll()}")
            time.sleep(0.002)
        self.started_in = time.perf_counter() - started

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.address + path, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False

    def memory(self) -> tuple[float, float]:
        """Megabytes of all its processes, as :func:`memory_of` tells them."""
        return memory_of(self._process.pid)

    def stop(self) -> None:
        """Stop it, gently first."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def memory_of(pid: int) -> tuple[float, float]:
    """Megabytes resident in a process and all its descendants: each counted in full; what they share counted once."""
    found = [_memory(one) for one in _family(pid)]
    return sum(one[0] for one in found), sum(one[1] for one in found)


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return [pid, *(one for child in children for one in _family(child))]


def _memory(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    sizes = {name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines[1:])}
    return sizes["Rss"], sizes["Pss"]
