"""One operation of the API: declared once, routed by Falcon and told by OpenAPI from the same declaration."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import falcon
import msgspec

from senim.app import Senim
from senim.errors import Code, Invalid, NotAllowed, SenimError, Unavailable
from senim.identity import Actor, SubjectId
from senim.languages import choose
from senim.web.shared.problems import problem, status_of
from senim.work import Work

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")
_KEY_NAMED = re.compile(r"(?:missing required|unknown) field `([A-Za-z_.-]{1,60})`")
_UNKNOWN_ON_TOP = re.compile(r"Object contains unknown field `[^`]*`\Z")
_encode = msgspec.json.Encoder().encode
JSON = "application/json"

MOST_FILE = 20 * 1024 * 1024
"""Largest file in bytes that is read; fields have their own limits."""


@dataclass(frozen=True, slots=True)
class Param:
    """A query parameter."""

    name: str
    says: str
    required: bool = False
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})


@dataclass(slots=True)
class Call:
    """A request under way: the platform, who calls, and what it carries."""

    senim: Senim
    request: falcon.Request
    response: falcon.Response
    actor: Actor | None = None
    body: Any = None

    @property
    def caller(self) -> Actor:
        """Who calls; operations with a grant always have one."""
        if self.actor is None:
            raise NotAllowed(Code.NOT_SIGNED_IN)
        return self.actor

    def param(self, name: str, otherwise: str = "") -> str:
        """A query parameter."""
        value: str = self.request.get_param(name, default=otherwise)
        return value

    def run(self, act: Callable[[Work], Any]) -> Any:
        """Run an act as the caller."""
        return self.senim.run(self.caller, act)

    def about(self, subject: str, act: Callable[[Work, Any], Any]) -> Any:
        """Run an act about a living person as the caller."""
        subjects = self.senim.subjects
        return self.run(lambda work: act(work, subjects.about(work, SubjectId(subject))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: method and path, what it does, its body and answer, and the grant that it needs (or none)."""

    method: str
    path: str
    name: str
    says: str
    handler: Callable[..., Any]
    answers: tuple[Any, ...]
    grant: str | None
    bodies: tuple[Any, ...] = ()
    """Structs that the body may be, the usual one first."""
    status: int = 200
    params: tuple[Param, ...] = ()
    media: str = JSON
    takes: str = JSON
    once: bool = False
    """Whether ``Idempotency-Key`` makes it happen at most once."""


def responder(senim: Senim, operation: Operation) -> Callable[..., None]:
    """The Falcon responder of an operation."""
    decode = _decoder(operation.bodies)
    status = falcon.code_to_http_status(operation.status)
    read = _reader(operation, senim.settings.serve.max_body)

    def respond(request: falcon.Request, response: falcon.Response, **path: str) -> None:
        call = Call(senim, request, response)
        try:
            if operation.grant is not None:
                call.actor = _actor(senim, request)
            raw = read(request)
            call.body = decode(raw)
            _answer(operation, call, raw, path, status)
        except SenimError as error:
            refuse(request, response, error)

    return respond


def _reader(operation: Operation, limit: int) -> Callable[[falcon.Request], bytes]:
    """Reads the body that the operation takes, if it takes one."""
    if operation.bodies:
        return lambda request: _read(request, limit)
    if operation.takes != JSON:
        return lambda request: _read_body(request, MOST_FILE)
    return lambda request: b""


def _answer(operation: Operation, call: Call, raw: bytes, path: dict[str, str], status: str) -> None:
    response = call.response
    key = call.request.get_header("Idempotency-Key") if operation.once else None
    if key is None:
        answer = operation.handler(call, **path)
        response.data = answer if isinstance(answer, bytes) else _encode(answer)
    else:
        response.data = _once(operation, call, key, raw, path)
    response.status = status
    response.content_type = operation.media
    response.set_header("X-Content-Type-Options", "nosniff")
    if operation.grant is not None:
        response.set_header("Cache-Control", "no-store")


def _once(operation: Operation, call: Call, key: str, raw: bytes, path: dict[str, str]) -> bytes:
    """Run the operation inside the act that remembers its answer."""
    if not _IDEMPOTENCY_KEY.match(key):
        raise Invalid(Code.BODY_MALFORMED, "Idempotency-Key")
    request = call.senim.fingerprint(f"{operation.method} {call.request.path}\n".encode() + raw)
    works, caller = call.senim.works, call.caller

    def act(work: Work) -> bytes:
        joined = Joined(call, work)
        return _encode(operation.handler(joined, **path))

    answer, again = works.run_once(caller, key, request, act)
    if again:
        call.response.set_header("Idempotency-Replayed", "true")
    return answer


class Joined(Call):
    """A call whose acts join a work that is under way already."""

    def __init__(self, call: Call, work: Work) -> None:
        super().__init__(call.senim, call.request, call.response, call.actor, call.body)
        self._work = work

    def run(self, act: Callable[[Work], Any]) -> Any:
        return act(self._work)


def _actor(senim: Senim, request: falcon.Request) -> Actor:
    scheme, _, token = (request.get_header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotAllowed(Code.NOT_SIGNED_IN)
    promises = senim.policies.in_force(senim.works.clock.now())
    return senim.access.actor(promises, token.strip())


def _read(request: falcon.Request, limit: int) -> bytes:
    """The JSON body, no longer than allowed. Raises Invalid (media_type_wrong, body_too_large)."""
    kind = request.content_type or ""
    if kind != JSON and kind.partition(";")[0].strip().lower() != JSON:
        raise Invalid(Code.MEDIA_TYPE_WRONG, "Content-Type")
    return _read_body(request, limit)


def _read_body(request: falcon.Request, limit: int) -> bytes:
    """The body, no longer than allowed. Raises Invalid (body_too_large)."""
    length = request.content_length
    if length is not None and length > limit:
        raise Invalid(Code.BODY_TOO_LARGE, "body")
    raw: bytes = request.stream.read(limit + 1 if length is None else length)
    if len(raw) > limit:
        raise Invalid(Code.BODY_TOO_LARGE, "body")
    return raw


def _decoder(bodies: tuple[Any, ...]) -> Callable[[bytes], Any]:
    """Decodes the first of the bodies that fits; what fits none is told of the one that was meant. A file stays one."""
    if not bodies:
        return lambda raw: raw
    first, *others = [msgspec.json.Decoder(kind).decode for kind in bodies]

    def decode(raw: bytes) -> Any:
        try:
            return first(raw)
        except msgspec.ValidationError as error:
            said = [str(error)]
            for other in others:
                try:
                    return other(raw)
                except msgspec.ValidationError as differs:
                    said.append(str(differs))
            meant = next((one for one in said if not _UNKNOWN_ON_TOP.match(one)), said[0])
            raise Invalid(Code.BODY_MALFORMED, _place(meant)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(Code.BODY_MALFORMED, "body") from error

    return decode


def _place(message: str) -> str:
    """Where a body is wrong, from msgspec's message, which names places and types, never a value.

    A key that the body should not have is the caller's own text: it is told only if it looks like the name of one.
    Of a key that is wrong itself (``at `key` in `$.values```) the place is what it stands in.
    """
    said, _, place = message.partition(" - at ")
    key = _KEY_NAMED.search(said)
    place = place.rpartition(" in ")[2]
    parts = (place.strip("`$.")[:80], key[1] if key else "")
    return ".".join(part for part in parts if part) or "body"


def refuse(request: falcon.Request, response: falcon.Response, error: SenimError) -> None:
    """Answer with problem details in the caller's language."""
    status = status_of(error)
    response.status = falcon.code_to_http_status(status)
    response.content_type = "application/problem+json"
    response.data = _encode(problem(error, choose(request.get_header("Accept-Language") or "", "en")))
    response.set_header("Cache-Control", "no-store")
    response.set_header("X-Content-Type-Options", "nosniff")
    if status == 401:
        response.set_header("WWW-Authenticate", 'Bearer realm="senim"')
    if isinstance(error, Unavailable):
        response.set_header("Retry-After", "1")
