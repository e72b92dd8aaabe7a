"""Keys: those of the operator, from a provider, and one of each person, wrapped in the key store.

Providers: files of the operator's folder (the default; their mode is checked), the environment, or any class
named in ``senim.toml`` that follows :class:`KeyProvider` (a KMS, an HSM).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import importlib
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from senim.errors import Code, Invalid, Unavailable, of_disk

SECRETS = ("index", "log", "receipts")
"""Secrets beside the key-encryption keys: of the blind index, of checkpoints, of receipts and proofs."""


class KeyProvider(Protocol):
    """Where the operator's keys come from."""

    def secret(self, name: str) -> bytes:
        """The secret ``index``, ``log`` or ``receipts``. Raises Unavailable (key_file_missing, …)."""

    def current(self) -> str:
        """The id of the key-encryption key that new keys are wrapped with."""

    def wrap(self, kek: str, key: bytes, bound: bytes) -> bytes:
        """``key`` wrapped with a key-encryption key, bound to ``bound``."""

    def unwrap(self, kek: str, wrapped: bytes, bound: bytes) -> bytes:
        """The key again. Raises Unavailable (key_file_wrong, key_file_missing)."""


class LocalKeys(ABC):
    """Wraps with AES-256-GCM under key-encryption keys that are here: ``kek-1``, ``kek-2`` and so on."""

    def __init__(self) -> None:
        self._ciphers: dict[str, AESGCM] = {}

    @abstractmethod
    def secret(self, name: str) -> bytes:
        """A key of 32 bytes by name."""

    @abstractmethod
    def current(self) -> str:
        """The id of the newest key-encryption key."""

    def _cipher(self, kek: str) -> AESGCM:
        cipher = self._ciphers.get(kek)
        if cipher is None:
            cipher = self._ciphers[kek] = AESGCM(self.secret(kek))
        return cipher

    def wrap(self, kek: str, key: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher(kek).encrypt(nonce, key, bound)

    def unwrap(self, kek: str, wrapped: bytes, bound: bytes) -> bytes:
        try:
            return self._cipher(kek).decrypt(wrapped[:12], wrapped[12:], bound)
        except (InvalidTag, ValueError) as error:  # ValueError: so much is cut off that no nonce is left
            raise Unavailable(Code.KEY_FILE_WRONG, kek) from error


class FileKeys(LocalKeys):
    """A folder of files ``<name>.key``: 32 bytes in base64, readable by their owner alone."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def secret(self, name: str) -> bytes:
        path = self._folder / f"{name}.key"
        try:
            mode = path.stat().st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Unavailable(Code.KEY_FILE_EXPOSED, path.name)
            return _decoded(path.read_text(encoding="ascii"), path.name)
        except FileNotFoundError as error:
            raise Unavailable(Code.KEY_FILE_MISSING, path.name) from error
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(Code.KEY_FILE_WRONG, path.name) from error

    def current(self) -> str:
        numbers = [int(path.stem[4:]) for path in self._folder.glob("kek-*.key") if path.stem[4:].isdigit()]
        if not numbers:
            raise Unavailable(Code.KEY_FILE_MISSING, "kek-1.key")
        return f"kek-{max(numbers)}"

    def create(self, name: str) -> None:
        """Make a new key file; one that is there is left as it is, and none is left half written.

        Raises Unavailable (storage_full, storage_failed).
        """
        path = self._folder / f"{name}.key"
        draft = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists():
                return
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(base64.b64encode(os.urandom(32)).decode() + "\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)
        except OSError as error:
            raise of_disk(error, path.name) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


class EnvironmentKeys(LocalKeys):
    """Environment variables ``SENIM_KEY_KEK_1``, ``SENIM_KEY_INDEX`` …: 32 bytes in base64."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__()
        self._environment = environment

    def secret(self, name: str) -> bytes:
        variable = f"SENIM_KEY_{name.upper().replace('-', '_')}"
        if variable not in self._environment:
            raise Unavailable(Code.KEY_FILE_MISSING, variable)
        return _decoded(self._environment[variable], variable)

    def current(self) -> str:
        prefix = "SENIM_KEY_KEK_"
        numbers = [
            int(name[len(prefix) :])
            for name in self._environment
            if name.startswith(prefix) and name[len(prefix) :].isdigit()
        ]
        if not numbers:
            raise Unavailable(Code.KEY_FILE_MISSING, f"{prefix}1")
        return f"kek-{max(numbers)}"


def _decoded(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (ValueError, binascii.Error) as error:
        raise Unavailable(Code.KEY_FILE_WRONG, name) from error
    if len(key) != 32:
        raise Unavailable(Code.KEY_FILE_WRONG, name)
    return key


def provider(kind: str, folder: Path, environment: Mapping[str, str]) -> KeyProvider:
    """The provider that the settings name: ``file``, ``environment`` or ``package.module:factory``."""
    if kind == "file":
        return FileKeys(folder)
    if kind == "environment":
        return EnvironmentKeys(environment)
    module, _, factory = kind.partition(":")
    try:
        made: KeyProvider = getattr(importlib.import_module(module), factory)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise Invalid(Code.SETTING_WRONG, "keys.provider") from error
    return made


def check_value(secret: bytes) -> bytes:
    """A value by which a key is recognised and that tells nothing about it."""
    return hmac.digest(secret, b"senim key check", "sha256")[:8]
