"""The front: granian's requests (RSGI) come to the WSGI application here.

Ordinary requests run in the thread of the event loop, each in a strand that lets the next one run while it waits for
its commit. Requests that may take long run in a few threads beside it, and their bodies come in and go out in parts
(docs/decisions/0006-strands.md).
"""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeAlias

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # made in Rust, given a name there

from senim.errors import Code, Invalid, places
from senim.storage.strands import Strands

Environ: TypeAlias = dict[str, Any]
WSGI = Callable[[Environ, Any], Iterable[bytes]]
Headers = list[tuple[str, str]]

SMALL = 16 * 1024
"""Bytes of a body that is read before anything is known of its sender; a larger one is read by who wants it."""

PATIENCE = 30.0
"""Seconds in which a small body has to come, and every part of a large one."""

SLOWEST = 1024
"""Bytes a second at which a large body has to come, beyond the first seconds: it keeps a thread waiting."""

ENDING = 5.0
"""Seconds for requests that are under way when the service stops."""

_LOOK_EVERY = 5.0
_AT_ONCE = 64 * 1024
"""Bytes of an answer that is sent in one piece."""

_CONSTANT: Environ = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.input_terminated": True,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
_BODILESS = ("GET", "HEAD", "DELETE", "OPTIONS")
_MOST_NAMES = 1000
"""Names of headers that are remembered."""


class Front:
    """Serves a WSGI application. ``lengthy`` tells of a method and a path whether such requests may take long."""

    def __init__(self, application: WSGI, *, threads: int, lengthy: Callable[[str, str], bool]) -> None:
        self._application = application
        self._lengthy = lengthy
        self._threads = ThreadPoolExecutor(threads, "senim-long")
        self._waiting: set[asyncio.Future[None]] = set()
        self._bodies: dict[Any, tuple[float, Any]] = {}
        self._reading: set[Future[bytes]] = set()
        self._loop: asyncio.AbstractEventLoop
        self._strands: Strands

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, in the thread that is going to serve."""
        self._loop = loop
        self._strands = Strands(loop)
        loop.set_default_executor(self._threads)
        loop.call_later(_LOOK_EVERY, self._look)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """End: what has begun is finished."""
        for one in list(self._reading):
            one.cancel()
        if self._waiting:
            loop.run_until_complete(asyncio.wait(self._waiting, timeout=ENDING))
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """Serve a request."""
        environ = environ_of(scope)
        length = _length(environ)
        lengthy = self._lengthy(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if length is None or length > SMALL:
            lengthy, environ["wsgi.input"] = True, io.BufferedReader(_Body(proto, self._loop, self._reading))
        else:  # no thread waits for it
            body = await self._small(proto) if length else b""
            if body is None:
                return
            environ["wsgi.input"] = io.BytesIO(body)
        if lengthy:
            self._waiting.add(done := self._loop.create_future())
            try:
                await self._long(environ, proto)
            finally:
                self._waiting.discard(done)
                done.set_result(None)
            return
        paused = self._strands.run(self._answer, environ, proto)
        if paused is not None:
            self._waiting.add(paused)
            await paused
            self._waiting.discard(paused)

    async def _small(self, proto: Any) -> bytes | None:
        """A small body; None if its sender is gone."""
        coming = proto()
        self._bodies[coming] = self._loop.time(), proto
        try:
            return bytes(await coming)
        except (ProtocolClosed, asyncio.CancelledError):
            return None
        finally:
            del self._bodies[coming]

    def _answer(self, environ: Environ, proto: Any) -> None:
        """Run a request and answer it, all in its strand."""
        answer = _Answer()
        content = answer.whole(self._application, environ)
        with suppress(ProtocolClosed):  # whoever asked is gone
            proto.response_bytes(answer.status, answer.headers, content)

    async def _long(self, environ: Environ, proto: Any) -> None:
        """Run a request in a thread, and send its answer as fast as it is taken."""
        answer, loop = _Answer(), self._loop
        try:
            first = await loop.run_in_executor(self._threads, answer.begin, self._application, environ)
            with suppress(ProtocolClosed):
                if len(first) < _AT_ONCE:
                    proto.response_bytes(answer.status, answer.headers, first)
                    return
                sending = proto.response_stream(answer.status, answer.headers)
                while first:
                    await sending.send_bytes(first)
                    first = await loop.run_in_executor(self._threads, answer.more)
        finally:
            await loop.run_in_executor(self._threads, answer.close)

    def _look(self) -> None:
        """Send away those whose bodies do not come."""
        self._loop.call_later(_LOOK_EVERY, self._look)
        late = self._loop.time() - PATIENCE
        for coming, (began, proto) in list(self._bodies.items()):
            if began < late:
                with suppress(ProtocolClosed):
                    proto.response_empty(408, [("connection", "close")])
                coming.cancel()


def environ_of(scope: Any) -> Environ:
    """The request as PEP 3333 describes it, without its body."""
    path: str = scope.path
    if not path.isascii():
        path = path.encode().decode("latin-1")
    address, _, port = scope.server.rpartition(":")
    client, _, client_port = scope.client.rpartition(":")
    environ: Environ = {
        **_CONSTANT,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": path,
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": address,
        "SERVER_PORT": port,
        "REMOTE_ADDR": client,
        "REMOTE_PORT": client_port,
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
    }
    for name, value in scope.headers.items():
        key = _NAMES.get(name) or _key(name)
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    if "HTTP_HOST" not in environ and scope.authority:
        environ["HTTP_HOST"] = scope.authority
    return environ


_NAMES = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def _key(name: str) -> str:
    """The key of a header."""
    key = "HTTP_" + name.upper().replace("-", "_")
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[name] = key
    return key


def _length(environ: Environ) -> int | None:
    """The length of the body; None if it is not known before it has come."""
    told = environ.get("CONTENT_LENGTH")
    if told is not None:
        return int(told)
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    return 0 if environ["SERVER_PROTOCOL"].startswith("HTTP/1") or environ["REQUEST_METHOD"] in _BODILESS else None


class _Answer:
    """What an application answers: PEP 3333's ``start_response``, and the bug that an application does not catch."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: Headers = []
        self._body: Iterable[bytes] = ()
        self._parts: Iterator[bytes] = iter(())

    def __call__(self, status: str, headers: Headers, exc_info: object = None) -> None:
        self.status = int(status[:3])
        self.headers = headers

    def whole(self, application: WSGI, environ: Environ) -> bytes:
        """Run it, and take its answer in one piece. Never raises."""
        try:
            self._body = application(environ, self)
            return b"".join(self._body)
        except Exception as error:  # noqa: BLE001  # the one who asked gets an answer whatever happens
            return self._failed(error)
        finally:
            self.close()

    def begin(self, application: WSGI, environ: Environ) -> bytes:
        """Run it; the first part of its answer. Never raises."""
        try:
            self._body = application(environ, self)
            self._parts = iter(self._body)
            return self.more()
        except Exception as error:  # noqa: BLE001  # the one who asked gets an answer whatever happens
            return self._failed(error)

    def more(self) -> bytes:
        """As many parts as are sent together, or all that are left."""
        found = bytearray()
        for part in self._parts:
            found += part
            if len(found) >= _AT_ONCE:
                break
        return bytes(found)

    def close(self) -> None:
        """Give back what the answer was made from."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()

    def _failed(self, error: Exception) -> bytes:
        print(f"internal error: {type(error).__name__} in {places(error)}", file=sys.stderr)  # noqa: T201  # the service's own log
        self.status, self.headers = 500, []
        return b""


class _Body(io.RawIOBase):
    """The body of a request, read by a thread part by part as it comes through the loop."""

    def __init__(self, proto: Any, loop: asyncio.AbstractEventLoop, reading: set[Future[bytes]]) -> None:
        self._reading = reading
        self._parts = _parts(proto)
        self._loop = loop
        self._left = b""
        self._waited = 0.0
        self._came = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as far as one part does. Raises Invalid (body_malformed) if the body breaks off."""
        if not self._left:
            self._left = self._next()
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def _next(self) -> bytes:
        coming = asyncio.run_coroutine_threadsafe(anext(self._parts, b""), self._loop)
        self._reading.add(coming)
        began = time.monotonic()
        try:
            part = coming.result(min(PATIENCE, max(0.0, PATIENCE + self._came / SLOWEST - self._waited)))
        except (TimeoutError, CancelledError, ProtocolClosed) as error:
            coming.cancel()
            raise Invalid(Code.BODY_MALFORMED, "body") from error
        finally:
            self._reading.discard(coming)
        self._waited += time.monotonic() - began
        self._came += len(part)
        return part


async def _parts(proto: Any) -> AsyncIterator[bytes]:
    """Parts of a body as they come. Raises ProtocolClosed if an empty one is not the last: the sender is gone."""
    empty = False
    async for part in proto:
        if empty:
            raise ProtocolClosed
        empty = not part
        if part:
            yield bytes(part)
