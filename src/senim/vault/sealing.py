"""Sealing: AES-256-GCM under a person's own key, each value bound to whose it is and where it belongs. Pure.

A sealed value is ``algorithm byte ‖ nonce (12) ‖ ciphertext and tag``. What it is bound to (person, category,
version) is authenticated, so that a value moved to another person, category or version does not open.
"""

from __future__ import annotations

import hashlib
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


class _Keyed:
    """HMAC-SHA-256 (RFC 2104) begun with its key: to copy both halves costs a third of keying them for every value."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        filled = key.ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in filled))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in filled))

    def digest(self, content: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(content)
        outer.update(inner.digest())
        return outer.digest()


class BlindIndex:
    """Keyed digests by which values are found without being readable: HMAC-SHA-256, 16 bytes, a key per kind."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._keyed: dict[str, _Keyed] = {}

    def digest(self, kind: str, value: str) -> bytes:
        """The digest of a normalised value of a kind (``email``, ``phone``, ``iin`` or a field)."""
        keyed = self._keyed.get(kind)
        if keyed is None:
            derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"senim blind index\n" + kind.encode())
            keyed = self._keyed[kind] = _Keyed(derive.derive(self._secret))
        return keyed.digest(value.encode())[:16]
