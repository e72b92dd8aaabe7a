"""Receipts and proofs as JWS: any JOSE library opens them, and no change passes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from senim.audit.statements import StatementSigner, open_statement, thumbprint
from senim.errors import Code, Invalid

SIGNER = StatementSigner(bytes(range(32)))
KIND = "consent-receipt+jws"
PAYLOAD = {"record_id": "0190" + "a" * 28, "purpose": {"kk": "тапсырысты орындау"}}
STATEMENT = SIGNER.sign(KIND, PAYLOAD)


def refused(statement: str, jwk: dict[str, Any] = SIGNER.jwk) -> Code | None:
    try:
        open_statement(statement, jwk)
    except Invalid as error:
        return error.code
    return None


def encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")  # RFC 9864 renames it
def test_an_outsiders_library_opens_it() -> None:
    """The public key and any JOSE library are enough (94-V 25(2)(5))."""
    opened = jws.deserialize_compact(STATEMENT, OKPKey.import_key(dict(SIGNER.jwk)), algorithms=["EdDSA"])
    assert json.loads(opened.payload) == PAYLOAD
    assert opened.headers()["typ"] == KIND


def test_the_key_id_is_the_thumbprint() -> None:
    """The key's id is that of RFC 7638, as others compute it."""
    assert OKPKey.import_key({key: SIGNER.jwk[key] for key in ("kty", "crv", "x")}).thumbprint() == SIGNER.key_id
    # The vector of RFC 8037, appendix A.3.
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(-(2**53), 2**53), st.none(), st.booleans())))
def test_round_trip(payload: dict[str, Any]) -> None:
    """What was signed is what is opened."""
    assert open_statement(SIGNER.sign(KIND, payload), SIGNER.jwk) == (KIND, payload)


def test_white_space_around_it_does_no_harm() -> None:
    """A statement saved to a file has a line end."""
    assert open_statement(f"\n {STATEMENT} \n", SIGNER.jwk) == (KIND, PAYLOAD)


@given(st.integers(0, len(STATEMENT) - 1), st.characters(codec="utf-8", exclude_categories=["Zs", "Cc", "Zl", "Zp"]))
def test_any_other_letter_is_refused(place: int, letter: str) -> None:
    """Whatever letter is changed, the last of the signature too, the statement is no longer believed."""
    changed = STATEMENT[:place] + letter + STATEMENT[place + 1 :]
    assert changed == STATEMENT or refused(changed) is Code.SIGNATURE_WRONG


@given(st.integers(0, len(STATEMENT) - 1))
def test_any_cut_is_refused(end: int) -> None:
    """So is one that was cut."""
    assert refused(STATEMENT[:end]) is Code.SIGNATURE_WRONG


@given(st.text())
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    """No text makes the reader stumble."""
    assert refused(text) is Code.SIGNATURE_WRONG
    assert refused(f"{text}.{text}.{text}") is Code.SIGNATURE_WRONG


HEAD, BODY, SIGNATURE = STATEMENT.split(".")


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"alg": "ES256"}, {}, [], "EdDSA", {"alg": ["EdDSA"]},
     {"alg": "EdDSA", "crit": ["exp"]}, {"alg": "eddsa"}],
)  # fmt: skip
def test_other_algorithms_are_refused(header: object) -> None:
    """The algorithm is fixed; no header talks the check out of it (RFC 8725)."""
    assert refused(f"{encoded(header)}.{BODY}.{SIGNATURE}") is Code.SIGNATURE_WRONG
    assert refused(f"{encoded(header)}.{BODY}.") is Code.SIGNATURE_WRONG


@pytest.mark.parametrize("payload", [[], "text", 5, None])
def test_only_a_mapping_is_a_statement(payload: object) -> None:
    """A signed something else is no statement."""
    assert refused(SIGNER.sign(KIND, payload)) is Code.SIGNATURE_WRONG


def test_another_key_is_refused() -> None:
    """What another key signed is not ours."""
    assert refused(STATEMENT, StatementSigner(bytes(32)).jwk) is Code.SIGNATURE_WRONG


@pytest.mark.parametrize(
    "changed",
    [{"kty": "RSA"}, {"crv": "X25519"}, {"x": ""}, {"x": "AAAA"}, {"x": "!" * 43}, {"x": 5}, {"x": None},
     {"x": SIGNER.jwk["x"] + "="}, {"kty": None}],
)  # fmt: skip
def test_wrong_public_keys_are_told(changed: dict[str, Any]) -> None:
    """A key that is none is told as that, not as a wrong signature."""
    assert refused(STATEMENT, {**SIGNER.jwk, **changed}) is Code.KEY_FILE_WRONG


def test_a_key_without_its_parts_is_told() -> None:
    """So is an empty key."""
    assert refused(STATEMENT, {}) is Code.KEY_FILE_WRONG
    assert refused(STATEMENT, {"kty": "OKP", "crv": "Ed25519"}) is Code.KEY_FILE_WRONG


def test_parts_of_two_statements_do_not_mix() -> None:
    """A header, a payload and a signature of different statements are no statement."""
    other = SIGNER.sign("erasure-proof+jws", {"subject": "b" * 32}).split(".")
    for parts in ((HEAD, BODY, other[2]), (HEAD, other[1], SIGNATURE), (other[0], BODY, SIGNATURE)):
        assert refused(".".join(parts)) is Code.SIGNATURE_WRONG
