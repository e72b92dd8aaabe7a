"""Signing in at an identity provider of the operator's: OpenID Connect, authorization code flow with PKCE.

The only network it speaks to is the issuer's own origin. Needs the extra ``oidc``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from senim.errors import Code, NotAllowed, Unavailable
from senim.governance.rules import normal

_MOST = 256 * 1024
_SECONDS = 10
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures with a public key: none with the client's secret, and no unsigned token."""

_LEEWAY = 60
"""Seconds by which clocks may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A sign-in under way. All of it follows from a seed that only the browser keeps which began it."""

    seed: str

    def _of(self, use: str) -> str:
        digest = hmac.digest(self.seed.encode(), f"senim provider {use}".encode(), "sha256")
        return urlsafe_b64encode(digest).decode().rstrip("=")

    @property
    def state(self) -> str:
        """What the provider gives back, so that nobody's answer is taken for another's."""
        return self._of("state")

    @property
    def nonce(self) -> str:
        """What the token has to hold, so that no token is used twice."""
        return self._of("nonce")

    @property
    def verifier(self) -> str:
        """What shows that who fetches the token is who asked for it (RFC 7636)."""
        return self._of("verifier")

    @property
    def challenge(self) -> str:
        """Its digest."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Whom the provider vouches for."""

    name: str
    """The sign-in name of the account that it would be."""
    second: bool
    """Whether a second factor was shown there, and counts here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An issuer, and what Senim is known by there."""

    issuer: str
    client: str
    secret: str
    claim: str
    """The claim that is the sign-in name: ``email``, which must be verified, ``sub``, or another."""
    trusts_second: bool
    authority: str
    """File with the certificates that its own is checked against; empty: those of the machine."""

    def address(self, attempt: Attempt, back: str) -> str:
        """Where the browser is led to. Raises Unavailable (provider_failed)."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri

        scope = "openid email" if self.claim.startswith("email") else "openid profile email"
        told = self._told()
        uri: str = prepare_grant_uri(
            _text(told, "authorization_endpoint"), self.client, "code", redirect_uri=back, scope=scope,
            state=attempt.state, nonce=attempt.nonce, code_challenge=attempt.challenge, code_challenge_method="S256",
        )  # fmt: skip
        if urlsplit(uri).scheme != urlsplit(self.issuer).scheme:
            raise Unavailable(Code.PROVIDER_FAILED, "authorization_endpoint")
        return uri

    def answered(self, attempt: Attempt, answer: Mapping[str, str], *, back: str, now: int) -> Vouched:
        """Whom an answer vouches for; ``now`` in seconds.

        Raises NotAllowed (sign_in_wrong) for an answer that is not to this attempt or vouches for nobody, Unavailable
        (provider_failed).
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise NotAllowed(Code.SIGN_IN_WRONG, "state")
        if answer.get("iss", self.issuer) != self.issuer or not answer.get("code"):  # RFC 9207
            raise NotAllowed(Code.SIGN_IN_WRONG, "code")
        told = self._told()
        body = {
            "grant_type": "authorization_code", "code": answer["code"], "redirect_uri": back,
            "code_verifier": attempt.verifier,
        }  # fmt: skip
        given = self._fetched(_text(told, "token_endpoint"), form=body)
        keys = self._fetched(_text(told, "jwks_uri"))
        return self._vouched(_claims(_text(given, "id_token"), keys), attempt, now=now)

    def _vouched(self, told: tuple[dict[str, Any], dict[str, Any]], attempt: Attempt, *, now: int) -> Vouched:
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        header, claims = told
        wanted = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client},
            "exp": {"essential": True},
        }
        try:
            token = CodeIDToken(claims, header, wanted, {"nonce": attempt.nonce, "client_id": self.client})
            token.validate(now, _LEEWAY)
        except JoseError as error:
            raise NotAllowed(Code.SIGN_IN_WRONG, "id_token") from error
        name = claims.get(self.claim)
        if not isinstance(name, str) or (self.claim == "email" and claims.get("email_verified") is not True):
            raise NotAllowed(Code.SIGN_IN_WRONG, self.claim)
        methods = claims.get("amr")
        # Letters of an address may be written large or small; a subject's are its own.
        found = normal(name) if self.claim == "email" or name == normal(name) else ""
        return Vouched(name=found, second=self.trusts_second and isinstance(methods, list) and "mfa" in methods)

    def _told(self) -> dict[str, Any]:
        """What the issuer says of itself (OpenID Connect Discovery §4)."""
        told = self._fetched(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self.issuer:
            raise Unavailable(Code.PROVIDER_FAILED, "issuer")
        return told

    def _fetched(self, address: str, *, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A JSON object from the issuer's own origin: no redirect, no proxy, no more than a quarter of a megabyte."""
        import requests

        if urlsplit(address)[:2] != urlsplit(self.issuer)[:2]:
            raise Unavailable(Code.PROVIDER_FAILED, "origin")
        with requests.Session() as http:
            http.trust_env = False
            http.verify = self.authority or True
            try:
                with http.request(
                    "GET" if form is None else "POST", address, data=form, stream=True, timeout=_SECONDS,
                    auth=(self.client, self.secret) if form else None, allow_redirects=False,
                ) as answer:  # fmt: skip
                    text = answer.raw.read(_MOST + 1, decode_content=True) if answer.status_code == 200 else b""
                found = json.loads(text) if len(text) <= _MOST else None
            except (requests.RequestException, OSError, ValueError, RecursionError) as error:
                raise Unavailable(Code.PROVIDER_FAILED, urlsplit(address).path[:80]) from error
        if not isinstance(found, dict):
            raise Unavailable(Code.PROVIDER_FAILED, urlsplit(address).path[:80])
        return found


def _claims(token: str, keys: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that one of the issuer's keys has signed."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        found = jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(_ALGORITHMS))  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotAllowed(Code.SIGN_IN_WRONG, "id_token") from error
    return found.header, found.claims


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    if not isinstance(found, str):
        raise Unavailable(Code.PROVIDER_FAILED, name)
    return found
