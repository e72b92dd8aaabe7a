"""An identity provider on loopback: small, and as strict as a real one about codes, PKCE and the client's secret."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT, SECRET = "senim", "s3cret-of-the-client"


class FakeProvider:
    """Knows one person. ``claims`` and ``told`` are changed by tests that play a provider gone wrong."""

    def __init__(self, port: int, now: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.signs = self.key
        self.claims: dict[str, Any] = {
            "iss": self.issuer, "aud": CLIENT, "sub": "4711", "email": "Desk@people.example", "email_verified": True,
            "iat": now, "exp": now + 300,
        }  # fmt: skip
        self.told: dict[str, Any] = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
        }  # fmt: skip
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def authorize(self, address: str) -> str:
        """The person signs in at the address that they were led to; where they are led back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{urlsplit(asked['redirect_uri']).path}?code={code}&state={asked['state']}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, str] | None:
        """A token for a code, once, to who has the verifier and the secret."""
        asked = self.codes.pop(form["code"], None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if asked is None or authorization != f"Basic {basic}" or digest != asked["code_challenge"]:
            return None
        claims = {"nonce": asked["nonce"], **self.claims}
        return {"id_token": jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.signs), "access_token": "x"}

    def answer(self, path: str, form: dict[str, str], authorization: str) -> Any:
        """What is answered to a path; None is a refusal."""
        self.asked.append(path)
        if path == "/token":
            return self.token(form, authorization)
        keys = KeySet([self.key]).as_dict(private=False)
        return {"/.well-known/openid-configuration": self.told, "/keys": keys}.get(path)


@contextmanager
def provider(now: int) -> Iterator[FakeProvider]:
    """One that listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            told = fake.answer(self.path, form, self.headers.get("Authorization", ""))
            body = json.dumps(told).encode()
            self.send_response(400 if told is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  # the name that http.server calls

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeProvider(server.server_port, now)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
