"""kill -9 of the service while clients write: every 201 that was answered is there, every key is done once."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from senim.app import open_senim, throwaway
from senim.consent import Scope
from senim.testing import Stage
from tests.faults.disk import ENVIRONMENT
from tests.faults.scene import halves, seen

CLIENTS, MOST = 4, 40


class Service:
    """``senim serve`` of an operator's folder, in its own process group."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        call = [sys.executable, "-c", "from senim.cli import main; main()", "serve", "-C", folder, "--port", self.port]
        self._process = subprocess.Popen(
            list(map(str, call)),
            env=ENVIRONMENT,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return self.send("GET", "/v1/health", "")[0] == 200
        except OSError:
            return False

    def send(self, method: str, path: str, token: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """A request; OSError if the service dies over it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key or "k"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except http.client.HTTPException as error:
            raise OSError from error
        finally:
            connection.close()

    def kill(self) -> None:
        """Kill all its processes at once."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)


class _Client(threading.Thread):
    """Sends its intakes one after the other, until the service dies."""

    def __init__(self, service: Service, token: str, sent: dict[str, Any], enough: threading.Event) -> None:
        super().__init__()
        self.answered: dict[str, str] = {}
        self._work = service, token, sent, enough

    def run(self) -> None:
        service, token, sent, enough = self._work
        for key, body in sent.items():
            try:
                status, answer = service.send("POST", "/v1/intake", token, body, key)
            except OSError:
                return
            assert status == 201, answer
            self.answered[key] = answer["subject"]
            if len(self.answered) >= MOST // CLIENTS:
                enough.set()


@pytest.fixture
def prepared(operator: Path, mini: bytes) -> tuple[Path, str, dict[str, Any]]:
    """A folder, a token, and more bodies than will be sent."""
    with open_senim(operator, environment={}) as senim:
        _, token = senim.run(senim.actor(), lambda work: senim.access.add(work, "site", role="shop"))
        stage = Stage(senim, mini, throwaway)
        bodies = {}
        for number in range(100 * CLIENTS):
            request = stage.request("registration")
            values = {name: value for name, value in request.values.items() if name != "payment-card.pan"}
            bodies[f"order-{number}"] = {
                "point": "registration",
                "language": request.language,
                "notice": request.notice,
                "values": values,
                "consents": [{"purpose": "orders", "given": True}, {"purpose": "newsletter", "given": True}],
            }
    return operator, token, bodies


def test_a_killed_service_loses_no_answer_and_does_no_request_twice(
    prepared: tuple[Path, str, dict[str, Any]],
) -> None:
    """Every 201 stands after kill -9; the requests sent again with their keys are done once in all."""
    folder, token, bodies = prepared
    service, enough = Service(folder), threading.Event()
    parts = [dict(list(bodies.items())[number::CLIENTS]) for number in range(CLIENTS)]
    clients = [_Client(service, token, part, enough) for part in parts]
    for client in clients:
        client.start()
    assert enough.wait(60)
    service.kill()
    for client in clients:
        client.join()
    answered = {key: subject for client in clients for key, subject in client.answered.items()}
    assert MOST // CLIENTS <= len(answered) < len(bodies)
    with open_senim(folder, environment={}, now=lambda: datetime.now(UTC) + timedelta(seconds=6)) as senim:
        assert halves(senim) == []
        log = seen(senim)
        assert [key for key, subject in answered.items() if log.acts["data.collected", subject] != 1] == []
        there = senim.subjects.count(senim.database)[0] - 3
        assert len(answered) <= there <= len(answered) + CLIENTS
    again = Service(folder)
    try:
        for part, client in zip(parts, clients, strict=True):
            for key in list(part)[: len(client.answered) + 1]:
                status, answer = again.send("POST", "/v1/intake", token, part[key], key)
                assert status == 201, answer
                assert answered.setdefault(key, answer["subject"]) == answer["subject"]
        subject = next(iter(answered.values()))
        withdrawn = {"subject": subject, "purpose": "newsletter", "given": False}
        assert again.send("POST", "/v1/consents", token, withdrawn, "w")[0] == 201
    finally:
        again.kill()
    with open_senim(folder, environment={}, now=lambda: datetime.now(UTC) + timedelta(seconds=12)) as senim:
        assert halves(senim) == []
        assert senim.subjects.count(senim.database)[0] == len(answered) + 3
        states = senim.consents.of(senim.database, senim.subjects.find(senim.database, subject).subject)  # type: ignore[arg-type]
        assert [one.agreed.given for one in states if one.scope == Scope(purpose="newsletter")] == [False]
