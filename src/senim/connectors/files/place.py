"""Where files lie: a folder. What a store has to be able to do, too."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from senim.errors import Code, Held, NotAllowed, NotFound, Unavailable
from senim.languages import Hint

MARKS = ".senim"
"""Folder of the notes about orders that were carried out."""
DRAFT = ".senim-draft"
MOST_FILES = 100_000
_PIECE = 1024 * 1024

Content = Callable[[], Iterator[bytes]]


class Place(Protocol):
    """Where files lie. Verbs raise Unavailable (system_unreachable), NotAllowed, NotFound for a file that is gone."""

    @property
    def says(self) -> str:
        """What it is."""

    def names(self) -> list[str]:
        """The files, by their path from here."""

    def version(self, name: str) -> str:
        """Tells whether a file was changed since."""

    def read(self, name: str, version: str) -> AbstractContextManager[BinaryIO]:
        """The content of that version, as a stream. Raises Held (changed_meanwhile) if it is another by now."""

    def replace(self, name: str, version: str, content: Content, *, size: int, digest: str) -> None:
        """Put other content in its place, whole or not at all. Raises Held (changed_meanwhile)."""

    def digest(self, name: str) -> str:
        """What was given with the content that is there now, or would have been."""

    def note(self, key: str) -> bytes | None:
        """A note that was made before."""

    def make_note(self, key: str, content: bytes) -> None:
        """Make a note, or another in its place; durable when this returns."""


class Folder:
    """A folder of this machine, or one that is mounted."""

    says = "folder"

    def __init__(self, folder: Path, where: str) -> None:
        self._folder = folder
        self._where = where

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the file system as ours; a path may hold a value of a person and is not told."""
        try:
            yield
        except FileNotFoundError as error:
            raise NotFound(Code.NOT_FOUND, self._where) from error
        except PermissionError as error:
            raise NotAllowed(Code.ROLE_NOT_ALLOWED, self._where, detail=error.strerror or "") from error
        except OSError as error:
            raise Unavailable(Code.SYSTEM_UNREACHABLE, self._where, detail=error.strerror or "") from error

    def names(self) -> list[str]:
        """The files, by their path from here. Links that lead out are not followed."""
        if not self._folder.is_dir():
            raise Unavailable(Code.SYSTEM_UNREACHABLE, self._where, hint=Hint("no-folder"))
        found: list[str] = []
        with self._told():
            for place, folders, files in os.walk(self._folder, onerror=_raise):
                folders[:] = [one for one in folders if one != MARKS and not Path(place, one).is_symlink()]
                paths = (Path(place, one) for one in files if not one.endswith(DRAFT))
                there = (path for path in paths if path.is_file() and not path.is_symlink())
                found += (path.relative_to(self._folder).as_posix() for path in there)
                if len(found) > MOST_FILES:
                    raise Unavailable(
                        Code.SYSTEM_UNREACHABLE, self._where, hint=Hint("too-many-files", most=MOST_FILES)
                    )
        return sorted(found)

    def version(self, name: str) -> str:
        """Tells whether a file was changed since."""
        with self._told():
            return _version((self._folder / name).stat())

    @contextmanager
    def read(self, name: str, version: str) -> Iterator[BinaryIO]:
        """The content of that version."""
        with self._told():
            file = (self._folder / name).open("rb")
        handle = os.dup(file.fileno())  # readers close what they read
        try:
            with file:
                self._same(_version(os.fstat(handle)), version)
                yield file
                self._same(_version(os.fstat(handle)), version)
        finally:
            os.close(handle)

    def _same(self, now: str, version: str) -> None:
        if now != version:
            raise Held(Code.CHANGED_MEANWHILE, self._where, hint=Hint("file-changed"))

    def replace(self, name: str, version: str, content: Content, *, size: int, digest: str) -> None:
        """Write beside it, bring that to the disk, look whether the file is still the same, and rename."""
        path = self._folder / name
        draft = path.with_name(f"{path.name}{DRAFT}")
        with self._told():
            old = path.stat()
            draft.unlink(missing_ok=True)
            try:
                _write(draft, content(), old)
                self._same(_version(path.stat()), version)
                draft.replace(path)
                _sync(path.parent)
            finally:
                draft.unlink(missing_ok=True)

    def digest(self, name: str) -> str:
        """SHA-256 of what is there."""
        with self._told(), (self._folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def note(self, key: str) -> bytes | None:
        """A note that was made before."""
        with self._told(), suppress(FileNotFoundError):
            return (self._folder / MARKS / f"{key}.json").read_bytes()
        return None

    def make_note(self, key: str, content: bytes) -> None:
        """Make a note, or another in its place."""
        folder = self._folder / MARKS
        with self._told():
            folder.mkdir(mode=0o700, exist_ok=True)
            draft = folder / f"{key}{DRAFT}"
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(folder / f"{key}.json")
            _sync(folder)
            _sync(self._folder)


def _write(draft: Path, content: Iterator[bytes], old: os.stat_result) -> None:
    """Write a file that only we can read, give it the rights of the old one, and bring it to the disk."""
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        for piece in content:
            file.write(piece)
        file.flush()
        with suppress(PermissionError):
            os.fchown(handle, old.st_uid, old.st_gid)
        os.fchmod(handle, old.st_mode & 0o7777)
        os.fsync(handle)


def _raise(error: OSError) -> None:
    raise error


def _version(found: os.stat_result) -> str:
    return f"{found.st_ino} {found.st_mtime_ns} {found.st_size}"


def _sync(folder: Path) -> None:
    """Make a rename in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
