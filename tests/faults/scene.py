"""What the tests of faults share: a platform with its service, the command line, and a look at whether all is whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from senim.app import Senim, throwaway
from senim.audit.records import Entry, Outcome
from senim.errors import SenimError
from senim.identity import SubjectId
from senim.languages import in_words
from senim.storage import query
from senim.subjects import Standing
from senim.testing import Stage
from senim.vault import keystore, store
from senim.vault.sealing import bound_to, unseal
from senim.web.site import site
from senim.work import Work

_BLIND = query(select(store.blind.c.subject, store.blind.c.kind, store.blind.c.digest))
_VALUES = query(select(store.values.c.subject).distinct())
_CHUNKS = query(select(store.chunks.c.subject).distinct())


class Scene:
    """An operator's platform at work, with its service in this process."""

    def __init__(self, senim: Senim, policy: bytes) -> None:
        self.senim = senim
        self.stage = Stage(senim, policy, throwaway)
        self.client = Client(site(senim))
        _, self.token = senim.run(senim.actor(), lambda work: senim.access.add(work, "site", role="shop"))

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        length: str | None = None,
        **headers: str,
    ) -> TestResponse:
        """A request of the operator's site; ``raw`` is a body not made from ``body``, ``length`` what is said of it."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        place, _, asked = path.partition("?")
        said = {} if length is None else {"CONTENT_LENGTH": length}
        return self.client.open(
            place, method=method, data=data, headers=sent, query_string=asked, environ_overrides=said
        )

    def intake(self, **changed: Any) -> dict[str, Any]:
        """A complete body for ``POST /v1/intake``, another made-up person each time."""
        request = self.stage.request("registration")
        values = {name: value for name, value in request.values.items() if name != "payment-card.pan"}
        consents = [{"purpose": one, "given": True} for one in ("orders", "newsletter")]
        body = {"point": "registration", "language": request.language, "notice": request.notice, "values": values}
        return {**body, "consents": consents, **changed}

    def read(self, subject: str) -> TestResponse:
        """A person's data for the purpose of orders."""
        return self.send("GET", f"/v1/subjects/{subject}/data?purpose=orders")

    def erase(self, subject: str) -> TestResponse:
        """An erasure."""
        return self.send("DELETE", f"/v1/subjects/{subject}?reason=request")

    def count(self) -> int:
        """How many people there ever were."""
        return self.senim.subjects.count(self.senim.database)[0]


def refused(answer: TestResponse, status: int, code: str) -> None:
    """A refusal is a problem with a status, a stable code and a sentence, and without a text of the machine."""
    told = answer.get_data(as_text=True)
    assert (answer.status_code, answer.json and answer.json["code"]) == (status, code), told
    assert answer.mimetype == "application/problem+json"
    assert answer.json
    assert answer.json["title"]
    assert "Traceback" not in told
    assert "sqlite" not in told.lower()


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands in the log about people: acts done by person, and the ids of entries."""

    acts: Counter[tuple[str, str]]
    ids: frozenset[str]
    entries: tuple[Entry, ...]


def seen(senim: Senim) -> Seen:
    """The log as it is sealed."""
    entries = tuple(entry for _, entry in senim.log.entries())
    done = Counter((entry.act, entry.subject or "") for entry in entries if entry.outcome is Outcome.DONE)
    return Seen(done, frozenset(entry.id for entry in entries), entries)


def halves(senim: Senim) -> list[str]:
    """Everything that is half done or does not fit together; an empty list if all is whole."""
    senim.upkeep()
    senim.tick()
    report = senim.log.verify()
    found = [f"log: {problem.kind} {problem.index}: {in_words(problem.detail, 'en')}" for problem in report.problems]
    found += [f"log: {report.waiting} entries wait"] if report.waiting else []
    log = seen(senim)
    people = {one.subject: one for one in senim.subjects.everybody(senim.database)}
    found += [f"{act}: no such person" for act, subject in log.acts if subject and subject not in people]
    for standing in people.values():
        found += [f"{standing.subject}: {fault}" for fault in _faults_of(senim, standing, log)]
    found += _strays(senim, people)
    found += [f"unsettled: {one.subject}" for one in keystore.unsettled_erasures(senim.key_store)]
    return found


def _faults_of(senim: Senim, standing: Standing, log: Seen) -> Iterator[str]:
    """What does not fit together about one person."""
    subject = standing.subject
    if log.acts["data.collected", subject] < 1:
        yield "rows without the entry of their intake"
    if log.acts["subject.erased", subject] != int(standing.erased):
        yield f"{log.acts['subject.erased', subject]} erasures in the log, erased is {standing.erased}"
    for scopes in standing.marks.agreed.values():
        for agreed in scopes.values():
            if agreed.event not in log.ids:
                yield "a consent that holds without its entry"
    key = keystore.read_key(senim.key_store, subject)
    sealed = store.values_of(senim.database, subject)
    if standing.erased:
        if key or sealed or store.documents_of(senim.database, subject):
            yield "something is left after the erasure"
        return
    if key is None:
        yield "a living person without a key"
        return
    opened = senim.persons.open(Work(senim.database, senim.actor(), senim.works.clock.now()), subject)
    for value in sealed:
        try:
            unseal(opened, value.sealed, bound_to(bytes.fromhex(subject), value.category, value.version))
        except SenimError as error:
            yield f"{value.category} does not open: {error}"


def _strays(senim: Senim, people: dict[SubjectId, Standing]) -> Iterator[str]:
    """Rows of nobody, or of somebody who was erased."""
    living = {bytes.fromhex(subject) for subject, one in people.items() if not one.erased}
    marks = {
        (bytes.fromhex(subject), *mark)
        for subject, one in people.items()
        if not one.erased
        for value in store.values_of(senim.database, subject)
        for mark in value.marks
    }
    indexed = {(bytes(row[0]), row[1], bytes(row[2])) for row in senim.database.read(_BLIND)}
    yield from (f"index: {row[0].hex()} {row[1]}" for row in indexed ^ marks)
    for kind, rows in (("values", _VALUES), ("chunks", _CHUNKS)):
        yield from (
            f"{kind} of nobody: {bytes(row[0]).hex()}"
            for row in senim.database.read(rows)
            if bytes(row[0]) not in living
        )
