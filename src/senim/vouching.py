"""The identity provider that staff may sign in at, as ``[console]`` says it: what app.py needs to join governance."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from senim.errors import Code, Invalid
from senim.governance.provider import Provider
from senim.settings import THIS_MACHINE, Console, certificates


def identity_provider(console: Console, folder: Path) -> Provider | None:
    """The provider, or None if none is set. Raises Invalid (setting_wrong)."""
    if not console.issuer:
        return None
    issuer = urlsplit(console.issuer)
    if issuer.scheme != "https" and (issuer.scheme != "http" or issuer.hostname not in THIS_MACHINE):
        raise Invalid(Code.SETTING_WRONG, "console.issuer", detail="https://…; http:// only on this machine")
    for name in ("client", "secret", "claim"):
        if not getattr(console, name):
            raise Invalid(Code.SETTING_WRONG, f"console.{name}", detail="needed with console.issuer")
    authority = certificates(folder, console.authority, "console.authority")
    if find_spec("authlib") is None or find_spec("requests") is None:
        raise Invalid(Code.SETTING_WRONG, "console.issuer", detail="needs the extra: pip install 'senim[oidc]'")
    return Provider(
        issuer=console.issuer,
        client=console.client,
        secret=console.secret,
        claim=console.claim,
        trusts_second=console.second_factor == "provider",
        authority=authority,
    )
