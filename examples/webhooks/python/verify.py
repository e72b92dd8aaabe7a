"""Verify a call of Senim and sign the answer. Python 3.9 or newer, no package needed."""

import hashlib
import hmac
import re
import time

WINDOW = 300  # seconds by which the two clocks may differ


def mac(secret, at, nonce, body, answer=False):
    told = f"{at}.{nonce}.{'answer.' if answer else ''}".encode() + body
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()


def verify(header, body, secrets, first_seen, now=None):
    """The nonce of a call, or None if it is not from Senim, too old, or was taken before.

    ``secrets``: one, or two while it is being changed. ``first_seen(nonce)`` keeps a nonce for ten minutes where all
    your processes see it (a table with a unique key, Redis SET NX EX 600) and says whether it is new.
    """
    match = re.fullmatch(r"t=(\d{1,12}),n=([0-9a-f]{32})((?:,v1=[0-9a-f]{64}){1,4})", header or "")
    if not match or abs((time.time() if now is None else now) - int(match[1])) > WINDOW:
        return None
    given = match[3].split(",v1=")[1:]
    good = any(hmac.compare_digest(mac(s, match[1], match[2], body), one) for s in secrets for one in given)
    return match[2] if good and first_seen(match[2]) else None


def signature(body, secret, nonce, now=None):
    """The header of an answer to the call with this nonce."""
    at = int(time.time() if now is None else now)
    return f"t={at},n={nonce},v1={mac(secret, at, nonce, body, answer=True)}"
