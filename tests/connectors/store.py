"""A store that speaks S3, on loopback: keeps objects in memory and checks each signature as AWS says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from senim.connectors.files.signing import Credentials, authorization
from tests.connectors.own_system import listening

KEY, SECRET = "AKIDMADEUP", "made/up+secret"


class Store:
    """Objects by bucket and key: content and what was given with it. ``most`` keys in one list."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.most = 2
        self.cut: set[str] = set()
        self.before_put = ""

    def tag(self, path: str) -> str:
        """The ETag of an object."""
        return f'"{hashlib.md5(self.objects[path][0], usedforsecurity=False).hexdigest()}"'


def _handler(store: Store) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _signed(self, body: bytes) -> bool:
            parts = urlsplit(self.path)
            names = self.headers.get("Authorization", "").partition("SignedHeaders=")[2].partition(",")[0].split(";")
            at = datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            digest = self.headers["x-amz-content-sha256"]
            wanted = authorization(
                Credentials(KEY, SECRET, "kz-1"),
                self.command,
                parts.path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name: self.headers[name] for name in names},
                at=at,
                body=digest,
            )
            return wanted == self.headers["Authorization"] and digest == hashlib.sha256(body).hexdigest()

        def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            path = unquote(urlsplit(self.path).path)
            self.wfile.write(b"" if self.command == "HEAD" else content[:9] if path in store.cut else content)
            self.close_connection = True

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not self._signed(body):
                self._answer(403)
                return
            path = unquote(urlsplit(self.path).path)
            if path == store.before_put and self.command == "PUT":
                store.objects[path] = (b"email\nsomebody.new@example.kz\n", {})
            if path.count("/") == 1:
                self._list(path)
            elif self.command == "PUT":
                self._put(path, body)
            elif path not in store.objects:
                self._answer(404)
            elif self.headers.get("If-Match", store.tag(path)) != store.tag(path):
                self._answer(412)
            else:
                content, more = store.objects[path]
                self._answer(200, content, ETag=store.tag(path), **more)

        def _put(self, path: str, body: bytes) -> None:
            wanted = self.headers.get("If-Match")
            if wanted and (path not in store.objects or wanted != store.tag(path)):
                self._answer(412)
                return
            more = {name: value for name, value in self.headers.items() if name.lower().startswith("x-amz-meta-")}
            store.objects[path] = (body, more)
            self._answer(200, ETag=store.tag(path))

        def _list(self, path: str) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            keys = sorted(one.removeprefix(f"{path}/") for one in store.objects if one.startswith(f"{path}/"))
            keys = [one for one in keys if one.startswith(query.get("prefix", ""))]
            start = int(query.get("continuation-token", 0))
            told = "".join(f"<Contents><Key>{escape(one)}</Key></Contents>" for one in keys[start : start + store.most])
            more = start + store.most
            token = f"<NextContinuationToken>{more}</NextContinuationToken>" if more < len(keys) else ""
            head = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            self._answer(200, f"{head}{told}{token}</ListBucketResult>".encode())

        def do_GET(self) -> None:
            self._do()

        def do_HEAD(self) -> None:
            self._do()

        def do_PUT(self) -> None:
            self._do()

        def log_message(self, *_: object) -> None:
            """Nothing: tests look at the objects."""

    return Handler


@contextmanager
def served(store: Store) -> Iterator[str]:
    """The address of a bucket with a prefix while the block runs."""
    with listening(_handler(store)) as port:
        yield f"s3+http://{KEY}:{SECRET.replace('/', '%2F')}@127.0.0.1:{port}/lists/shop?region=kz-1"
