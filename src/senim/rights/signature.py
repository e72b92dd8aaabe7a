"""Qualified electronic signatures: CMS (RFC 5652), attached or detached, against the roots that the operator supplies.

The signer's certificate is one of the National CA: SERIALNUMBER holds ``IIN`` and twelve digits (law-kz §4.3). RSA and
EC are verified; GOST is told to be unsupported. What a signature shows is the IIN; it is compared and never kept.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from senim.errors import Code, Invalid, NotAllowed
from senim.recognisers.numbers import is_iin

MOST_BYTES = 1024 * 1024
MOST_CERTIFICATES = 10
DEEPEST = 5
"""Certificates between the signer and a root, at most."""

AHEAD = timedelta(minutes=5)
"""How far the signer's clock may be ahead of ours."""

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_IIN = re.compile(r"IIN([0-9]{12})\Z")
_GOST = ("1.2.398.3.10.", "1.2.643.")


@dataclass(frozen=True, slots=True)
class Roots:
    """Whom the operator trusts: root certificates, those between, and lists of revoked ones."""

    roots: tuple[x509.Certificate, ...]
    between: tuple[x509.Certificate, ...] = ()
    revoked: tuple[x509.CertificateRevocationList, ...] = ()

    @classmethod
    def read(cls, roots: Iterable[bytes], *, between: Iterable[bytes] = (), revoked: Iterable[bytes] = ()) -> Roots:
        """From PEM files. Raises Invalid (setting_wrong)."""
        try:
            return cls(
                tuple(one for pem in roots for one in x509.load_pem_x509_certificates(pem)),
                tuple(one for pem in between for one in x509.load_pem_x509_certificates(pem)),
                tuple(x509.load_pem_x509_crl(pem) for pem in revoked),
            )
        except ValueError as error:
            raise Invalid(Code.SETTING_WRONG, "rights.roots") from error


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, and when by their own word."""

    iin: str
    at: datetime

    def __repr__(self) -> str:
        """Without the IIN: it is a person's."""
        return "Signer()"


def signer_of(signed: bytes, content: bytes, roots: Roots, *, since: datetime, now: datetime) -> Signer:
    """Who signed ``content`` between ``since`` and ``now``.

    ``signed`` is CMS SignedData (DER, BER, PEM or base64), with the content in it or apart. Raises Invalid
    (signature_wrong, algorithm_unsupported), NotAllowed (certificate_untrusted).
    """
    data = _signed_data(signed)
    infos = data["signer_infos"]
    if len(infos) != 1:
        raise Invalid(Code.SIGNATURE_WRONG, "signers")
    info = infos[0]
    inside = data["encap_content_info"]["content"].native
    if inside is not None and inside != content:
        raise Invalid(Code.SIGNATURE_WRONG, "content")
    certificates = _certificates(data)
    certificate = _certificate_of(info, certificates)
    at = _verified(info, content, certificate, now)
    if not since <= at <= now + AHEAD:
        raise Invalid(Code.SIGNATURE_WRONG, "signing_time")
    _check_chain(certificate, [*certificates, *roots.between], roots, at)
    return Signer(_iin_of(certificate), at)


def _signed_data(signed: bytes) -> Any:
    """The parsed SignedData; whatever a stranger sends is parsed to the end here, so that nothing breaks later."""
    from asn1crypto import cms  # five megabytes in every process, and seldom wanted

    if len(signed) > MOST_BYTES:
        raise Invalid(Code.BODY_TOO_LARGE, "signature")
    try:
        outer = cms.ContentInfo.load(_der(signed), strict=True)
        if outer["content_type"].native != "signed_data":
            raise ValueError
        data = outer["content"]
        _ = data.native
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, AttributeError) as error:
        raise Invalid(Code.SIGNATURE_WRONG, "cms") from error
    return data


def _der(signed: bytes) -> bytes:
    if signed[:1] == b"\x30":
        return signed
    body = re.sub(rb"-----[A-Z0-9 ]+-----|\s", b"", signed)
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise Invalid(Code.SIGNATURE_WRONG, "cms") from error


def _certificates(data: Any) -> list[x509.Certificate]:
    try:
        given = [one.chosen.dump() for one in data["certificates"]] if data["certificates"].native else []
        return [x509.load_der_x509_certificate(one) for one in given[:MOST_CERTIFICATES]]
    except (ValueError, TypeError) as error:
        raise Invalid(Code.SIGNATURE_WRONG, "certificates") from error


def _certificate_of(info: Any, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    """The certificate that the signature names."""
    sid = info["sid"]
    for one in certificates:
        if sid.name == "issuer_and_serial_number":
            same = one.issuer.public_bytes() == sid.chosen["issuer"].dump()
            if same and one.serial_number == sid.chosen["serial_number"].native:
                return one
        elif _key_id(one) == sid.native:
            return one
    raise Invalid(Code.SIGNATURE_WRONG, "certificate")


def _key_id(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (x509.ExtensionNotFound, ValueError):
        return None


def _verified(info: Any, content: bytes, certificate: x509.Certificate, now: datetime) -> datetime:
    """Check the signature itself; when it was made by the signer's word, now if that is not said."""
    algorithms = (info["digest_algorithm"]["algorithm"], info["signature_algorithm"]["algorithm"])
    if any(one.dotted.startswith(_GOST) for one in algorithms):
        raise Invalid(Code.ALGORITHM_UNSUPPORTED, "signature")
    algorithm = _HASHES.get(algorithms[0].native)
    if algorithm is None:
        raise Invalid(Code.ALGORITHM_UNSUPPORTED, "digest")
    digest = hashes.Hash(algorithm())
    digest.update(content)
    covered, at = content, now
    attributes = info["signed_attrs"]
    if attributes.native:
        told = {one["type"].native: one["values"] for one in attributes}
        if len(told) != len(attributes) or any(len(values) != 1 for values in told.values()):
            raise Invalid(Code.SIGNATURE_WRONG, "attributes")
        if "message_digest" not in told or told["message_digest"][0].native != digest.finalize():
            raise Invalid(Code.SIGNATURE_WRONG, "content")
        covered = attributes.untag().dump(force=True)
        at = told["signing_time"][0].native if "signing_time" in told else now
    try:
        _check(certificate.public_key(), info, covered, algorithm())
    except (InvalidSignature, ValueError, TypeError) as error:
        raise Invalid(Code.SIGNATURE_WRONG, "signature") from error
    except UnsupportedAlgorithm as error:
        raise Invalid(Code.ALGORITHM_UNSUPPORTED, "key") from error
    return at.astimezone(UTC)


def _check(key: Any, info: Any, covered: bytes, algorithm: hashes.HashAlgorithm) -> None:
    signature, scheme = info["signature"].native, info["signature_algorithm"].signature_algo
    if isinstance(key, rsa.RSAPublicKey) and scheme == "rsassa_pkcs1v15":
        key.verify(signature, covered, padding.PKCS1v15(), algorithm)
    elif isinstance(key, rsa.RSAPublicKey) and scheme == "rsassa_pss":
        pss = padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH)
        key.verify(signature, covered, pss, algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey) and scheme == "ecdsa":
        key.verify(signature, covered, ec.ECDSA(algorithm))
    else:
        raise UnsupportedAlgorithm(str(scheme))


def _check_chain(signer: x509.Certificate, known: Sequence[x509.Certificate], roots: Roots, at: datetime) -> None:
    """Raise NotAllowed (certificate_untrusted) unless a chain of valid certificates leads from a root to the signer."""
    usage = _usage(signer)
    if usage is None or not (usage.digital_signature or usage.content_commitment):
        raise NotAllowed(Code.CERTIFICATE_UNTRUSTED, "key_usage")
    if not _valid(signer, at):
        raise NotAllowed(Code.CERTIFICATE_UNTRUSTED, "validity")
    current = signer
    for depth in range(DEEPEST + 1):
        root = next((one for one in roots.roots if _issued(current, one, at, depth)), None)
        issuer = root or next((one for one in known if one != current and _issued(current, one, at, depth)), None)
        if issuer is None:
            break
        _check_revoked(current, issuer, roots, at)
        if root is not None:
            return
        current = issuer
    raise NotAllowed(Code.CERTIFICATE_UNTRUSTED, "chain")


def _valid(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def _issued(certificate: x509.Certificate, issuer: x509.Certificate, at: datetime, depth: int) -> bool:
    """Whether ``issuer`` is an authority that made ``certificate``, with ``depth`` others between it and the signer."""
    if certificate.issuer != issuer.subject or not _valid(issuer, at):
        return False
    usage = _usage(issuer)
    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(issuer)
    except UnsupportedAlgorithm as error:
        raise Invalid(Code.ALGORITHM_UNSUPPORTED, "chain") from error
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    short = basic.path_length is None or depth <= basic.path_length
    return basic.ca and short and (usage is None or usage.key_cert_sign)


def _check_revoked(certificate: x509.Certificate, issuer: x509.Certificate, roots: Roots, at: datetime) -> None:
    for crl in roots.revoked:
        key: Any = issuer.public_key()
        if crl.issuer != issuer.subject or not crl.is_signature_valid(key):
            continue
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None and entry.revocation_date_utc <= at:
            raise NotAllowed(Code.CERTIFICATE_UNTRUSTED, "revoked")


def _iin_of(certificate: x509.Certificate) -> str:
    """The IIN in the subject's SERIALNUMBER. Raises NotAllowed (certificate_untrusted) if there is no good one."""
    found = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
    match = _IIN.match(found[0]) if len(found) == 1 else None
    if match is None or not is_iin(match[1]):
        raise NotAllowed(Code.CERTIFICATE_UNTRUSTED, "iin")
    return match[1]
