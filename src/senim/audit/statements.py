"""Signed statements: receipts and proofs as compact JWS (RFC 7515) with Ed25519 (RFC 8037).

Outsiders check them with any JOSE library and the public key (JWK); nothing of ours is needed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from senim.errors import Code, Invalid

_encode = msgspec.json.Encoder().encode


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _unbase64url(text: str) -> bytes:
    content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _base64url(content).decode() != text:  # one content has one spelling (RFC 4648 §3.5)
        raise ValueError
    return content


def thumbprint(public: bytes) -> str:
    """The key id of an Ed25519 key: its JWK thumbprint (RFC 7638)."""
    members = b'{"crv":"Ed25519","kty":"OKP","x":"' + _base64url(public) + b'"}'
    return _base64url(hashlib.sha256(members).digest()).decode()


class StatementSigner:
    """Signs statements with the operator's private key (32-byte seed)."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._key.public_key().public_bytes_raw()
        self.key_id = thumbprint(self._public)
        self._headers: dict[str, bytes] = {}

    def sign(self, kind: str, payload: object) -> str:
        """A statement of a kind (``consent-receipt+jws`` …) as ``header.payload.signature``."""
        header = self._headers.get(kind)
        if header is None:
            header = _base64url(_encode({"alg": "EdDSA", "kid": self.key_id, "typ": kind}))
            self._headers[kind] = header
        content = header + b"." + _base64url(_encode(payload))
        return (content + b"." + _base64url(self._key.sign(content))).decode()

    @property
    def jwk(self) -> dict[str, str]:
        """The public key, safe to publish."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _base64url(self._public).decode(),
            "kid": self.key_id,
            "use": "sig",
            "alg": "EdDSA",
        }


def open_statement(statement: str, jwk: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The kind and payload of a statement that the key signed. Raises Invalid (signature_wrong, key_file_wrong)."""
    try:
        if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519":
            raise ValueError
        public = Ed25519PublicKey.from_public_bytes(_unbase64url(jwk["x"]))
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise Invalid(Code.KEY_FILE_WRONG, "jwk") from error
    try:
        head, body, signature = statement.strip().split(".")
        header = msgspec.json.decode(_unbase64url(head))
        # The algorithm is fixed here; what the header says of it is only compared (RFC 8725 §3.1).
        if not isinstance(header, dict) or header.get("alg") != "EdDSA" or "crit" in header:
            raise ValueError
        public.verify(_unbase64url(signature), f"{head}.{body}".encode())
        payload = msgspec.json.decode(_unbase64url(body))
        if not isinstance(payload, dict):
            raise ValueError  # noqa: TRY004  # converted below with the other faults of a statement
    except (ValueError, binascii.Error, msgspec.DecodeError, InvalidSignature, UnicodeEncodeError) as error:
        raise Invalid(Code.SIGNATURE_WRONG, "statement") from error
    return str(header.get("typ", "")), payload
