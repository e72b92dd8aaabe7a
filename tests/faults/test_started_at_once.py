"""The first requests of a fresh process, all at once: none of them takes the process down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.disk import ENVIRONMENT

_CROWD = """
import pathlib, sys, threading
from senim.app import open_senim
from senim.languages import explain
sys.setswitchinterval(1e-6)
senim = open_senim(pathlib.Path(sys.argv[1]), environment={})
begin, done = threading.Barrier(8), []

def first():
    begin.wait()
    explain("not_found", "kk")
    notice = senim.run(senim.actor(), lambda work: senim.collection.notice(work, "registration", "ru"))
    done.append(notice.digest)

threads = [threading.Thread(target=first) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
senim.close()
assert len(done) == 8 and len(set(done)) == 1
"""


@pytest.mark.parametrize("time", range(4))
def test_first_requests_at_once_are_all_answered(time: int, operator: Path) -> None:
    """Policy, law and wording are read for the first time by eight threads together, four processes in a row."""
    done = subprocess.run(
        [sys.executable, "-c", _CROWD, str(operator)],
        check=False,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
