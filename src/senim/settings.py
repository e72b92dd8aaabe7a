"""Typed configuration: ``senim.toml`` of the operator's folder, overridden by the environment. Read only by app.py.

Every setting ``section.name`` may be given as ``SENIM_SECTION_NAME``; ``database`` as ``SENIM_DATABASE``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from senim.errors import Code, Invalid, Unavailable

FILE = "senim.toml"

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""Names under which this machine is spoken to: only here may a connection be unencrypted."""


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
    threads: Annotated[int, Meta(ge=1, le=256)] = 16
    """Threads of one process for requests that may take long: pages, files, large bodies. All others share one."""
    workers: Annotated[int, Meta(ge=0, le=64)] = 0
    """Processes. 0: one with SQLite, which is served by one; one per core, four at most, with PostgreSQL."""
    certificate: str = ""
    """TLS certificate file (PEM)."""
    private_key: str = ""
    """TLS private key file (PEM)."""
    url: str = ""
    """Public address of the service, for links; empty: its own."""
    proxies: str = "127.0.0.1, ::1"
    """Addresses or networks of proxies whose ``X-Forwarded-For`` and ``-Host`` are believed: who asks, and where."""
    local_sites: str = ""
    """Origins on this machine whose pages count as sites while they are built: ``http://127.0.0.1:8700``, …"""
    max_body: Annotated[int, Meta(ge=1024, le=64 * 1024 * 1024)] = 1024 * 1024
    """Largest JSON body in bytes. Files have the limits of their fields."""


class Log(_Section, frozen=True, kw_only=True):
    """The log of entries."""

    origin: str = ""
    """Name of the log in its checkpoints; ``senim init`` writes one. Empty: ``senim.example/log``."""
    anchor: str = "log/checkpoint"
    """File to which the newest checkpoint is written, outside the database; empty: none."""


class MailIn(_Section, frozen=True, kw_only=True):
    """Mail that comes in: people's requests. Without a host and without ``listen`` none is taken."""

    host: str = ""
    """The IMAP server whose mailbox is fetched."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 993
    """Its port: 993 for ``tls``, 143 for ``starttls``."""
    security: Literal["tls", "starttls", "none"] = "tls"
    """How the connection is encrypted. ``none`` is taken for a server on this machine only."""
    user: str = ""
    """User name at the IMAP server."""
    password: str = ""
    """Password; better in the environment than in the file."""
    folder: str = "INBOX"
    """The folder that is fetched."""
    authority: str = ""
    """File with the certificates (PEM) that the server's is checked against; empty: those of the machine."""
    timeout: Annotated[float, Meta(ge=1, le=600)] = 30.0
    """Seconds to wait for the server."""
    every: Annotated[float, Meta(ge=1, le=86400)] = 60.0
    """Seconds between looks into the mailbox."""
    listen: str = ""
    """Where a mail server hands letters over: ``lmtp://127.0.0.1:2424`` or ``smtp://0.0.0.0:25``; empty: nowhere."""
    addresses: str = ""
    """For whom letters are taken there, parted by commas; empty: the addresses that the policy names."""
    certificate: str = ""
    """TLS certificate file (PEM) of the listener; without one it offers no STARTTLS."""
    private_key: str = ""
    """TLS private key file (PEM) of the listener."""
    max_letter: Annotated[int, Meta(ge=65536, le=50 * 1024 * 1024)] = 10 * 1024 * 1024
    """Largest letter in bytes. Of a larger one staff see that it came, and from whom."""
    servers: str = ""
    """Names (``authserv-id``) of your own mail servers whose word on a sender counts, parted by commas."""
    peers: str = ""
    """Your own mail servers that hand letters over, such as ``10.0.0.0/8``, parted by commas."""
    hops: Annotated[int, Meta(ge=0, le=20)] = 0
    """How many ``Received`` fields your servers put above their ``Authentication-Results``; lower ones are ignored."""
    keep: Annotated[int, Meta(ge=1, le=3650)] = 90
    """Days after which a letter is destroyed; a request keeps by itself what belongs to it."""


class Mail(_Section, frozen=True, kw_only=True):
    """Outgoing mail. Without a host messages wait in the outbox, and ``/v1/health`` says so."""

    host: str = ""
    """The mail server that messages are handed over to."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    """Its port: 587 for ``starttls``, 465 for ``tls``."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted. ``none`` is taken for a server on this machine only."""
    user: str = ""
    """User name, if the server wants one."""
    password: str = ""
    """Password; better in the environment than in the file."""
    sender: str = ""
    """The address that messages come from, and to which people reply; needed with ``host``."""
    authority: str = ""
    """File with the certificates (PEM) that the server's is checked against; empty: those of the machine."""
    timeout: Annotated[float, Meta(ge=1, le=600)] = 30.0
    """Seconds to wait for the server."""
    incoming: MailIn = msgspec.field(default=MailIn(), name="in")


class Console(_Section, frozen=True, kw_only=True):
    """The staff's console: signing in at an identity provider (OpenID Connect). Without an issuer there is none."""

    issuer: str = ""
    """The provider's issuer, such as ``https://id.operator.example``; the only host that the console speaks to."""
    client: str = ""
    """The client id that Senim has there."""
    secret: str = ""
    """The client secret; better in the environment than in the file."""
    claim: str = "email"
    """The claim that is the sign-in name of an account: ``email`` (only a verified one counts), ``sub``, or another."""
    second_factor: Literal["here", "provider"] = "here"
    """Where the second factor is shown. ``provider``: there, if its token says so (``amr`` with ``mfa``); else here."""
    authority: str = ""
    """File with the certificates (PEM) that the provider's is checked against; empty: those of the machine."""


class Rights(_Section, frozen=True, kw_only=True):
    """Requests of people."""

    roots: str = ""
    """File with the root certificates (PEM) that qualified signatures are checked against; empty: none is taken."""
    between: str = ""
    """File with the certificates (PEM) between the roots and the signers'."""
    revoked: str = ""
    """File with the list of revoked certificates (CRL, PEM); bring it up to date yourself."""


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
    mail: Mail = Mail()
    rights: Rights = Rights()
    console: Console = Console()
    systems: dict[str, str] = msgspec.field(default_factory=dict)
    """Addresses of connected systems by name; better in the variables that their maps name than in the file."""


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
            _section(found, section)[name] = environment[variable]
    try:
        return msgspec.convert(found, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(Code.SETTING_WRONG, _named(str(error)), detail=str(error)) from error


def certificates(folder: Path, file: str, setting: str) -> str:
    """The path of a file of certificates that a setting names; empty for none. Raises Invalid (setting_wrong)."""
    if file and not (folder / file).is_file():
        raise Invalid(Code.SETTING_WRONG, setting, detail="no such file")
    return str(folder / file) if file else ""


def _section(found: dict[str, Any], name: str) -> dict[str, Any]:
    """The part of the file with a name such as ``mail.in``. Raises Invalid (setting_wrong) if it is no section."""
    into = found
    for step in filter(None, name.split(".")):
        inner = into.setdefault(step, {})
        if not isinstance(inner, dict):
            raise Invalid(Code.SETTING_WRONG, name)
        into = inner
    return into


def _named(error: str) -> str:
    """The setting that msgspec's error is about; an unknown one is named after its section."""
    said, _, place = error.partition(" - at ")
    unknown = said.split("`")[1] if "unknown field" in said else ""
    return ".".join(part for part in (place.strip("`$."), unknown) if part) or FILE


def variables() -> dict[str, str]:
    """Environment variable → setting."""
    return {f"SENIM_{name.upper().replace('.', '_')}": name for name in _names(Settings)}


def _names(section: type[msgspec.Struct], before: str = "") -> Iterator[str]:
    """The settings of a section, with those of the sections in it."""
    kinds = get_type_hints(section)
    for name, written in zip(section.__struct_fields__, section.__struct_encode_fields__, strict=True):
        if isinstance(kinds[name], type) and issubclass(kinds[name], msgspec.Struct):
            yield from _names(kinds[name], f"{before}{written}.")
        elif get_origin(kinds[name]) is not dict:  # a table has names of the operator's own
            yield f"{before}{written}"


HIDDEN = "•••"
"""What is shown in the place of a secret."""


def shown(settings: Settings) -> dict[str, str]:
    """Setting → its value as people may see it: secrets, and passwords in addresses, are hidden."""
    told: dict[str, str] = {}
    for name in _names(Settings):
        value: Any = settings
        for step in name.split("."):
            value = getattr(value, "incoming" if step == "in" else step)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        secret = name.rpartition(".")[2] in _SECRET and text
        told[name] = HIDDEN if secret else re.sub(r"(://[^/@:]*):[^/@]*@", rf"\1:{HIDDEN}@", text)
    return told


_SECRET = ("password", "secret")
