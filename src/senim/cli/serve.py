"""``senim serve``: the API and the public pages under granian."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import click

from senim.cli.terminal import fail, folder_option, opened
from senim.errors import Code, Invalid
from senim.settings import Settings, read

_MOST_WORKERS = 4


@click.command()
@folder_option
@click.option("--port", type=click.IntRange(1, 65535), help="Port; the setting serve.port if left out.")
def serve(folder: Path, port: int | None) -> None:
    """Run the service: the API under /v1 and the policy's pages under /privacy."""
    if port:
        os.environ["SENIM_SERVE_PORT"] = str(port)
    settings = read(folder, os.environ)
    check(settings)
    _claim(settings)
    with opened(folder) as senim:
        senim.policies.in_force(senim.works.clock.now())
    scheme = "https" if settings.serve.certificate else "http"
    click.echo(
        f"Senim serves {scheme}://{settings.serve.address}:{settings.serve.port}/privacy and /v1. Stop with Ctrl-C."
    )
    run(folder, settings)


def check(settings: Settings) -> None:
    """Raise Invalid (setting_wrong) for what would be unsafe, or could not work."""
    if settings.serve.workers > 1 and not _many(settings):
        raise Invalid(Code.SETTING_WRONG, "serve.workers", detail="SQLite is served by one process")
    encrypted = bool(settings.serve.certificate) or settings.serve.url.startswith("https://")
    if not encrypted and not _loopback(settings.serve.address):
        detail = "beyond loopback give serve.certificate, or serve.url = https://… if a proxy does TLS"
        raise Invalid(Code.SETTING_WRONG, "serve.address", detail=detail)


def _many(settings: Settings) -> bool:
    """Whether several processes may serve."""
    return settings.database.startswith("postgres")


def _workers(settings: Settings) -> int:
    return settings.serve.workers or (min(os.cpu_count() or 1, _MOST_WORKERS) if _many(settings) else 1)


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


def run(folder: Path, settings: Settings) -> None:
    """Run granian until it is told to stop."""
    from granian import Granian
    from granian.constants import Interfaces

    os.environ["SENIM_DIR"] = str(folder.resolve())
    tls: dict[str, Any] = {}
    if settings.serve.certificate:
        tls = {
            "ssl_cert": folder / settings.serve.certificate,
            "ssl_key": folder / settings.serve.private_key if settings.serve.private_key else None,
        }
    server = Granian(
        "senim.cli.serve:application",
        factory=True,
        address=settings.serve.address,
        port=settings.serve.port,
        interface=Interfaces.WSGI,
        workers=_workers(settings),
        blocking_threads=settings.serve.threads,
        backpressure=settings.serve.threads * 8,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_enabled=False,
        **tls,
    )
    try:
        server.serve()
    except (OSError, RuntimeError) as error:
        fail(f"The service could not start: {error}")


def application() -> Any:
    """The WSGI application of a worker process: its own platform and its own clock."""
    from senim.app import open_senim
    from senim.runner import Runner
    from senim.web.site import site

    senim = open_senim(Path(os.environ["SENIM_DIR"]))
    runner = Runner(senim)
    runner.start()
    threading.Thread(target=_follow, args=(os.getppid(),), name="senim-parent", daemon=True).start()

    import atexit

    def close() -> None:
        runner.stop()
        senim.close()

    atexit.register(close)
    # What is loaded by now stays: looking through it again and again for garbage would cost a tenth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return site(senim, runner)


def _follow(parent: int) -> None:
    """End this worker when the process that started it is gone, killed outright: nobody else would ever stop it."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
