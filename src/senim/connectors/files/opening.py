"""Opens the place of files by its address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from senim.connectors.files.bucket import Bucket
from senim.connectors.files.place import Folder, Place
from senim.connectors.files.signing import Credentials
from senim.connectors.webhook.calling import LOOPBACK
from senim.errors import Code, Invalid
from senim.languages import Hint
from senim.times import utc_now


def place_of(url: str, *, where: str, timeout: int = 60, now: Callable[[], datetime] = utc_now) -> Place:
    """A folder (``/srv/lists``, ``file:///srv/lists``) or a bucket, ``s3://KEY:SECRET@host/bucket/prefix?region=…``.

    ``s3+http://`` is taken to this very machine alone. Raises Invalid (setting_wrong), which does not tell the address.
    """
    try:
        parts = urlsplit(url)
        port_known = parts.port != 0
    except ValueError:
        raise Invalid(Code.SETTING_WRONG, where, hint=Hint("address-unread")) from None
    if parts.scheme in ("s3", "s3+http"):
        if parts.scheme == "s3+http" and parts.hostname not in LOOPBACK:
            raise Invalid(Code.SETTING_WRONG, where, hint=Hint("tls-needed"))
        if not (parts.username and parts.password and parts.hostname and parts.path.strip("/") and port_known):
            raise Invalid(Code.SETTING_WRONG, where, detail="s3://KEY:SECRET@host/bucket/prefix?region=…")
        region = dict(parse_qsl(parts.query)).get("region", "us-east-1")
        credentials = Credentials(unquote(parts.username), unquote(parts.password), region)
        return Bucket(parts, credentials, where=where, timeout=timeout, now=now)
    path = Path(unquote(parts.path) if parts.scheme == "file" else url)
    if parts.scheme not in ("", "file") or not path.is_absolute():
        raise Invalid(Code.SETTING_WRONG, where, hint=Hint("folder-or-bucket"))
    return Folder(path, where)
