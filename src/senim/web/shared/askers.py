"""Who sends a request: the network address by which attempts are counted."""

from __future__ import annotations

from flask import Request

_HERE = ("127.0.0.1", "::1")


def address(asked: Request) -> str:
    """Who sends. A proxy on this machine tells it in the last part of ``X-Forwarded-For``; others are not believed."""
    told = asked.remote_addr or ""
    passed = asked.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return passed if passed and told in _HERE else told
