"""The doors under test: the service in process, the command line in process, an operator's folder ready to be used."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import Client

from senim.app import make_folder, open_senim
from senim.cli import main
from senim.conformance.stage import Person
from senim.testing import FixedClock, Stage, platform
from senim.web.site import site
from tests.console import Colleague, colleague

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door answered."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def codes(self) -> list[str]:
        """The codes of a refusal."""
        return [reason["code"] for reason in self.json["reasons"]]


@dataclass(slots=True)
class Door:
    """The service of a stage, and a key for each role."""

    stage: Stage
    client: Client
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def token(self, role: str) -> str:
        """The key of a system in a role, made when it is first needed."""
        if role not in self.tokens:
            platform = self.stage.platform
            key, token = platform.run(
                platform.actor(), lambda work: self._access.add(work, f"{role} system", role=role)
            )
            self.tokens[role], self.ids[role] = token, key.id
        return self.tokens[role]

    @property
    def _access(self) -> Any:
        return self.stage.platform.access  # type: ignore[attr-defined]  # the stage's platform is a whole Senim

    def revoke(self, role: str) -> None:
        """Revoke the key of a role."""
        platform = self.stage.platform
        platform.run(platform.actor(), lambda work: self._access.revoke(work, self.ids[role]))

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str | None = "shop",
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A request as an operator's system sends it; ``raw`` is a body that is not made from ``body``."""
        sent = dict(headers or {})
        if role is not None:
            sent.setdefault("Authorization", f"Bearer {self.token(role)}")
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", JSON)
        url, _, query = path.partition("?")
        answer = self.client.open(url, method=method, data=data, headers=sent, query_string=query)
        try:
            return Answer(answer.status_code, answer.headers, answer.get_data())
        finally:
            answer.close()

    def get(self, path: str, **more: Any) -> Answer:
        """A GET."""
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        """A POST."""
        return self.send("POST", path, body, **more)

    def notice(self, point: str = "registration", language: str = "ru") -> str:
        """The digest of the notice that a person is shown now."""
        digest: str = self.get(f"/v1/points/{point}/notice?language={language}", role=None).json["notice"]
        return digest

    def intake(self, **changed: Any) -> dict[str, Any]:
        """A complete body for ``POST /v1/intake`` with another made-up person each time."""
        body = {
            "point": "registration",
            "language": "ru",
            "notice": self.notice(),
            "values": self.stage.values("registration"),
            "consents": [{"purpose": "orders", "given": True}, {"purpose": "newsletter", "given": True}],
        }
        return {**body, **changed}

    def person(self) -> Person:
        """A made-up person who agreed to everything."""
        return self.stage.person()

    def seal(self) -> None:
        """What the clock does: commit late entries and seal the log."""
        self.stage.platform.tick()


@pytest.fixture
def door(stage: Stage) -> Door:
    """The service with the small policy, on SQLite and PostgreSQL in turn."""
    return Door(stage, Client(site(stage.platform)))  # type: ignore[arg-type]  # the stage's platform is a whole Senim


@pytest.fixture
def lone_door(mini: bytes, clock: FixedClock) -> Any:
    """The service with the small policy on SQLite: for what does not depend on the database."""
    with platform(mini, now=clock) as stage:
        yield Door(stage, Client(site(stage.platform)))  # type: ignore[arg-type]


@pytest.fixture
def published(staged: Callable[..., Stage], mini: bytes, clock: FixedClock) -> Door:
    """Three versions on both databases: one of old, one in force with another wording, one that is only announced.

    The last has another wording too, and a term that asks for a new consent.
    """
    stage = staged(mini)
    senim: Any = stage.platform
    clock.move(days=10)
    second = mini.replace(b"We take only what the order needs.", b"We take even less.")
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, second))
    third = second.replace(b"No human sees card data.", b"Nobody sees card data.")
    third = third.replace(b"term: {lasts: 3 years}", b"term: {lasts: 5 years}")
    later = datetime(2027, 3, 1, tzinfo=UTC)
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, third, effective=later))
    return Door(stage, Client(site(senim)))


@pytest.fixture(scope="session")
def operators_folder(tmp_path_factory: pytest.TempPathFactory, mini: bytes) -> Path:
    """An operator's folder with the small policy published; to be copied, never used."""
    folder = tmp_path_factory.mktemp("operators") / "operator"
    make_folder(folder, mini, origin="mini.example/log")
    with open_senim(folder, environment={}) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
    return folder


@pytest.fixture
def folder(operators_folder: Path, tmp_path: Path) -> Path:
    """An operator's folder of this test's own."""
    copy = tmp_path / "operator"
    shutil.copytree(operators_folder, copy)
    return copy


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Terminal = Callable[..., Ran]


class _Stream(io.TextIOWrapper):
    """A terminal's stream that remembers what was written to it."""

    def __init__(self, encoding: str, content: bytes = b"") -> None:
        self.raw_bytes = io.BytesIO(content)
        super().__init__(self.raw_bytes, encoding=encoding, write_through=True)

    def told(self) -> str:
        """All that was written."""
        self.flush()
        return self.raw_bytes.getvalue().decode(self.encoding, "surrogateescape")


@pytest.fixture
def senim(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command ``senim``, run in this process as its entry point runs it."""

    def run(*arguments: object, typed: str | bytes = b"", encoding: str = "utf-8", **environment: str) -> Ran:
        with monkeypatch.context() as place:
            for name, value in {"SENIM_LANGUAGE": "en", **environment}.items():
                place.setenv(name, value)
            out, err = _Stream(encoding), _Stream(encoding)
            fed = _Stream("utf-8", typed.encode() if isinstance(typed, str) else typed)
            place.setattr(sys, "argv", ["senim", *map(str, arguments)])
            place.setattr(sys, "stdin", fed)
            place.setattr(sys, "stdout", out)
            place.setattr(sys, "stderr", err)
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0) if not isinstance(ended.code, str) else 1
            return Ran(code, out.told(), err.told())

    return run


@pytest.fixture
def console(stage: Stage) -> Callable[..., Colleague]:
    """Makes colleagues who are signed in at the console: ``console(role="desk", language="kk")``."""
    senim: Any = stage.platform
    return lambda **who: colleague(senim, Client(site(senim)), **who)
