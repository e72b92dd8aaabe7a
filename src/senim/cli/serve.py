"""``senim serve``: the API and the public pages under granian."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from pathlib import Path

import click

from senim.cli.service import many
from senim.cli.terminal import fail, folder_option, opened
from senim.errors import Code, Invalid
from senim.settings import Settings, read

_GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_ARENA_MAX": "2"}
"""For glibc: give the memory of large blocks back when they are done with, instead of keeping it for later."""


@click.command()
@folder_option
@click.option("--port", type=click.IntRange(1, 65535), help="Port; the setting serve.port if left out.")
def serve(folder: Path, port: int | None) -> None:
    """Run the service: the API under /v1 and the policy's pages under /privacy."""
    if port:
        os.environ["SENIM_SERVE_PORT"] = str(port)
    settings = read(folder, os.environ)
    check(settings)
    with opened(folder) as senim:
        senim.policies.in_force(senim.works.clock.now())
    _claim(settings)  # last: who mends the folder is not sent to look for a free port first
    become(folder)


def check(settings: Settings) -> None:
    """Raise Invalid (setting_wrong) for what would be unsafe, or could not work."""
    if settings.serve.workers > 1 and not many(settings):
        raise Invalid(Code.SETTING_WRONG, "serve.workers", detail="SQLite is served by one process")
    encrypted = bool(settings.serve.certificate) or settings.serve.url.startswith("https://")
    if not encrypted and not _loopback(settings.serve.address):
        detail = "beyond loopback give serve.certificate, or serve.url = https://… if a proxy does TLS"
        raise Invalid(Code.SETTING_WRONG, "serve.address", detail=detail)


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _claim(settings: Settings) -> None:
    """Refuse an address that somebody listens at: the server's own sockets would share it, and the requests."""
    family = socket.AF_INET6 if ":" in settings.serve.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.serve.address, settings.serve.port))
            probe.listen(1)
        except OSError as error:
            taken = f"{settings.serve.address}:{settings.serve.port}"
            fail(f"The service cannot listen at {taken}: {error.strerror}. Stop what does, or choose another --port.")


def become(folder: Path) -> None:
    """Go on as the first process of the service: it needs a fraction of what was loaded to look at the folder."""
    sys.stdout.flush()
    for name, value in _GIVE_BACK.items():
        os.environ.setdefault(name, value)
    os.execv(sys.executable, [sys.executable, "-m", "senim.cli.service", str(folder)])  # noqa: S606  # no shell is wanted
