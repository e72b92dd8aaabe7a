"""Operators with the five policies, made by commands once for each policy and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from senim.testing import FixedClock
from tests.promises.house import House, build

Open = Callable[..., House]


@pytest.fixture(scope="session")
def operators(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, dict[str, str]]]:
    """The folder of an operator with a profile, and the tokens of its keys by role."""
    made: dict[str, tuple[Path, dict[str, str]]] = {}

    def operator(name: str) -> tuple[Path, dict[str, str]]:
        if name not in made:
            folder = tmp_path_factory.mktemp("operators") / name
            made[name] = folder, build(folder, name)
        return made[name]

    return operator


@pytest.fixture
def house(operators: Callable[[str], tuple[Path, dict[str, str]]], tmp_path: Path) -> Iterator[Open]:
    """Opens an operator with a profile, fresh for this test."""
    with ExitStack() as opened:

        def open_house(name: str, clock: FixedClock | None = None, environment: dict[str, str] | None = None) -> House:
            template, tokens = operators(name)
            folder = tmp_path / name
            shutil.copytree(template, folder)
            return opened.enter_context(House(folder, tokens, clock, environment or {}))

        yield open_house
