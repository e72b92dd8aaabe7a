"""Sealing: AES-256-GCM under a person's own key, each value bound to whose it is and where it belongs. Pure.

A sealed value is ``algorithm byte ‖ nonce (12) ‖ ciphertext and tag``. What it is bound to (person, category,
version) is authenticated, so that a value moved to another person, category or version does not open.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from senim.errors import Code, Tampered

AES_256_GCM = b"\x01"
CHUNK = 256 * 1024
"""Bytes of a document in one sealed chunk."""


def seal(key: AESGCM, content: bytes, bound: bytes) -> bytes:
    """``content`` sealed; it opens only with the same key and ``bound``."""
    nonce = os.urandom(12)
    return AES_256_GCM + nonce + key.encrypt(nonce, content, bound)


def unseal(key: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    """The content of a sealed value. Raises Tampered (seal_broken)."""
    if sealed[:1] != AES_256_GCM:
        raise Tampered(Code.SEAL_BROKEN)
    try:
        return key.decrypt(sealed[1:13], sealed[13:], bound)
    except (InvalidTag, ValueError) as error:  # ValueError: so much is cut off that no nonce is left
        raise Tampered(Code.SEAL_BROKEN) from error


def bound_to(subject: bytes, what: str, version: int) -> bytes:
    """What a value is bound to: the person, the category or file, and the version."""
    return b"senim/1\n" + subject + what.encode() + b"\n" + version.to_bytes(8, "big")


def bound_chunk(subject: bytes, document: bytes, index: int, last: bool) -> bytes:
    """What a chunk of a file is bound to: its place, and whether it is the last, so that none can be cut off."""
    return b"senim/1/chunk\n" + subject + document + index.to_bytes(8, "big") + bytes([last])


class BlindIndex:
    """Keyed digests by which values are found without being readable: HMAC-SHA-256, 16 bytes, a key per kind."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._keys: dict[str, bytes] = {}

    def digest(self, kind: str, value: str) -> bytes:
        """The digest of a normalised value of a kind (``email``, ``phone``, ``iin`` or a field)."""
        key = self._keys.get(kind)
        if key is None:
            derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"senim blind index\n" + kind.encode())
            key = self._keys[kind] = derive.derive(self._secret)
        return hmac.digest(key, value.encode(), "sha256")[:16]
