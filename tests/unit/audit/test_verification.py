"""An export that was tampered with: what is wrong is found, and where."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from senim.audit import LogSigner, LogVerifier, leaf_hash
from senim.audit.records import ProblemKind, Report
from senim.audit.tiles import WIDTH, TileName, pack, unpack, widths
from senim.audit.tree import EMPTY_ROOT, Frontier, subtree_root
from senim.audit.verification import FolderLog, verify_log
from senim.languages import Hint

SIGNER = LogSigner("mini.example/log", bytes(range(32)))
SIZE = 600
Found = list[tuple[ProblemKind, int]]


def leaf(number: int) -> bytes:
    return f'{{"id":"{number:032x}","act":"data.read"}}'.encode()


@cache
def note(size: int) -> str:
    """The checkpoint over the first ``size`` entries."""
    tree = Frontier()
    for number in range(size):
        tree.append(leaf_hash(leaf(number)))
    return SIGNER.sign(size, tree.root() if size else EMPTY_ROOT)


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def export(folder: Path, size: int, earlier: tuple[int, ...] = ()) -> Path:
    """A log of so many entries as tlog-tiles lays it out."""
    leaves = [leaf(number) for number in range(size)]
    full, part = widths(size, -1)
    for n in range(full + bool(part)):
        some = leaves[n * WIDTH : (n + 1) * WIDTH]
        write(folder / "tile" / TileName(-1, n, len(some)).path, pack(some))
    hashes, level = [leaf_hash(one) for one in leaves], 0
    while hashes:
        rows = [hashes[at : at + WIDTH] for at in range(0, len(hashes), WIDTH)]
        for n, row in enumerate(rows):
            write(folder / "tile" / TileName(level, n, len(row)).path, b"".join(row))
        hashes, level = [subtree_root(row) for row in rows if len(row) == WIDTH], level + 1
    for one in earlier:
        write(folder / "checkpoints" / f"{one:020d}", note(one).encode())
    write(folder / "checkpoint", note(size).encode())
    return folder


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("good"), SIZE, (1, 100, 256, 300))


@pytest.fixture
def log(good: Path, tmp_path: Path) -> Path:
    """An export of 600 entries, to be spoiled."""
    return Path(shutil.copytree(good, tmp_path / "log"))


def verified(folder: Path, *anchors: str) -> Report:
    return verify_log(FolderLog(folder), LogVerifier(SIGNER.vkey), anchors=anchors)


def found(folder: Path, *anchors: str) -> Found:
    report = verified(folder, *anchors)
    assert report.ok is not bool(report.problems)
    assert all(problem.detail for problem in report.problems)
    return [(problem.kind, problem.index) for problem in report.problems]


def bundle(folder: Path, n: int) -> Path:
    return folder / "tile" / TileName(-1, n, min(WIDTH, SIZE - n * WIDTH)).path


def tile(folder: Path, level: int, n: int, width: int = WIDTH) -> Path:
    return folder / "tile" / TileName(level, n, width).path


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(pack(change(unpack(path.read_bytes()))))


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513])
def test_good_logs_of_all_lengths(tmp_path: Path, size: int) -> None:
    """A log as it was written is good, whatever its length."""
    report = verified(export(tmp_path, size), note(size))
    assert report.ok
    assert (report.size, report.origin) == (size, SIGNER.origin)
    assert base64.b64encode(bytes.fromhex(report.root)).decode() in note(size)


def test_a_good_log_with_earlier_checkpoints_and_anchors(log: Path) -> None:
    """Every root that was ever signed for it fits."""
    assert found(log, note(42), note(256), note(SIZE)) == []


@pytest.mark.parametrize("number", [0, 1, 255, 256, 300, 511, 512, 599])
def test_a_changed_entry_is_named(log: Path, number: int) -> None:
    """An entry that was changed is named by its number."""

    def change(leaves: list[bytes]) -> list[bytes]:
        leaves[number % WIDTH] = leaves[number % WIDTH].replace(b"read", b"rear")
        return leaves

    rewrite(bundle(log, number // WIDTH), change)
    assert found(log) == [(ProblemKind.CHANGED, number)]


def test_several_changed_entries_are_all_named(log: Path) -> None:
    """One run shows all of them."""
    for number in (3, 4, 280, 599):
        rewrite(
            bundle(log, number // WIDTH),
            lambda leaves, at=number % WIDTH: [b"?" if n == at else one for n, one in enumerate(leaves)],  # type: ignore[misc]  # the number of now
        )
    assert found(log) == [(ProblemKind.CHANGED, number) for number in (3, 4, 280, 599)]


@pytest.mark.parametrize("number", [0, 100, 255, 256, 512, 599])
def test_a_removed_entry_is_named(log: Path, number: int) -> None:
    """An entry that was taken out is named, and not those that moved up."""
    at = number % WIDTH
    rewrite(bundle(log, number // WIDTH), lambda leaves: leaves[:at] + leaves[at + 1 :])
    assert found(log) == [(ProblemKind.REMOVED, number)]


def test_swapped_entries_are_named(log: Path) -> None:
    """Entries in another order are named, both of them, with where they stand."""

    def swap(leaves: list[bytes]) -> list[bytes]:
        leaves[10], leaves[20] = leaves[20], leaves[10]
        return leaves

    rewrite(bundle(log, 1), swap)
    assert found(log) == [(ProblemKind.MOVED, 266), (ProblemKind.MOVED, 276)]


def test_an_entry_put_in_is_named(log: Path) -> None:
    """An entry that was never sealed is named."""
    rewrite(bundle(log, 2), lambda leaves: [*leaves[:5], b"never sealed", *leaves[5:-1]])
    assert (ProblemKind.ADDED, 517) in found(log)


def test_a_repeated_entry_is_found(log: Path) -> None:
    """A sealed entry in the place of another does not pass."""
    rewrite(bundle(log, 0), lambda leaves: [*leaves[:7], leaves[3], *leaves[8:]])
    assert found(log) == [(ProblemKind.REMOVED, 7)]


@pytest.mark.parametrize("number", [SIZE, 7])
def test_an_entry_after_the_last_is_found(log: Path, number: int) -> None:
    """What stands behind the signed end, made up or repeated, is told: nobody takes it for a part of the log."""
    last = log / "tile" / TileName(-1, SIZE // WIDTH, SIZE % WIDTH).path
    last.write_bytes(pack([*unpack(last.read_bytes()), leaf(number)]))
    assert found(log) == [(ProblemKind.ADDED, SIZE)]


def test_entries_moved_to_another_bundle_are_found(log: Path) -> None:
    """Whole bundles in each other's place are found, entry by entry."""
    first, second = bundle(log, 0).read_bytes(), bundle(log, 1).read_bytes()
    bundle(log, 0).write_bytes(second)
    bundle(log, 1).write_bytes(first)
    kinds = found(log)
    assert kinds[0] == (ProblemKind.CHANGED, 0)
    assert len(kinds) == 100, "a log that is broken beyond listing is listed in part"


def test_missing_and_cut_bundles_are_named(log: Path) -> None:
    """A bundle that is gone or cut is named by its first entry."""
    bundle(log, 0).unlink()
    bundle(log, 1).write_bytes(bundle(log, 1).read_bytes()[:-1])
    assert found(log) == [(ProblemKind.MISSING, 0), (ProblemKind.UNREADABLE, 256)]


def test_a_bundle_cut_between_two_entries_is_found(log: Path) -> None:
    """Entries cut off the end of a bundle are each named."""
    rewrite(bundle(log, 2), lambda leaves: leaves[:-2])
    assert found(log) == [(ProblemKind.REMOVED, 598), (ProblemKind.REMOVED, 599)]


def test_a_missing_tile_is_named(log: Path) -> None:
    """A tile that is gone is named; the entries still lead to the root."""
    tile(log, 0, 1).unlink()
    assert found(log) == [(ProblemKind.MISSING, 256)]


def test_a_changed_tile_is_found(log: Path) -> None:
    """A tile that does not hold its entries' hashes is found."""
    path = tile(log, 0, 0)
    content = bytearray(path.read_bytes())
    content[5 * 32] ^= 1
    path.write_bytes(content)
    assert (ProblemKind.CHANGED, 5) in found(log)


def test_a_changed_tile_above_is_found(log: Path) -> None:
    """Tiles above the entries must hold what lies below: outsiders' proofs are made of them."""
    path = tile(log, 1, 0, 2)
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    assert found(log) == [(ProblemKind.CHANGED, 0)]
    path.unlink()
    assert found(log) == [(ProblemKind.MISSING, 0)]


def test_entry_and_tile_changed_together_are_found_and_narrowed_down(log: Path) -> None:
    """Who changes an entry and its tile cannot change the roots that were signed: the place lies between two."""
    rewrite(bundle(log, 1), lambda leaves: [b"forged", *leaves[1:]])
    path = tile(log, 0, 1)
    path.write_bytes(leaf_hash(b"forged") + path.read_bytes()[32:])
    report = verified(log)
    assert [(one.kind, one.index) for one in report.problems] == [(ProblemKind.REWRITTEN, 256)]
    assert report.problems[0].detail == Hint("root-other", first=256, last=299, size=300), "between two checkpoints"


def test_a_log_rewritten_and_signed_anew_is_found_by_its_earlier_checkpoints(tmp_path: Path) -> None:
    """Even with the private key a rewritten log does not fit what was signed before."""
    log = export(tmp_path, 10)
    tree = Frontier()
    leaves = [b"forged", *(leaf(number) for number in range(1, 10))]
    for one in leaves:
        tree.append(leaf_hash(one))
    bundle_path = log / "tile" / TileName(-1, 0, 10).path
    bundle_path.write_bytes(pack(leaves))
    tile(log, 0, 0, 10).write_bytes(b"".join(leaf_hash(one) for one in leaves))
    (log / "checkpoint").write_text(SIGNER.sign(10, tree.root()), encoding="utf-8")
    assert found(log) == [], "nothing inside tells"
    assert found(log, note(6)) == [(ProblemKind.REWRITTEN, 0)], "an anchor kept outside does"
    assert found(log, note(10)) == [(ProblemKind.REWRITTEN, 0)]


def test_a_log_cut_to_an_earlier_checkpoint_is_found_by_an_anchor(tmp_path: Path) -> None:
    """A cut log is a good shorter log; who kept a later checkpoint knows better."""
    log = export(tmp_path, 300)
    assert found(log) == []
    assert found(log, note(400)) == [(ProblemKind.CUT, 300)]


def test_a_cut_log_is_found_by_its_own_earlier_checkpoints(tmp_path: Path) -> None:
    """A log shorter than a checkpoint that it kept itself was cut."""
    assert found(export(tmp_path, 50, (60,))) == [(ProblemKind.CUT, 50)]


def test_a_missing_checkpoint_is_told(log: Path) -> None:
    """Entries without a checkpoint are no good log of no entries."""
    (log / "checkpoint").unlink()
    shutil.rmtree(log / "checkpoints")
    assert found(log) == [(ProblemKind.MISSING, -1)]


@pytest.mark.parametrize("content", [b"", b"\n", b" \t\n"])
def test_a_blank_checkpoint_is_a_missing_one(log: Path, content: bytes) -> None:
    """An emptied checkpoint does not make a full log a good one of no entries."""
    (log / "checkpoint").write_bytes(content)
    shutil.rmtree(log / "checkpoints")
    assert found(log) == [(ProblemKind.MISSING, -1)]


@pytest.mark.parametrize("name", ["checkpoint", f"checkpoints/{100:020d}", "checkpoints/more"])
def test_a_folder_in_the_place_of_a_checkpoint_is_told(log: Path, name: str) -> None:
    """What cannot be read as a note is told as that; the verification goes on."""
    (log / name).unlink(missing_ok=True)
    (log / name).mkdir()
    assert (ProblemKind.UNREADABLE, -1) in found(log)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        (TileName(-1, 3), 768),
        (TileName(-1, 2), 512),
        (TileName(-1, 2, 89), 512),
        (TileName(0, 1000), 256_000),
        (TileName(1, 0, 3), 0),
        (TileName(2, 0, 1), 0),
    ],
)
def test_a_tile_or_bundle_behind_the_signed_end_is_told(log: Path, name: TileName, start: int) -> None:
    """Nobody takes for a part of the log what was never signed."""
    write(log / "tile" / name.path, pack([leaf(0)]))
    assert found(log) == [(ProblemKind.ADDED, start)]


@pytest.mark.parametrize(("level", "n", "width", "start"), [(0, 1, 256, 256), (0, 2, 88, 512), (1, 0, 2, 0)])
def test_bytes_behind_a_tile_are_told(log: Path, level: int, n: int, width: int, start: int) -> None:
    """A tile holds its hashes and nothing else."""
    path = tile(log, level, n, width)
    path.write_bytes(path.read_bytes() + b"more")
    assert found(log) == [(ProblemKind.CHANGED, start)]


def test_an_empty_folder_is_no_good_log(tmp_path: Path) -> None:
    """A folder that is no export is not called good."""
    assert not verified(tmp_path).ok


@pytest.mark.parametrize("content", [b"\xff\xfe", b"text", note(SIZE).encode()[:-5], note(SIZE).encode() + b"\xff"])
def test_a_spoiled_checkpoint_is_told(log: Path, content: bytes) -> None:
    """A checkpoint that a disk spoiled is told as that."""
    (log / "checkpoint").write_bytes(content)
    assert (ProblemKind.SIGNATURE, -1) in found(log)


@pytest.mark.parametrize("content", [b"", b"\xff", b"text"])
def test_a_spoiled_earlier_checkpoint_is_told(log: Path, content: bytes) -> None:
    """So is an earlier one, and an anchor."""
    (log / "checkpoints" / f"{100:020d}").write_bytes(content)
    assert found(log) == [(ProblemKind.SIGNATURE, -1)]
    (log / "checkpoints" / f"{100:020d}").unlink()
    assert found(log, content.decode("utf-8", errors="replace")) == [(ProblemKind.SIGNATURE, -1)]


def test_a_log_of_somebody_else_is_told(log: Path) -> None:
    """Signatures of another key do not hold."""
    other = LogVerifier(LogSigner(SIGNER.origin, bytes(32)).vkey)
    problems = verify_log(FolderLog(log), other).problems
    assert {one.kind for one in problems} == {ProblemKind.SIGNATURE}
    assert len(problems) == 5, "the checkpoint and four earlier ones"


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    """Reading ahead in helper processes finds what reading in one does."""
    size = 256 * 256 + 70
    log = export(tmp_path, size)
    number = 256 * 200 + 3
    path = log / "tile" / TileName(-1, 200).path
    rewrite(path, lambda leaves: [*leaves[:3], b"forged", *leaves[4:]])
    one = verify_log(FolderLog(log), LogVerifier(SIGNER.vkey))
    two = verify_log(FolderLog(log), LogVerifier(SIGNER.vkey), processes=2)
    assert one == two
    assert [(problem.kind, problem.index) for problem in one.problems] == [(ProblemKind.CHANGED, number)]
