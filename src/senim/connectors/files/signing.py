"""AWS Signature Version 4, as stores that speak S3 want it. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

NOTHING = hashlib.sha256(b"").hexdigest()
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls, and where. The secret is not shown."""

    key: str
    secret: str
    region: str = "us-east-1"
    service: str = "s3"

    def __repr__(self) -> str:
        return f"Credentials({self.key!r}, …)"


def authorization(
    credentials: Credentials,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    *,
    at: datetime,
    body: str = NOTHING,
) -> str:
    """The header ``Authorization``. ``path`` is encoded already; ``body`` is the SHA-256 of the content in hex."""
    time = at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{time[:8]}/{credentials.region}/{credentials.service}/aws4_request"
    told = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    signed = ";".join(sorted(told))
    lines = "".join(f"{name}:{told[name]}\n" for name in sorted(told))
    request = "\n".join((method, path, query_of(query), lines, signed, body))
    wanted = "\n".join((_ALGORITHM, time, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, wanted.encode(), "sha256").hex()
    return f"{_ALGORITHM} Credential={credentials.key}/{scope}, SignedHeaders={signed}, Signature={signature}"


def query_of(query: Mapping[str, str]) -> str:
    """The query as it is signed and sent."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def encoded(text: str, *, slash: bool = False) -> str:
    """A part of an address, encoded as the signature wants it."""
    return quote(text, safe="-_.~/" if slash else "-_.~")
