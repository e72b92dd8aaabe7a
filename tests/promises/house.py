"""An operator's house with all its doors: the command line, ``/v1`` with a key for each role, the public pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from click.testing import CliRunner, Result
from werkzeug.datastructures import Headers
from werkzeug.test import Client

from senim.app import Senim, open_senim, throwaway
from senim.cli import senim as command
from senim.cli.folder import profile
from senim.conformance.stage import Stage
from senim.consent.records import Evidence
from senim.testing import FixedClock
from senim.web.site import site

Told = dict[str, Any]


def run(*arguments: str | Path, text: str = "") -> Result:
    """A command as it is typed; a refusal ends with exit code 1 and its error in ``exception``."""
    return CliRunner().invoke(command, [str(one) for one in arguments], input=text)


def build(folder: Path, name: str) -> dict[str, str]:
    """Make an operator with a profile by commands: folder, published policy, a key per role. Tokens by role."""
    for arguments in (("init", folder, "--profile", name), ("policy", "publish", "-C", folder)):
        done = run(*arguments)
        assert done.exit_code == 0, done.output
    tokens = {}
    with throwaway(profile(name)) as senim:
        roles = senim.policies.in_force(senim.works.clock.now()).policy.roles
    for role in roles:
        made = run("access", "add", f"{role} system", "--role", role, "--json", "-C", folder)
        tokens[role] = json.loads(made.stdout)["token"]
    return tokens


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door answered."""

    status: int
    body: Told
    headers: Headers
    content: bytes

    @property
    def codes(self) -> set[str]:
        """The codes of all reasons."""
        return {one["code"] for one in self.body.get("reasons", ())}

    @property
    def clauses(self) -> set[str]:
        """The policy's clauses that stand behind the reasons."""
        return {one["clause"] for one in self.body.get("reasons", ())}


@dataclass(frozen=True, slots=True)
class Door:
    """``/v1`` for the system that has one of the keys."""

    client: Client
    token: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """One request."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= more.pop("headers", {})
        if body is not None and not isinstance(body, bytes):
            body, more["content_type"] = msgspec.json.encode(body), "application/json"
        answer = self.client.open(path, method=method, data=body, headers=headers, **more)
        told = answer.get_data()
        plain = json.loads(told) if "json" in (answer.content_type or "") and told else {}
        return Answer(answer.status_code, plain, answer.headers, told)

    def check(self, operation: str, purpose: str, subject: str = "", **more: Any) -> Answer:
        """Ask the gate."""
        question = {"operation": operation, "purpose": purpose, "subject": subject, **more}
        return self("POST", "/v1/check", question)

    def read(self, subject: str, purpose: str, *categories: str) -> Answer:
        """Read a person's values."""
        return self(
            "GET", f"/v1/subjects/{subject}/data", query_string={"purpose": purpose, "categories": ",".join(categories)}
        )


@dataclass
class House:
    """An opened operator."""

    folder: Path
    tokens: dict[str, str]
    clock: FixedClock | None = None
    environment: dict[str, str] = field(default_factory=dict)
    language: str = "ru"
    senim: Senim = field(init=False)
    _open: bool = False

    def __enter__(self) -> Self:
        self.senim = open_senim(self.folder, environment=self.environment, now=self.clock)
        self._open = True
        return self

    def close(self) -> None:
        """Close the operator before the test ends."""
        if self._open:
            self._open = False
            self.senim.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def pages(self) -> Client:
        """A browser."""
        return Client(site(self.senim))

    @cached_property
    def stage(self) -> Stage:
        """Makes up people; what it makes goes in by a door."""
        return Stage(self.senim, b"", throwaway)

    def door(self, role: str = "") -> Door:
        """``/v1`` for a role of the policy; without one, for a stranger."""
        return Door(self.pages, self.tokens[role] if role else "")

    def command(self, *arguments: str, text: str = "") -> Result:
        """A command on this operator's folder."""
        return run(*arguments, "-C", self.folder, text=text)

    def told(self, *arguments: str) -> Any:
        """What a command answers in JSON."""
        return json.loads(self.command(*arguments, "--json").stdout)

    def body(self, point: str, **changed: Any) -> Told:
        """A complete intake of a made-up person who was shown the notice and agreed to everything."""
        shown = self.door()("GET", f"/v1/points/{point}/notice", query_string={"language": self.language})
        assert shown.status == 200, shown.body
        declared = self.stage.policy.points[point]
        made: Told = {
            "point": point,
            "language": self.language,
            "notice": shown.body["notice"],
            "values": self.stage.values(point),
            "consents": msgspec.to_builtins(self.stage.consents(point)),
            "read_to_caller": "telephone" in declared.channels,
        }
        return {**made, **changed}

    def take(self, body: Told, role: str = "site") -> Answer:
        """Intake by ``/v1``."""
        return self.door(role)("POST", "/v1/intake", body)

    def person(self, point: str, role: str = "site", **changed: Any) -> tuple[str, dict[str, str]]:
        """A made-up person who came in by a point: the id, and what was given."""
        body = self.body(point, **changed)
        return self.come_in(body, role), body["values"]

    def come_in(self, body: Told, role: str = "site") -> str:
        """The id of the person whom an intake took in."""
        answer = self.take(body, role)
        assert answer.status == 201, answer.body
        subject: str = answer.body["subject"]
        return subject

    def consent(self, role: str, subject: str, purpose: str, *, given: bool, **more: Any) -> Answer:
        """Give or withdraw by ``/v1``."""
        evidence = more.pop("evidence", {"surface": "account", "act": "button"})
        body = {"subject": subject, "purpose": purpose, "given": given, "evidence": evidence, **more}
        return self.door(role)("POST", "/v1/consents", body)

    def evidence(self, point: str, **changed: Any) -> Told:
        """Evidence of a consent given just now, the notice shown by ``/v1``."""
        notice = self.body(point)["notice"]
        proof = Evidence(**{"notice": notice, "language": "ru", "surface": "account", "act": "button", **changed})
        plain: Told = msgspec.to_builtins(proof)
        return plain

    def log(self, subject: str) -> list[Told]:
        """The entries about a person, as the command shows them."""
        return [one["entry"] for one in self.told("subjects", "log", subject)]
