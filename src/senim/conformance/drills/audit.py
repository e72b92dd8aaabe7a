"""Drills of the log: every act is in it, and nobody changes it unseen."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from senim.audit.checkpoint import LogVerifier
from senim.audit.records import ProblemKind
from senim.audit.tiles import TileName, pack, unpack
from senim.audit.verification import FolderLog, verify_log
from senim.conformance.drills import gate
from senim.conformance.stage import Stage, listed
from senim.errors import Code
from senim.languages import Hint
from senim.work import Work


def every_act(stage: Stage) -> None:
    """Taking in, reading, checking, refusing and erasing each leave an entry with person, purpose and categories."""
    person = stage.person()
    request = stage.request(person.point, notice="")
    stage.refused(Code.NOTICE_MISSING, lambda: stage.take(request), Hint("without-notice"))
    gate.logged(stage)

    def erase(work: Work) -> object:
        standing = stage.platform.subjects.about(work, person.subject)
        return stage.platform.vault.erase(work, standing, reason="purpose-met")

    stage.platform.run(stage.actor, erase)
    stage.platform.tick()
    entries = [entry for _, entry in stage.platform.log.entries()]
    own = {entry.act for entry in entries if entry.subject == person.subject}
    stage.expect(
        {"data.collected", "consent.given", "subject.erased"} <= own,
        Hint("log-tells-only", acts=listed(sorted(own))),
    )
    stage.expect(
        any(entry.act == "data.collected" and entry.outcome == "refused" for entry in entries), Hint("refusal-unlogged")
    )
    leaves = " ".join(str(entry) for entry in entries)
    stage.expect(
        not any(value in leaves for value in person.values.values() if len(value) > 5), Hint("log-holds-value")
    )


def tamper_evident(stage: Stage) -> None:
    """A changed, removed, moved, added or cut entry is found and located with the public key alone."""
    for _ in range(4):
        stage.person()
    log = stage.platform.log
    stage.expect(log.verify().ok, Hint("log-unverified"))
    verifier = LogVerifier(log.vkey)
    with TemporaryDirectory(prefix="senim-drill-") as name:
        folder = Path(name)
        size = log.export(folder)
        stage.expect(verify_log(FolderLog(folder), verifier).ok, Hint("export-unverified"))
        bundle = folder / "tile" / TileName(-1, 0, min(size, 256)).path
        leaves = unpack(bundle.read_bytes())
        changed = leaves[0].replace(b'"outcome":"done"', b'"outcome":"gone"')
        cases = {
            ProblemKind.CHANGED: [changed, *leaves[1:]],
            ProblemKind.REMOVED: leaves[1:],
            ProblemKind.MOVED: [leaves[1], leaves[0], *leaves[2:]],
            ProblemKind.ADDED: [*leaves[:1], changed, *leaves[1:-1]],
        }
        for kind, forged in cases.items():
            bundle.write_bytes(pack(forged))
            kinds = {problem.kind for problem in verify_log(FolderLog(folder), verifier).problems}
            stage.expect(kind in kinds, Hint("forgery-unseen", kind=kind.value, found=listed(sorted(kinds))))
        bundle.write_bytes(pack(leaves))
        anchor = log.checkpoint()
        (folder / "checkpoint").write_text("", encoding="utf-8")
        cut = verify_log(FolderLog(folder), verifier, anchors=[anchor])
        stage.expect(any(problem.kind is ProblemKind.CUT for problem in cut.problems), Hint("cut-unseen"))
