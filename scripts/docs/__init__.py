"""Writes the generated part of ``docs/``: ``python -m scripts.docs``; ``--check`` tells what is stale.

Every page comes from what the program itself reads (commands, settings, structs, packs, texts), so that it cannot
say anything else than the program does. The same sources give the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scripts.docs import acts, api, codes, commands, controls, law, licences, policy, promises, settings
from scripts.docs.markdown import WRITTEN

ROOT = Path(__file__).parents[2]
REFERENCE = "docs/reference"

PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "settings.md": settings.page,
    "api.md": api.page,
    "policy.md": policy.page,
    "policy.schema.json": policy.schema,
    "codes.md": codes.page,
    "controls.md": controls.page,
    "acts.md": acts.page,
    "law.md": law.page,
    "promises.md": promises.page,
    "licences.md": licences.page,
}
"""File in ``docs/reference/`` → what writes it."""


def written() -> dict[str, str]:
    """All generated files: path from the root → content."""
    return {
        f"{REFERENCE}/{name}": make() if name.endswith(".json") else f"{WRITTEN}\n\n{make()}"
        for name, make in PAGES.items()
    }


def stale() -> list[str]:
    """The generated files that are not what the sources say now."""
    return [path for path, content in written().items() if not _same(ROOT / path, content)]


def _same(path: Path, content: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == content


def write() -> list[str]:
    """Write what is stale; which files that was."""
    done = []
    for path, content in written().items():
        if not _same(ROOT / path, content):
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(content, encoding="utf-8")
            done.append(path)
    return done
