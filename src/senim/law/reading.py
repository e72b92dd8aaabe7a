"""Country packs: YAML files beside this one, read once."""

from __future__ import annotations

import functools
from datetime import date
from importlib import resources

import msgspec
import yaml

from senim.errors import Code, Invalid
from senim.law.records import Law, Pack

msgspec.json.Decoder(Pack)
# What msgspec knows of a struct it finds out at its first use, and two threads that do so at once crash the
# interpreter. So the structs that requests decode are told to it while their modules are loaded.


def available() -> tuple[str, ...]:
    """The ids of the packs that Senim ships."""
    folder = resources.files("senim.law").joinpath("packs")
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


@functools.cache
def pack(name: str) -> Pack:
    """A pack by its id. Raises Invalid (reference_dangling) if there is none."""
    if name not in available():
        raise Invalid(Code.REFERENCE_DANGLING, f"law: {name[:20]}")
    source = resources.files("senim.law").joinpath("packs", f"{name}.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.load(source, Loader=yaml.CSafeLoader), Pack)


@functools.lru_cache(maxsize=64)
def load(name: str, on: date) -> Law:
    """The law of a country as it stands on a day."""
    return Law.of(pack(name), on)
