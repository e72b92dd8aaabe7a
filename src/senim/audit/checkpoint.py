"""Signed checkpoints: C2SP tlog-checkpoint in C2SP signed-note form, Ed25519.

A checkpoint is a text of three lines (origin, size, root in base64), an empty line and signature lines
``— <key name> <base64(key hash ‖ signature)>``. Any tool for Go's checksum database or Sigsum can check it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from senim.errors import Code, Invalid

_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree's size and root, as its log stated them."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


class LogSigner:
    """Signs checkpoints with the log's private key (32-byte seed)."""

    def __init__(self, origin: str, seed: bytes) -> None:
        if not origin or any(character.isspace() or character == "+" for character in origin):
            raise Invalid(Code.SETTING_WRONG, "log.origin")
        self.origin = origin
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._key.public_key().public_bytes_raw()

    def sign(self, size: int, root: bytes) -> str:
        """A signed checkpoint."""
        body = Checkpoint(self.origin, size, root).body()
        signature = _key_hash(self.origin, self._public) + self._key.sign(body.encode())
        return f"{body}\n— {self.origin} {base64.b64encode(signature).decode()}\n"

    @property
    def vkey(self) -> str:
        """The public key as a verifier key line (``name+hash+base64``), safe to publish."""
        hexed = _key_hash(self.origin, self._public).hex()
        return f"{self.origin}+{hexed}+{base64.b64encode(_ED25519 + self._public).decode()}"


class LogVerifier:
    """Checks checkpoints with nothing but the public key."""

    def __init__(self, vkey: str) -> None:
        try:
            self.name, hexed, encoded = vkey.strip().split("+", 2)
            key = base64.b64decode(encoded, validate=True)
            if len(key) != 33 or key[:1] != _ED25519 or _key_hash(self.name, key[1:]).hex() != hexed:
                raise ValueError
            self._public = Ed25519PublicKey.from_public_bytes(key[1:])
        except (ValueError, binascii.Error) as error:
            raise Invalid(Code.KEY_FILE_WRONG, "vkey") from error
        self._hash = bytes.fromhex(hexed)

    def open(self, note: str) -> Checkpoint:
        """The checkpoint of a note that this key signed. Raises Invalid (signature_wrong)."""
        checkpoint, signatures = parse_note(note)
        for name, signature in signatures:
            if name == self.name and signature[:4] == self._hash:
                try:
                    self._public.verify(signature[4:], checkpoint.body().encode())
                except InvalidSignature as error:
                    raise Invalid(Code.SIGNATURE_WRONG, "checkpoint") from error
                if checkpoint.origin != self.name:
                    raise Invalid(Code.SIGNATURE_WRONG, "checkpoint")
                return checkpoint
        raise Invalid(Code.SIGNATURE_WRONG, "checkpoint")


def parse_note(note: str) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    """A note's checkpoint and its signatures, unchecked. Raises Invalid (signature_wrong) if it is no note."""
    try:
        body, _, tail = note.partition("\n\n")
        origin, size, root = body.split("\n")
        if not size.isdigit() or (len(size) > 1 and size[0] == "0") or not tail.endswith("\n"):
            raise ValueError
        checkpoint = Checkpoint(origin, int(size), base64.b64decode(root, validate=True))
        if checkpoint.body() != f"{body}\n":  # what is read must be what was signed, to the letter
            raise ValueError
        signatures = []
        for line in tail.splitlines():
            dash, name, encoded = line.split(" ")
            if dash != "—":
                raise ValueError
            signatures.append((name, base64.b64decode(encoded, validate=True)))
    except (ValueError, binascii.Error) as error:
        raise Invalid(Code.SIGNATURE_WRONG, "checkpoint") from error
    if len(checkpoint.root) != 32:
        raise Invalid(Code.SIGNATURE_WRONG, "checkpoint")
    return checkpoint, signatures
