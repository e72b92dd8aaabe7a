"""Qualified signatures: who signed what, under which root, when; everything else is refused with its reason."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import given
from hypothesis import strategies as st

from senim.errors import Code, SenimError
from senim.rights.signature import Roots, signer_of
from tests.unit.made import NOW
from tests.unit.rights.certificates import (
    IIN,
    Certified,
    between,
    certified,
    ec_key,
    person,
    revoked,
    root,
    rsa_key,
    sign,
)

CONTENT = b"Senim R-2026-00000000 erase\n"
TODAY = datetime.now(UTC)
"""Signatures carry the time of the machine that makes them."""

SINCE, UNTIL = TODAY - timedelta(days=400), TODAY + timedelta(days=400)


def roots(**more: Any) -> Roots:
    return Roots((root().certificate,), more.pop("between", (between().certificate,)), **more)


def signer(signed: bytes, content: bytes = CONTENT, *, trusted: Roots | None = None, **when: datetime) -> str:
    return signer_of(
        signed,
        content,
        trusted or roots(),
        since=when.get("since", SINCE),
        now=when.get("now") or datetime.now(UTC),
    ).iin


def lasting(**changed: Any) -> Certified:
    """A person's certificate that is valid whatever day the tests run on."""
    return person(since=SINCE, until=UNTIL, issuer=authority(), **changed)


def authority() -> Certified:
    return certified(
        "LASTING", certified("LASTING ROOT", key=rsa_key(1), authority=True, since=SINCE, until=UNTIL),
        key=rsa_key(2), authority=True, since=SINCE, until=UNTIL,
    )  # fmt: skip


def lasting_roots(**more: Any) -> Roots:
    top = certified("LASTING ROOT", key=rsa_key(1), authority=True, since=SINCE, until=UNTIL)
    return Roots((top.certificate,), (authority().certificate,), **more)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("attributes", [True, False])
@pytest.mark.parametrize("form", ["der", "pem", "base64"])
def test_a_signature_shows_the_iin(kind: str, detached: bool, attributes: bool, form: str) -> None:
    """RSA and EC, content inside or apart, with and without signed attributes, in every usual form."""
    who = lasting(key=rsa_key(7) if kind == "rsa" else ec_key(7))
    signed = sign(CONTENT, who, detached=detached, attributes=attributes, pem=form == "pem")
    if form == "base64":
        signed = base64.b64encode(signed)
    assert signer(signed, trusted=lasting_roots()) == IIN


@pytest.mark.parametrize("algorithm", [hashes.SHA384(), hashes.SHA512()])
def test_longer_digests_are_fine(algorithm: hashes.HashAlgorithm) -> None:
    """SHA-384 and SHA-512 are read as well as SHA-256."""
    assert signer(sign(CONTENT, lasting(), algorithm=algorithm), trusted=lasting_roots()) == IIN


def test_the_authority_between_may_come_with_the_signature() -> None:
    """The chain is put together of what the operator has and what the signature brings; the root is the operator's."""
    signed = sign(CONTENT, lasting(), chain=[authority()])
    top = lasting_roots().roots
    assert signer(signed, trusted=Roots(top)) == IIN
    with pytest.raises(SenimError) as refusal:
        signer(sign(CONTENT, lasting()), trusted=Roots(top))
    assert refusal.value.code is Code.CERTIFICATE_UNTRUSTED


def changed(signed: bytes, change: str) -> bytes:
    """A signature with one thing forged."""
    info = cms.ContentInfo.load(signed)
    one = info["content"]["signer_infos"][0]
    if change == "signature":
        one["signature"] = bytes(len(one["signature"].native))
    elif change == "gost":
        one["signature_algorithm"] = {"algorithm": "1.2.398.3.10.1.1.2.3.1"}
    elif change == "gost digest":
        one["digest_algorithm"] = {"algorithm": "1.2.643.7.1.1.2.2"}
    elif change == "sha1":
        one["digest_algorithm"] = {"algorithm": "sha1"}
    elif change == "two signers":
        info["content"]["signer_infos"] = cms.SignerInfos([one, one])
    elif change == "no certificates":
        info["content"]["certificates"] = cms.CertificateSet([])
    elif change == "enveloped":
        return bytes(cms.ContentInfo({"content_type": "data", "content": b"nothing"}).dump())
    return bytes(info.dump(force=True))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("signature", Code.SIGNATURE_WRONG),
        ("gost", Code.ALGORITHM_UNSUPPORTED),
        ("gost digest", Code.ALGORITHM_UNSUPPORTED),
        ("sha1", Code.ALGORITHM_UNSUPPORTED),
        ("two signers", Code.SIGNATURE_WRONG),
        ("no certificates", Code.SIGNATURE_WRONG),
        ("enveloped", Code.SIGNATURE_WRONG),
    ],
)
def test_a_forged_signature_is_refused_and_gost_is_told(change: str, code: Code) -> None:
    """Whoever signs with a GOST key hears that it cannot be checked here, and what to do instead."""
    with pytest.raises(SenimError) as refusal:
        signer(changed(sign(CONTENT, lasting(key=rsa_key(7))), change), trusted=lasting_roots())
    assert refusal.value.code is code


@pytest.mark.parametrize("detached", [True, False])
def test_a_signature_is_good_for_its_own_text_alone(detached: bool) -> None:
    """One made under another request opens nothing here."""
    signed = sign(b"Senim R-2026-00000018 access\n", lasting(), detached=detached)
    with pytest.raises(SenimError) as refusal:
        signer(signed, trusted=lasting_roots())
    assert refusal.value.code is Code.SIGNATURE_WRONG


def test_a_signature_is_good_for_its_own_time_alone() -> None:
    """One that is older than the request, or from a clock that is far ahead, is refused."""
    signed = sign(CONTENT, lasting())
    for since, now in ((TODAY + timedelta(days=1), TODAY), (SINCE, TODAY - timedelta(hours=1))):
        with pytest.raises(SenimError) as refusal:
            signer(signed, trusted=lasting_roots(), since=since, now=now)
        assert refusal.value.code is Code.SIGNATURE_WRONG


def _untrusted() -> dict[str, tuple[Certified, Roots]]:
    stranger = certified("STRANGER", key=rsa_key(8), authority=True, since=SINCE, until=UNTIL)
    no_authority = certified(
        "NO AUTHORITY", certified("LASTING ROOT", key=rsa_key(1), authority=True, since=SINCE, until=UNTIL),
        since=SINCE, until=UNTIL,
    )  # fmt: skip
    who = lasting()
    early = TODAY - timedelta(days=10)
    return {
        "another root": (person(issuer=stranger, since=SINCE, until=UNTIL), lasting_roots()),
        "made by no authority": (
            person(issuer=no_authority, since=SINCE, until=UNTIL),
            Roots(lasting_roots().roots, (no_authority.certificate,)),
        ),
        "expired": (person(issuer=authority(), since=SINCE, until=early), lasting_roots()),
        "not for signing": (lasting(signs=False), lasting_roots()),
        "revoked": (who, lasting_roots(revoked=(revoked(who, by=authority(), at=early),))),
        "a company's number": (lasting(serial="BIN691240000010"), lasting_roots()),
        "an IIN that is none": (lasting(serial="IIN981231500015"), lasting_roots()),
        "no number": (lasting(serial="98"), lasting_roots()),
        "no roots": (who, Roots(())),
    }


@pytest.mark.parametrize("case", list(_untrusted()))
def test_certificates_that_nobody_vouches_for_are_refused(case: str) -> None:
    """Chain, dates, use, revocation and the person's number each have to be right."""
    who, trusted = _untrusted()[case]
    with pytest.raises(SenimError) as refusal:
        signer(sign(CONTENT, who), trusted=trusted)
    assert refusal.value.code is Code.CERTIFICATE_UNTRUSTED
    assert IIN not in str(refusal.value)


def test_a_list_of_revoked_ones_counts_from_its_day_and_by_its_own_authority() -> None:
    """What was signed before the revocation stands; a list that somebody else made is none."""
    who = lasting()
    later = revoked(who, by=authority(), at=TODAY + timedelta(days=1))
    other = revoked(who, by=certified("LASTING", key=rsa_key(9), authority=True), at=TODAY - timedelta(days=9))
    assert signer(sign(CONTENT, who), trusted=lasting_roots(revoked=(later, other))) == IIN


@given(st.binary(max_size=400))
def test_whatever_a_stranger_sends_is_answered_and_breaks_nothing(noise: bytes) -> None:
    """Bytes that are no signature are refused as such."""
    for sent in (noise, b"\x30" + noise):
        with pytest.raises(SenimError) as refusal:
            signer(sent)
        assert refusal.value.code in (Code.SIGNATURE_WRONG, Code.ALGORITHM_UNSUPPORTED)


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_signature_with_one_bit_changed_never_shows_somebody_else(place: int, bit: int) -> None:
    """Flipping any bit ends in a refusal, or changes nothing that matters."""
    signed = bytearray(_SIGNED)
    signed[place % len(signed)] ^= 1 << bit
    try:
        found = signer(bytes(signed), trusted=lasting_roots())
    except SenimError:
        return
    assert found == IIN


_SIGNED = sign(CONTENT, lasting(key=ec_key(7)))


def test_roots_are_read_from_files_and_the_signer_hides_the_number() -> None:
    """PEM files of the operator; a repr in a log tells no IIN."""
    pem = [one.public_bytes(serialization.Encoding.PEM) for one in (*lasting_roots().roots, *lasting_roots().between)]
    read = Roots.read(pem[:1], between=pem[1:])
    who = signer_of(sign(CONTENT, lasting()), CONTENT, read, since=SINCE, now=datetime.now(UTC))
    assert repr(who) == "Signer()"
    with pytest.raises(SenimError):
        Roots.read([b"no certificate"])
    assert NOW.tzinfo is UTC
