"""A MariaDB server for tests: what ``scripts/mariadb.sh`` got or found, on loopback, thrown away."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql

ROOT = Path(__file__).parents[1]
GOT = ROOT / ".mariadb"
PASSWORD = "made-up"


class MariaServer:
    """A running server. Needs what ``make setup`` prepares; its absence is an error, never a skipped test."""

    def __init__(self) -> None:
        with (Path(tempfile.gettempdir()) / f"senim-mariadb-{os.geteuid()}.lock").open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of several workers one gets it, the others wait
            subprocess.run(["sh", str(ROOT / "scripts" / "mariadb.sh")], check=True)
        self.folder = Path(tempfile.mkdtemp(prefix="senim-maria-"))
        self.folder.chmod(0o755)
        self._owner = "nobody" if os.geteuid() == 0 else None
        self._base, self._environment = self._programs()
        self.data = self.folder / "data"
        self.data.mkdir()
        if self._owner:
            shutil.chown(self.folder, self._owner)
            shutil.chown(self.data, self._owner)
        self._install()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.start()
        # Connections over TCP are those of root@127.0.0.1, who has no password yet.
        self._as_installed(
            f"CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
            "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION",
        )

    def _programs(self) -> tuple[Path | None, dict[str, str]]:
        """Where the server is (None: on PATH), and the environment it runs in. Copied where its user may read it."""
        environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin:/usr/libexec", "HOME": str(self.folder)}
        if not (GOT / "root").is_dir():
            return None, environment
        base = self.folder / "programs"
        shutil.copytree(GOT / "root", base, symlinks=True)
        libraries = [str(path) for part in ("usr/lib", "lib") for path in (base / part).glob("*-linux-*")]
        return base / "usr", {**environment, "LD_LIBRARY_PATH": ":".join(libraries)}

    def _program(self, name: str) -> str:
        if self._base is None:
            found = shutil.which(name, path=self._environment["PATH"])
            assert found, f"{name} is not installed"
            return found
        return str(next(self._base / part / name for part in ("bin", "sbin") if (self._base / part / name).exists()))

    def _install(self) -> None:
        where = [f"--basedir={self._base}"] if self._base else []
        subprocess.run(
            [
                self._program("mariadb-install-db"),
                "--no-defaults",
                *where,
                f"--datadir={self.data}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-log-bin",
            ],
            check=True,
            user=self._owner,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
        )

    def start(self) -> None:
        """Start, or start again after a crash."""
        where = [f"--basedir={self._base}"] if self._base else []
        with (self.folder / "errors").open("wb") as errors:
            self.process = subprocess.Popen(
                [
                    self._program("mariadbd"),
                    "--no-defaults",
                    *where,
                    f"--datadir={self.data}",
                    f"--socket={self.folder / 'socket'}",
                    f"--pid-file={self.folder / 'pid'}",
                    "--bind-address=127.0.0.1",
                    f"--port={self.port}",
                    "--skip-name-resolve",
                    "--skip-log-bin",
                    "--character-set-server=utf8mb4",
                    "--innodb-buffer-pool-size=64M",
                    "--innodb-log-file-size=16M",
                    "--innodb-flush-log-at-trx-commit=2",
                    "--performance-schema=OFF",
                    "--max-connections=50",
                ],
                user=self._owner,
                cwd=self.folder,
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while not self._listens():
            assert self.process.poll() is None, (self.folder / "errors").read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < deadline, "MariaDB does not start"
            time.sleep(0.05)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0 and (self.folder / "socket").exists()

    def _as_installed(self, *statements: str) -> None:
        with pymysql.connect(unix_socket=str(self.folder / "socket"), user="root") as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def url(self, database: str, *, user: str = "root", password: str = PASSWORD) -> str:
        """The address of one of its databases."""
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str, database: str = "mysql") -> None:
        """Run statements as the administrator."""
        with pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", password=PASSWORD, database=database, autocommit=True
        ) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def stop(self) -> None:
        """Stop and remove everything."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
