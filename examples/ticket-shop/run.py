"""Start the whole example on this machine: a fresh operator, the service, the shop, and a third party to be silent to.

python examples/ticket-shop/run.py        then open http://127.0.0.1:8700
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from shop import Places, shop
from tracker import tracker
from werkzeug.serving import make_server

from senim.app import make_folder, open_senim
from senim.cli.folder import profile

SENIM, SHOP, TRACKER = 8600, 8700, 8701
HERE = "http://127.0.0.1"


def prepare(folder: Path) -> str:
    """Make an operator of the example policy; the key of its shop."""
    source = profile("tickets")
    make_folder(folder, source, origin="ticket-shop.example/log")
    with open_senim(folder, environment={}) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, source))
        _, token = senim.run(senim.actor(), lambda work: senim.access.add(work, "ticket shop", role="site"))
    return str(token)


def answers(address: str) -> bool:
    """Whether somebody answers there."""
    try:
        with urllib.request.urlopen(address, timeout=1):  # noqa: S310  # our own service
            return True
    except OSError:
        return False


def main() -> int:
    """Run until Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="ticket-shop-") as name:
        folder = Path(name) / "operator"
        key = prepare(folder)
        environment = {**os.environ, "SENIM_SERVE_LOCAL_SITES": f"{HERE}:{SHOP}"}
        command = [sys.executable, "-m", "senim", "serve", "-C", str(folder), "--port", str(SENIM)]
        service = subprocess.Popen(command, env=environment)  # noqa: S603  # ourselves
        try:
            while service.poll() is None and not answers(f"{HERE}:{SENIM}/privacy/en"):
                time.sleep(0.2)
            party = make_server("127.0.0.1", TRACKER, tracker(), threaded=True)
            threading.Thread(target=party.serve_forever, daemon=True).start()
            places = Places(f"{HERE}:{SENIM}", f"{HERE}:{TRACKER}", key)
            print(f"The shop is at {HERE}:{SHOP}, its policy at {HERE}:{SENIM}/privacy. Stop with Ctrl-C.", flush=True)  # noqa: T201
            make_server("127.0.0.1", SHOP, shop(places), threaded=True).serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            service.terminate()
            service.wait(20)
    return 0


if __name__ == "__main__":
    sys.exit(main())
