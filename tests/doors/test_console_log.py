"""The log at the console: found by what is asked, proven entry by entry, verified, taken along; for who may see it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from senim.audit.checkpoint import LogVerifier
from senim.audit.verification import FolderLog, verify_log
from senim.conformance.proving import LOG
from senim.identity import SYSTEM
from senim.testing import Stage
from tests.console import Colleague
from tests.features.acting import recorded


@pytest.fixture
def auditor(console: Callable[..., Colleague], stage: Stage) -> Colleague:
    """The responsible person, with two people in the log."""
    me = console()
    stage.person()
    stage.person()
    me.senim.tick()
    return me


def test_entries_are_told_in_words_and_found(auditor: Colleague) -> None:
    """The newest first; act, actor and person lead to what else there is of them."""
    page = auditor.get("/console/log").text
    assert page.index(f"№ {auditor.senim.log.size - 1}") < page.index(f"№ {auditor.senim.log.size - 2}")
    assert "A person&#39;s data was taken in" in page
    found = auditor.get("/console/log?act=data.collected").text
    assert found.count('<th scope="row">') == 2
    subject = next(one.subject for _, one in auditor.senim.log.entries() if one.act == "data.collected")
    about = auditor.get(f"/console/log?subject={subject}&act=data.collected").text
    assert about.count('<th scope="row">') == 1
    assert "There is no such entry" in auditor.get("/console/log?act=data.collected&until=2001-01-01").text
    assert "There is no such entry" in auditor.get("/console/log?actor=person").text
    assert 'aria-invalid="true"' in auditor.get("/console/log?subject=somebody").text
    assert "Write the date" in auditor.get("/console/log?since=yesterday").text


def test_an_entry_carries_its_proof(auditor: Colleague) -> None:
    """The page says whether the proof holds; entry and proof are files that other tools read."""
    index = next(index for index, one in auditor.senim.log.entries() if one.act == "data.collected")
    page = auditor.get(f"/console/log/{index}").text
    assert "the proof holds" in page
    proof = auditor.get(f"/console/log/{index}/proof").text
    assert proof.startswith(f"c2sp.org/tlog-proof@v1\nindex {index}\n")
    assert proof.endswith(auditor.senim.log.checkpoint())
    assert auditor.get(f"/console/log/{index}/entry").data == auditor.senim.log.leaf(index)
    assert auditor.get(f"/console/log/{auditor.senim.log.size}").status_code == 404


def test_the_whole_log_is_verified_in_the_background(auditor: Colleague) -> None:
    """A click orders it; the page tells how it ended, and where the log is broken."""
    assert "It was not verified from here yet" in auditor.get("/console/log/verify").text
    assert auditor.post("/console/log/verify").status_code == 303
    assert "It is being verified" in auditor.get("/console/log/verify").text
    auditor.senim.orders.run_due("proof")
    assert "Nothing is wrong" in auditor.get("/console/log/verify").text
    order = auditor.senim.proving.newest(auditor.senim.works.begin(SYSTEM), LOG)
    assert order is not None
    assert order.receipt["ok"] is True
    auditor.senim.tick()
    auditor.senim.database.engine.execute("UPDATE log_checkpoint SET note = replace(note, 'throwaway', 'elsewhere')")
    assert "Not as it was signed" in auditor.get("/console/log").text
    auditor.post("/console/log/verify")
    auditor.senim.orders.run_due("proof")
    page = auditor.get("/console/log/verify").text
    assert "Problems found:" in page
    assert "a signature does not hold" in page


def test_the_log_is_taken_along(auditor: Colleague, tmp_path: Path) -> None:
    """The copy in the package verifies with the public key alone; kept checkpoints are files."""
    answer = auditor.get("/console/log/export")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        file.extractall(tmp_path)
    report = verify_log(FolderLog(tmp_path / "log"), LogVerifier(auditor.senim.log.vkey))
    assert report.ok
    assert report.size == auditor.senim.log.size
    kept = auditor.senim.log.checkpoints()
    assert str(kept[0][0]) in auditor.get("/console/log/checkpoints").text
    assert auditor.get(f"/console/log/checkpoints/{kept[0][0]}").text == kept[0][1]
    assert auditor.get("/console/log/checkpoints/999999").status_code == 404


def test_only_who_may_sees_the_log(console: Callable[..., Colleague]) -> None:
    """A role without the grant is refused on every page of it, and that is in the log."""
    desk = console(role="desk")
    for path in ("", "/0", "/0/proof", "/verify", "/checkpoints", "/export"):
        entries = recorded(desk.senim, lambda path=path: desk.get(f"/console/log{path}"))  # type: ignore[misc]
        assert [(one.act, one.outcome, one.reason) for one in entries] == [("access.sought", "refused", "log")]
