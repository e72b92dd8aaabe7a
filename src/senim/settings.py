"""Typed configuration: ``senim.toml`` of the operator's folder, overridden by the environment. Read only by app.py.

Every setting ``section.name`` may be given as ``SENIM_SECTION_NAME``; ``database`` as ``SENIM_DATABASE``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from senim.errors import Code, Invalid, Unavailable

FILE = "senim.toml"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Keys(_Section, frozen=True, kw_only=True):
    """Where keys are."""

    store: str = "sqlite:///keys.db"
    """Database of the key store; kept and backed up apart from the data."""
    provider: str = "file"
    """``file``, ``environment`` or ``package.module:factory``."""
    folder: str = "keys"
    """Folder of the key files, for provider ``file``."""


class Serve(_Section, frozen=True, kw_only=True):
    """The service."""

    address: str = "127.0.0.1"
    """Address to listen on. Beyond loopback, put TLS in front or give a certificate."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 8600
    """Port to listen on."""
    threads: Annotated[int, Meta(ge=1, le=256)] = 32
    """Requests handled at the same time in one process."""
    workers: Annotated[int, Meta(ge=0, le=64)] = 0
    """Processes. 0: one with SQLite, which is served by one; one per core, four at most, with PostgreSQL."""
    certificate: str = ""
    """TLS certificate file (PEM)."""
    private_key: str = ""
    """TLS private key file (PEM)."""
    url: str = ""
    """Public address of the service, for links; empty: its own."""
    max_body: Annotated[int, Meta(ge=1024, le=64 * 1024 * 1024)] = 1024 * 1024
    """Largest JSON body in bytes. Files have the limits of their fields."""


class Log(_Section, frozen=True, kw_only=True):
    """The log of entries."""

    origin: str = ""
    """Name of the log in its checkpoints; ``senim init`` writes one. Empty: ``senim.example/log``."""
    anchor: str = "log/checkpoint"
    """File to which the newest checkpoint is written, outside the database; empty: none."""


class Settings(_Section, frozen=True, kw_only=True):
    """All settings."""

    database: str = "sqlite:///senim.db"
    """``sqlite:///file`` or ``postgresql://user@host/name``."""
    policy: str = "policy.yaml"
    """The policy file that ``senim policy`` works on."""
    calendar: str = "calendar.toml"
    """Days off and days worked that the package ``holidays`` does not know."""
    keys: Keys = Keys()
    serve: Serve = Serve()
    log: Log = Log()


def read(folder: Path, environment: Mapping[str, str]) -> Settings:
    """The settings of a folder. Raises Unavailable (folder_wrong), Invalid (setting_wrong) naming the setting."""
    path = folder / FILE
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Unavailable(Code.FOLDER_WRONG, folder.name) from error
    except OSError as error:
        raise Unavailable(Code.FOLDER_WRONG, FILE, detail=error.strerror or "") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(Code.SETTING_WRONG, FILE, detail=str(error)) from error
    for variable, place in variables().items():
        if variable in environment:
            section, _, name = place.rpartition(".")
            into = found.setdefault(section, {}) if section else found
            if not isinstance(into, dict):
                raise Invalid(Code.SETTING_WRONG, section)
            into[name] = environment[variable]
    try:
        return msgspec.convert(found, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(Code.SETTING_WRONG, _named(str(error)), detail=str(error)) from error


def _named(error: str) -> str:
    """The setting that msgspec's error is about; an unknown one is named after its section."""
    said, _, place = error.partition(" - at ")
    unknown = said.split("`")[1] if "unknown field" in said else ""
    return ".".join(part for part in (place.strip("`$."), unknown) if part) or FILE


def variables() -> dict[str, str]:
    """Environment variable → setting."""
    names: list[str] = []
    for name, kind in get_type_hints(Settings).items():
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            names += [f"{name}.{inner}" for inner in kind.__struct_fields__]
        else:
            names.append(name)
    return {f"SENIM_{name.upper().replace('.', '_')}": name for name in names}
