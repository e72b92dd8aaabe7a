"""A certification authority of its own for tests: roots, those between, people's certificates, signatures."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from tests.unit.made import NOW

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
IIN = "981231500014"


@functools.cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """An RSA key; the same for the same number."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def ec_key(name: object) -> ec.EllipticCurvePrivateKey:
    """A P-256 key; the same for the same name."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Certified:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key


def _usage(*, signs: bool, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def certified(
    name: str,
    issuer: Certified | None = None,
    *,
    key: Key | None = None,
    serial: str = "",
    authority: bool = False,
    signs: bool = True,
    path_length: int | None = None,
    since: datetime = NOW - timedelta(days=300),
    until: datetime = NOW + timedelta(days=300),
) -> Certified:
    """A certificate as the National CA makes them: surname and name, SERIALNUMBER with the IIN, country KZ."""
    key = key or ec_key(name)
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ")]
    if serial:
        parts += [
            x509.NameAttribute(NameOID.SURNAME, "ТЕСТ"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, serial),
            x509.NameAttribute(NameOID.GIVEN_NAME, "ТЕСТҰЛЫ"),
        ]
    subject = x509.Name(parts)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(
            x509.BasicConstraints(ca=authority, path_length=path_length if authority else None), critical=True
        )
        .add_extension(_usage(signs=signs and not authority, certifies=authority), critical=True)
    )
    signed = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Certified(signed, key)


@functools.cache
def root() -> Certified:
    """The root that an operator supplies."""
    return certified("ROOT", key=rsa_key(1), authority=True)


@functools.cache
def between() -> Certified:
    """An authority under the root."""
    return certified("BETWEEN", root(), key=rsa_key(2), authority=True, path_length=0)


def person(**changed: Any) -> Certified:
    """A person's certificate, made by the authority between."""
    return certified(
        "ТЕСТ ТЕСТ", changed.pop("issuer", between()), serial=changed.pop("serial", f"IIN{IIN}"), **changed
    )


def sign(
    content: bytes,
    signer: Certified,
    *,
    chain: Sequence[Certified] = (),
    detached: bool = True,
    attributes: bool = True,
    algorithm: Any = None,
    pem: bool = False,
) -> bytes:
    """CMS SignedData over ``content``."""
    options = [pkcs7.PKCS7Options.Binary]
    if detached:
        options.append(pkcs7.PKCS7Options.DetachedSignature)
    if not attributes:
        options.append(pkcs7.PKCS7Options.NoAttributes)
    builder = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(signer.certificate, signer.key, algorithm or hashes.SHA256())
    )
    for one in chain:
        builder = builder.add_certificate(one.certificate)
    return builder.sign(serialization.Encoding.PEM if pem else serialization.Encoding.DER, options)


def revoked(*ones: Certified, by: Certified, at: datetime) -> x509.CertificateRevocationList:
    """A list of revoked certificates."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(at)
        .next_update(at + timedelta(days=7))
    )
    for one in ones:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(at).build()
        )
    return builder.sign(by.key, hashes.SHA256())
