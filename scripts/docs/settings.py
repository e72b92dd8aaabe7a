"""``settings.md``: the settings of ``senim.toml`` and of the environment."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import inspect as shapes

from scripts.docs.markdown import code, codes, field_docs, fill, table
from senim import settings as source
from senim.settings import FILE, Settings, variables
from senim.vault.keys import SECRETS

OTHERS = (
    ("SENIM_DIR", "The operator's folder, as `-C`."),
    ("SENIM_SCAN_URL", "The database that `senim scan` searches, if no `--url` and no path is given."),
    ("SENIM_LANGUAGE", "Language of the command line's messages: `kk`, `ru` or `en`. Otherwise `LC_ALL` or `LANG`."),
)
"""Variables that are no settings of the folder."""


def every() -> Iterator[tuple[str, str, str, str]]:
    """All settings: name, type, default, meaning."""
    section = shapes.type_info(Settings)
    assert isinstance(section, shapes.StructType)
    yield from _of(section, field_docs(source))


def _of(
    section: shapes.StructType, docs: dict[str, dict[str, str]], before: str = ""
) -> Iterator[tuple[str, str, str, str]]:
    """The settings of a section, and of the sections in it."""
    for field in section.fields:
        name = f"{before}{field.encode_name}"
        if isinstance(field.type, shapes.StructType):
            yield from _of(field.type, docs, f"{name}.")
        else:
            yield name, _kind(field.type), _default(field), docs[section.cls.__name__].get(field.name, "")


def _kind(kind: object) -> str:
    if isinstance(kind, shapes.DictType):
        return "table"
    if isinstance(kind, shapes.IntType | shapes.FloatType):
        return f"number, {kind.ge} to {kind.le}" if kind.le is not None else "number"
    return "text"


def _default(field: shapes.Field) -> str:
    return "" if field.default is msgspec.NODEFAULT else str(field.default)


def page() -> str:
    """The page."""
    by_setting = {setting: variable for variable, setting in variables().items()}
    rows = [
        [code(name), code(by_setting.get(name, "")), kind, code(default), says] for name, kind, default, says in every()
    ]
    return fill(
        "settings",
        file=FILE,
        settings=table(["setting", "variable", "kind", "default", "meaning"], rows),
        others=table(["variable", "meaning"], [[code(name), says] for name, says in OTHERS]),
        keys=codes(f"SENIM_KEY_{name.upper().replace('-', '_')}" for name in ("kek-1", *SECRETS)),
    )
