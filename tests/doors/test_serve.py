"""``senim serve``: the service as a process of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import granian
import pytest

from senim.app import open_senim
from senim.audit.store import read_head
from senim.cli.serve import check
from senim.cli.service import run
from senim.errors import Code, Invalid
from senim.settings import Serve, Settings
from senim.web.loop import Loop
from tests.doors.conftest import Terminal

PATIENCE = 60
"""Seconds that a start or an end may take before a test gives up; nothing waits so long."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(done: object, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@dataclass
class Service:
    """A running service."""

    process: subprocess.Popen[str]
    port: int
    token: str
    said: str = ""
    """What it told when it began to serve."""

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """A request over the network."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @property
    def up(self) -> bool:
        """Whether it answers."""
        assert self.process.poll() is None, self.process.communicate()
        try:
            return self.ask("GET", "/v1/health")[0] == 200
        except OSError:
            return False


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    """``senim serve`` on a free port."""
    with open_senim(folder, environment={}) as senim:
        _, token = senim.run(senim.actor(), lambda work: senim.access.add(work, "site", role="shop"))
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", "from senim.cli import main; main()", "serve", "-C", str(folder), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    running = Service(process, port, token)
    try:
        assert process.stdout is not None
        running.said = process.stdout.readline()
        assert running.up, "it answers once it says so"
        yield running
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _intake(service: Service) -> tuple[int, bytes]:
    notice = json.loads(service.ask("GET", "/v1/points/registration/notice?language=ru")[1])["notice"]
    values = {"identity.family": "Пробникова", "identity.given": "Анна", "contact.email": "anna@people.example"}
    consents = [{"purpose": "orders", "given": True}]
    body = {"point": "registration", "language": "ru", "notice": notice, "values": values, "consents": consents}
    return service.ask("POST", "/v1/intake", body)


def test_the_service_ends_when_it_is_told_with_everything_sealed(service: Service, folder: Path) -> None:
    """SIGTERM: exit code 0 within seconds; what was answered is in the sealed log, allowed checks too."""
    status, answer = _intake(service)
    assert status == 201
    subject = json.loads(answer)["subject"]
    asked = {"operation": "use", "purpose": "orders", "subject": subject}
    decisions = [json.loads(service.ask("POST", "/v1/check", asked)[1])["decision"] for _ in range(20)]
    assert service.ask("GET", "/privacy/kk")[0] == 200
    service.process.terminate()
    out, err = service.process.communicate(timeout=PATIENCE)
    assert (service.process.returncode, out, err) == (0, "", "")
    assert service.said == f"Senim serves http://127.0.0.1:{service.port}/privacy and /v1. Stop with Ctrl-C.\n"
    with open_senim(folder, environment={}) as senim:
        sealed = {entry.id for _, entry in senim.log.entries(0, senim.log.size)}
        assert set(decisions) <= sealed
        assert senim.log.verify().ok
        assert read_head(senim.database).holder == ""  # it was closed, and not only cut off after its last tick


def test_a_slow_sender_keeps_nobody_waiting(service: Service) -> None:
    """airline-10: a request whose body does not come holds up nobody else's."""
    head = f"POST /v1/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.token}\r\n"
    head += 'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"operation":'
    slow = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(8)]
    try:
        for one in slow:
            one.sendall(head.encode())
        for _ in range(20):  # the first may come before the slow ones do
            assert service.ask("GET", "/v1/health")[0] == 200
        assert _intake(service)[0] == 201
    finally:
        for one in slow:
            one.close()
    assert service.up


def test_a_port_that_is_taken_is_told(service: Service, senim: Terminal, folder: Path) -> None:
    """Two services never share a port, and with it the requests, unnoticed."""
    ran = senim("serve", "-C", folder, "--port", service.port)
    assert (ran.code, ran.out) == (1, "")
    assert f"cannot listen at 127.0.0.1:{service.port}" in ran.err
    assert service.up


def test_a_worker_does_not_outlive_the_service(service: Service) -> None:
    """Killed outright, the service leaves no process behind that nobody could stop."""
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait()

    def silent() -> bool:
        try:
            service.ask("GET", "/v1/health")
        except OSError:
            return True
        return False

    _wait(silent, "a worker goes on serving")


def test_workers_run_on_the_loop_that_is_not_woken_in_vain(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """granian makes the loop of a worker by the name that it is started with."""
    asked: list[str] = []
    monkeypatch.setenv("SENIM_DIR", "")
    monkeypatch.setattr(granian.Granian, "serve", lambda self: asked.append(self.loop))
    run(folder, Settings())
    (name,) = asked
    made = granian.loops.get(name)
    asyncio.set_event_loop(None)
    made.close()
    assert isinstance(made, Loop)


@pytest.mark.parametrize(
    ("serve", "setting"),
    [
        (Serve(address="0.0.0.0"), "serve.address"),
        (Serve(address="192.0.2.1"), "serve.address"),
        (Serve(address="::"), "serve.address"),
        (Serve(address="mini.example"), "serve.address"),
        (Serve(address="0.0.0.0", url="http://mini.example"), "serve.address"),
        (Serve(workers=2), "serve.workers"),
    ],
)
def test_what_would_be_unsafe_is_not_served(serve: Serve, setting: str) -> None:
    """travel-26: beyond this machine nothing is served without encryption, and SQLite by one process alone."""
    with pytest.raises(Invalid) as refused:
        check(Settings(serve=serve))
    assert (refused.value.code, refused.value.where) == (Code.SETTING_WRONG, setting)


@pytest.mark.parametrize(
    "serve",
    [
        Serve(),
        Serve(address="::1"),
        Serve(address="localhost"),
        Serve(address="127.8.9.1"),
        Serve(address="0.0.0.0", certificate="cert.pem"),
        Serve(address="0.0.0.0", url="https://mini.example"),
    ],
)
def test_what_is_safe_is_served(serve: Serve) -> None:
    """Loopback, a certificate, or a proxy that encrypts."""
    check(Settings(serve=serve))


def test_an_unsafe_address_ends_the_command(senim: Terminal, folder: Path) -> None:
    """The command says which setting, and what to do."""
    ran = senim("serve", "-C", folder, SENIM_SERVE_ADDRESS="0.0.0.0")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("setting_wrong: serve.address:")
    assert "serve.certificate" in ran.err
