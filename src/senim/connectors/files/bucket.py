"""Where files lie: a bucket of a store that speaks S3. One request at a time, no further library."""

from __future__ import annotations

import hashlib
import http.client
import io
import xml.etree.ElementTree as ET  # an entity in it is refused, see _parsed
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast
from urllib.parse import SplitResult, unquote

from senim.connectors.files.place import MARKS, MOST_FILES, Content
from senim.connectors.files.signing import NOTHING, Credentials, authorization, encoded, query_of
from senim.errors import Code, Held, NotAllowed, NotFound, SenimError, Unavailable
from senim.languages import Hint
from senim.times import utc_now

MOST_BYTES = 5 * 1024**3
"""Largest file that is put in one request: more the stores do not take."""
_MOST_ANSWER = 16 * 1024 * 1024
_DIGEST = "x-amz-meta-senim-sha256"
_OK = (200, 204, 206)
_CHANGED = (409, 412)


class _Whole(io.RawIOBase):
    """An answer whose early end is an error: a file that is cut off must not be taken for a shorter one."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._response.readinto(buffer)
        if not count and self._response.length:
            raise http.client.IncompleteRead(b"", self._response.length)
        return count


class Bucket:
    """A bucket, or what begins with a prefix in it."""

    says = "S3"

    def __init__(
        self,
        address: SplitResult,
        credentials: Credentials,
        *,
        where: str,
        timeout: int = 60,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._where = where
        self._timeout = timeout
        self._now = now
        bucket, _, prefix = unquote(address.path).strip("/").partition("/")
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    @contextmanager
    def _asked(
        self,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: tuple[Iterator[bytes], int, str] | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """A signed request and its answer. Raises what stands against it, as one of ours."""
        body, size, digest = content or (None, 0, NOTHING)
        path = f"/{encoded(self._bucket)}" + (f"/{encoded(key, slash=True)}" if key else "")
        at = self._now().astimezone(UTC)
        signed = {
            "Host": self._host(),
            "x-amz-date": at.strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-content-sha256": digest,
            **(headers or {}),
        }
        signed["Authorization"] = authorization(
            self._credentials, method, path, query or {}, signed, at=at, body=digest
        )
        if body is not None:
            signed["Content-Length"] = str(size)
        secure = self._address.scheme.endswith("https") or self._address.scheme == "s3"
        made = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = made(self._address.hostname or "", self._address.port, timeout=self._timeout)
        try:
            target = f"{path}?{query_of(query)}" if query else path
            connection.request(method, target, body, signed, encode_chunked=False)
            with connection.getresponse() as response:
                self._judge(response.status)
                yield response
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(Code.SYSTEM_UNREACHABLE, self._where, detail=type(error).__name__) from error
        finally:
            connection.close()

    def _host(self) -> str:
        host = self._address.hostname or ""
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{self._address.port}" if self._address.port else host

    def _judge(self, status: int) -> None:
        if status in _OK:
            return
        if status in _CHANGED:
            raise Held(Code.CHANGED_MEANWHILE, self._where, hint=Hint("file-changed"))
        kinds: dict[int, SenimError] = {
            404: NotFound(Code.NOT_FOUND, self._where),
            401: NotAllowed(Code.ROLE_NOT_ALLOWED, self._where, detail="HTTP 401"),
            403: NotAllowed(Code.ROLE_NOT_ALLOWED, self._where, detail="HTTP 403"),
        }
        raise kinds.get(status) or Unavailable(Code.SYSTEM_UNREACHABLE, self._where, detail=f"HTTP {status}")

    def names(self) -> list[str]:
        """The files behind the prefix."""
        found: list[str] = []
        query = {"list-type": "2", "prefix": self._prefix}
        while True:
            try:
                with self._asked("GET", "", query=query) as response:
                    listed = self._parsed(response.read(_MOST_ANSWER))
            except NotFound as error:
                raise Unavailable(Code.SYSTEM_UNREACHABLE, self._where, hint=Hint("no-bucket")) from error
            found += [key.text or "" for key in listed.iterfind("{*}Contents/{*}Key")]
            token = listed.findtext("{*}NextContinuationToken")
            if not token:
                break
            if token == query.get("continuation-token") or len(found) > MOST_FILES:
                raise Unavailable(Code.ANSWER_WRONG, self._where, hint=Hint("list-endless"))
            query["continuation-token"] = token
        names = (one.removeprefix(self._prefix) for one in found if one.startswith(self._prefix))
        return sorted(one for one in names if one and not one.endswith("/") and not one.startswith(f"{MARKS}/"))

    def _parsed(self, answer: bytes) -> ET.Element:
        if b"<!" in answer:
            raise Unavailable(Code.ANSWER_WRONG, self._where, hint=Hint("list-unread"))
        try:
            return ET.fromstring(answer)  # noqa: S314
        except ET.ParseError as error:
            raise Unavailable(Code.ANSWER_WRONG, self._where, hint=Hint("list-unread")) from error

    def version(self, name: str) -> str:
        """Its ETag."""
        with self._asked("HEAD", self._prefix + name) as response:
            tag = response.headers.get("ETag", "")
        if not tag:
            raise Unavailable(Code.ANSWER_WRONG, self._where, hint=Hint("no-etag"))
        return tag

    @contextmanager
    def read(self, name: str, version: str) -> Iterator[BinaryIO]:
        """The content of that version."""
        with self._asked("GET", self._prefix + name, headers={"If-Match": version}) as response:
            yield cast("BinaryIO", _Whole(response))

    def replace(self, name: str, version: str, content: Content, *, size: int, digest: str) -> None:
        """Put it, if the file is still the same: the store compares and puts in one step."""
        if size > MOST_BYTES:
            raise Unavailable(Code.STORAGE_FULL, self._where, hint=Hint("too-long", most=MOST_BYTES))
        headers = {"If-Match": version, _DIGEST: digest}
        with self._asked("PUT", self._prefix + name, headers=headers, content=(content(), size, digest)) as response:
            response.read(_MOST_ANSWER)

    def digest(self, name: str) -> str:
        """What was given with the content, or nothing if somebody else put it."""
        with self._asked("HEAD", self._prefix + name) as response:
            return str(response.headers.get(_DIGEST, ""))

    def note(self, key: str) -> bytes | None:
        """A note that was made before."""
        try:
            with self._asked("GET", f"{self._prefix}{MARKS}/{key}.json") as response:
                return response.read(_MOST_ANSWER)
        except NotFound:
            return None

    def make_note(self, key: str, content: bytes) -> None:
        """Make a note, or another in its place."""
        told = (iter((content,)), len(content), hashlib.sha256(content).hexdigest())
        with self._asked("PUT", f"{self._prefix}{MARKS}/{key}.json", content=told) as response:
            response.read(_MOST_ANSWER)
