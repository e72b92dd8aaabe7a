"""The setting that says whom qualified signatures are trusted from."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from senim.app import make_folder, open_senim
from senim.errors import Code, Invalid
from tests.unit.rights.certificates import between, root


def _pem(certificate: object) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)  # type: ignore[attr-defined, no-any-return]  # a certificate


def test_signatures_are_trusted_from_the_files_that_are_set(tmp_path: Path, mini: bytes) -> None:
    """Without a file nobody is trusted; with one, those in it; a missing or broken file is told by its setting."""
    folder, highest, middle = tmp_path / "operator", root().certificate, between().certificate
    make_folder(folder, mini, origin="operator.example/log")
    (folder / "roots.pem").write_bytes(_pem(highest))
    (folder / "between.pem").write_bytes(_pem(middle))
    (folder / "broken.pem").write_text("no certificate")
    with open_senim(folder, environment={}) as senim:
        assert senim.rights.identities._roots is None
    environment = {"SENIM_RIGHTS_ROOTS": "roots.pem", "SENIM_RIGHTS_BETWEEN": "between.pem"}
    with open_senim(folder, environment=environment) as senim:
        trusted = senim.rights.identities._roots
        assert trusted is not None
        assert trusted.roots == (highest,)
        assert trusted.between == (middle,)
    for wrong in ("nowhere.pem", "broken.pem"):
        with pytest.raises(Invalid) as refusal:
            open_senim(folder, environment={"SENIM_RIGHTS_ROOTS": wrong})
        assert refusal.value.code is Code.SETTING_WRONG
        assert refusal.value.where == "rights.roots"
