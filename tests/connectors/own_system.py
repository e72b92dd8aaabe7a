"""An own system of an operator, on loopback: it takes signed calls, keeps rows, and misbehaves when told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from senim.connectors.identifiers import normal
from senim.connectors.webhook import Seen, check, sign
from senim.connectors.webhook.signature import HEADER, WrongSignature
from senim.testing import FixedClock

SECRET = "a made-up secret of forty characters ...."
FIELDS = {"identity.given": "name", "contact.email": "email"}
LAW = {"kk": "Салық кодексі", "ru": "Налоговый кодекс", "en": "Tax Code"}
Rows = dict[str, list[dict[str, Any]]]


class OwnSystem:
    """What those who build a system write. Pages of two rows."""

    def __init__(self, clock: FixedClock, rows: Rows, *, kept: str = "") -> None:
        self.clock = clock
        self.rows = rows
        self.kept = kept
        self.secrets = [SECRET.encode()]
        self.calls: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.seen = Seen()
        self.orders: dict[str, list[dict[str, Any]]] = {}
        self.cut = 0
        self.late = 0
        self.mischief: Callable[[BaseHTTPRequestHandler, bytes, str], bool] = lambda handler, answer, nonce: False
        self.answers: Callable[[dict[str, Any]], dict[str, Any]] = self.answer

    def mine(self, call: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Rows of who is asked for."""
        for table, rows in self.rows.items():
            for row in rows:
                matches = any(
                    normal(kind, str(row.get(kind, ""))) in values
                    for kind, values in call["who"].items()
                    if row.get(kind)
                )
                if matches and (call["people"] is None or _person(row) in call["people"]):
                    yield table, row

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        """The answer to a call."""
        if call["call"] == "look":
            return {"name": "CRM 4.2", "can": ["export", "erase", "correct"]}
        if call["call"] == "export":
            return self._export(call)
        return self._carry_out(call)

    def _export(self, call: dict[str, Any]) -> dict[str, Any]:
        found, start = list(self.mine(call)), int(call["next"] or 0)
        tables = [
            {
                "table": table,
                "columns": list(row),
                "rows": [list(row.values())],
                "person": _person(row),
                **({"because": LAW, "until": "2031-12-31"} if table == self.kept else {}),
            }
            for table, row in found[start : start + 2]
        ]
        people = {_person(row): {"id": _person(row), "table": "customers", "by": list(call["who"])} for _, row in found}
        end = start + 2 >= len(found)
        more = {"done": True} if end else {"next": str(start + 2)}
        return {"tables": tables, "people": list(people.values()), **more}

    def _carry_out(self, call: dict[str, Any]) -> dict[str, Any]:
        if self.late:
            self.late -= 1
            return {}
        again = call["order"] in self.orders
        if not again:
            self.orders[call["order"]] = self._done(call)
        parts, start = self.orders[call["order"]], int(call["next"] or 0)
        part = parts[start] if start < len(parts) else {}
        more = {"next": str(start + 1)} if start + 1 < len(parts) else {"done": True}
        return {**part, **more, "repeated": again and not start}

    def _done(self, call: dict[str, Any]) -> list[dict[str, Any]]:
        """A page for each table."""
        pages: dict[str, dict[str, Any]] = {}
        for table, row in list(self.mine(call)):
            kept = table == self.kept and call["call"] != "correct"
            act = "correct" if call["call"] == "correct" else "delete"
            line = {"table": table, "rows": 0} | ({"because": LAW, "until": "2031-12-31"} if kept else {"act": act})
            page = pages.setdefault(table, {"retained" if kept else "removed": [line]})
            next(iter(page.values()))[0]["rows"] += 1
            if call["call"] == "correct":
                row |= {FIELDS[name]: value for name, value in call["changes"].items()}
            elif not kept:
                self.rows[table] = [one for one in self.rows[table] if one is not row]
        return list(pages.values())


def _person(row: dict[str, Any]) -> str:
    return f"p{row['person']}"


def _handler(system: OwnSystem) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            now = system.clock().timestamp()
            try:
                nonce = check(self.headers.get(HEADER, ""), body, system.secrets, now=now)
            except WrongSignature:
                self.send_error(401)
                return
            if not system.seen.first(nonce, now=now):
                self.send_error(401)
                return
            call = json.loads(body)
            system.calls.append(call)
            system.headers.append(dict(self.headers.items()))
            answer = json.dumps(system.answers(call)).encode()
            if call["call"] not in ("look", "export") and system.cut:
                system.cut -= 1
                self.close_connection = True
                return
            if not system.mischief(self, answer, nonce):
                self.reply(answer, nonce)

        def reply(self, answer: bytes, nonce: str) -> None:
            self.send_response(200)
            at = int(system.clock().timestamp())
            self.send_header(HEADER, sign(answer, system.secrets, at=at, nonce=nonce, answer=True))
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing: tests read what they need from the system."""

    return Handler


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """A server on loopback; its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def served(system: OwnSystem) -> Iterator[str]:
    """The system's address while the block runs."""
    with listening(_handler(system)) as port:
        yield f"http://127.0.0.1:{port}/senim"
