"""``licences.md``: what is installed with Senim, and under which licence."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

from scripts.docs.markdown import code, fill, table

ROOT = Path(__file__).parents[2]

COMPATIBLE = {
    "Apache-2.0": "",
    "Apache-2.0 OR BSD-3-Clause": "",
    "BSD-2-Clause": "",
    "BSD-3-Clause": "",
    "MIT": "",
    "MIT-0": "",
    "MIT AND PSF-2.0": "",
    "PSF-2.0": "",
    "LGPL-3.0-only": "used as a library of its own, unchanged and replaceable: that is what the LGPL asks",
}
"""Licences whose works may be used by a work under Apache-2.0, and under which condition."""

_CLASSIFIERS = {
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
}
_BLOCK = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^\s;]+)([^\n]*)\n((?:[ #][^\n]*\n)*)", re.MULTILINE)
_OWN = "senim (pyproject.toml)"


class UnknownLicence(Exception):
    """A shipped dependency's licence is not known to be compatible with Apache-2.0."""


def shipped() -> dict[str, str]:
    """Name → version of everything that ``pip install senim`` brings on Linux, from the lock file."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    versions: dict[str, str] = {}
    wanted_by: dict[str, set[str]] = {}
    for name, version, marker, body in _BLOCK.findall(lock):
        if "win32" not in marker:
            versions[name] = version
            wanted_by[name] = {line.strip(" #").removeprefix("via ") for line in body.splitlines() if "#" in line}
    found = {name for name, by in wanted_by.items() if _OWN in by}
    while more := {name for name, by in wanted_by.items() if name not in found and by & found}:
        found |= more
    return {name: versions[name] for name in sorted(found)}


def licence_of(name: str) -> str:
    """The licence that a distribution states. Raises UnknownLicence if it is not known to be compatible."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError as error:
        raise UnknownLicence(f"{name} is not installed: make setup") from error
    classified = {_CLASSIFIERS.get(one, one) for one in told.get_all("Classifier") or () if one.startswith("License")}
    stated = [told["License-Expression"], told["License"], " OR ".join(sorted(classified))]
    known = [one for one in stated if one in COMPATIBLE]
    if not known:
        raise UnknownLicence(f"{name}: {next(filter(None, stated), 'no licence is stated')}")
    return known[0]


def page() -> str:
    """The page."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {re.split(r"[\[><=~ ]", one)[0] for one in project["dependencies"]}
    rows = []
    for name, version in shipped().items():
        licence = licence_of(name)
        why = "direct" if name in direct else "brought by another"
        rows.append([code(name), version, licence, COMPATIBLE[licence] or why])
    return fill("licences", own=project["license"], shipped=table(["distribution", "version", "licence", "note"], rows))
