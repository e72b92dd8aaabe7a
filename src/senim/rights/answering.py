"""Gathers what an answer is made of, has it made, and seals it with the request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import msgspec

from senim.consent import states_of
from senim.identity import SubjectId
from senim.languages import Text
from senim.policy.promises import Promises
from senim.policy.records import Policy
from senim.rights.answers.certificate import certify
from senim.rights.answers.compose import compose
from senim.rights.answers.outcome import tell
from senim.rights.answers.records import Answer, Facts, KeptBack, NotLookedInto, Outcome, SystemDone, TableFound
from senim.rights.answers.rendering import data, page
from senim.rights.desk import Desk
from senim.rights.records import Line, Request
from senim.subjects import Standing
from senim.times import moment
from senim.vault import Kept
from senim.vault.rules import masked
from senim.work import Work

PAGE, DATA, CERTIFICATE = "answer-page", "answer-data", "certificate"


class Answering:
    """Makes answers and keeps them sealed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def tell_what_is_known(self, work: Work, request: Request) -> Request:
        """Seal the answer to a request for information: every section that travel-31 to travel-38 name."""
        people = self._desk.people(work, request)
        for number, standing in enumerate(people or [None]):
            answer = compose(self._facts(work, request, standing))
            request = self._seal(work, request, answer, number)
        return request

    def _facts(self, work: Work, request: Request, standing: Standing | None) -> Facts:
        parts, promises = self._desk.parts, self._desk.promises(work)
        reads = request.plan.reads if request.plan else ()
        values = parts.vault.everything(work, standing) if standing else {}
        values, hidden = shown_to_person(promises, values)
        return Facts(
            number=request.number,
            kind=request.kind.value,
            language=request.language,
            received=moment(request.received_at),
            made=work.now,
            promises=promises,
            standing=standing,
            values=values,
            masked=hidden,
            documents=tuple(parts.documents.of(work.database, work, standing)) if standing else (),
            consents=tuple(states_of(standing)) if standing else (),
            disclosures=tuple(parts.disclosures.of(standing.subject)) if standing else (),
            tables=tuple(
                TableFound(system=one.system, table=table.table, rows=table.rows, file=f"systems/{one.system}.jsonl")
                for one in reads
                for table in one.tables
            ),
            not_looked_into=tuple(
                NotLookedInto(system=one.system, table=lost.table, why=lost.why.value)
                for one in reads
                for lost in one.not_reached
            ),
        )

    def tell_what_was_done(self, work: Work, request: Request) -> tuple[Request, tuple[bytes, ...]]:
        """Seal the answer about what was carried out; the request, and the certificates of what was destroyed."""
        certificates = []
        erasures = request.here.erasures if request.here else ()
        for number, erasure in enumerate(erasures or (None,)):
            subject = erasure.subject if erasure else SubjectId(request.subject)
            outcome = replace(self._outcome(work, request), erasure=erasure, subject=subject)
            if request.plan is not None and request.plan.wish == "erase":
                outcome = replace(outcome, certificate=certify(self._desk.parts.signer, outcome))
                name = CERTIFICATE if not number else f"{CERTIFICATE}-{number + 1}"
                content = outcome.certificate.encode()
                certificates.append(content)
                request = self._desk.put(work, request, "answer", "application/jose", content, name=name)
            request = self._seal(work, request, tell(outcome), number)
        return request, tuple(certificates)

    def _outcome(self, work: Work, request: Request) -> Outcome:
        promises, lines = self._desk.promises(work), request.here.lines if request.here else ()
        return Outcome(
            number=request.number,
            kind=request.kind.value,
            language=request.language,
            received=moment(request.received_at),
            made=work.now,
            promises=promises,
            corrected=tuple(one.place for one in lines if one.act == "correct"),
            stays=stays(promises.policy, lines),
            systems=tuple(
                SystemDone(receipt=one.receipt, rescan=one.rescan) for one in request.done if one.receipt is not None
            ),
        )

    def _seal(self, work: Work, request: Request, answer: Answer, number: int) -> Request:
        ending = f"-{number + 1}" if number else ""
        request = self._desk.put(work, request, "answer", "text/html", page(answer), name=PAGE + ending)
        return self._desk.put(work, request, "answer", "application/json", data(answer), name=DATA + ending)


def stays(policy: Policy, lines: Iterable[Line]) -> tuple[KeptBack, ...]:
    """What stays by law, with the act in the policy's own words."""
    return tuple(
        KeptBack(
            what=(one.place,),
            because=act_at(policy, one.because),
            until=date.fromisoformat(one.until) if one.until else None,
        )
        for one in lines
        if one.act == "keep"
    )


def act_at(policy: Policy, place: str) -> Text:
    """The act of law named at ``purposes.x.term.keep[n]``."""
    _, name, rest = place.split(".", 2)
    term = policy.purposes[name].term
    return Text() if term == "unlimited" else term.keep[int(rest.rpartition("[")[2].rstrip("]"))].act


def shown_to_person(promises: Promises, values: dict[str, Kept]) -> tuple[dict[str, Kept], tuple[str, ...]]:
    """A person's values as the person is told them, and which of them are only hinted at: no human sees them whole."""
    closed = {name for name, one in promises.policy.categories.items() if one.people == "never"}
    hidden = tuple(sorted(name for name in values if name.partition(".")[0] in closed))
    return {**values, **_hidden(promises, values, hidden)}, hidden


def _hidden(promises: Promises, values: dict[str, Kept], names: Iterable[str]) -> dict[str, Kept]:
    return {
        name: msgspec.structs.replace(values[name], value=masked(values[name].value, promises.fields[name].type))
        for name in names
    }
