"""What makes a password good, how long sessions last, what is still to be done before somebody is in."""

from __future__ import annotations

import functools
import hmac
import itertools
import re
import tomllib
from collections.abc import Collection, Iterable
from datetime import timedelta
from importlib import resources

import pyotp

from senim.governance.records import Account, Session, Step

SHORTEST, LONGEST = 12, 128
"""Characters of a password (NIST SP 800-63B §3.1.1.2 asks for fifteen alone, eight beside a second factor)."""

IDLE, LONGEST_SESSION = timedelta(minutes=30), timedelta(hours=12)
"""How long a session lasts unused, and at most."""

FRESH = timedelta(minutes=10)
"""How long it counts that somebody has shown who they are: dangerous acts ask again after it."""

FIRST = timedelta(days=3)
"""How long a first password holds."""

WINDOW = timedelta(minutes=15)
CODES, CODES_A_DAY = 6, 40
"""Codes, and passwords asked for once more, in a window; codes in a day: for one account whose password was right."""

RECOVERY_CODES = 10
PASSKEYS, LONGEST_LABEL = 10, 40
"""How many passkeys an account has at most, and the characters of what one is called."""

_WORD = 4
_LOOKED_AT = 64
"""Characters of a password that guesses are counted for: what is longer is not weaker."""
_SAFE = 3
"""From here on zxcvbn calls a password safely unguessable (at least 10⁸ guesses)."""
STEP_SECONDS = 30
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])\Z")
_BROWSERS = (
    ("Edg", "Edge"), ("YaBrowser", "Yandex"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def normal(name: str) -> str:
    """A sign-in name as it is looked up: case and blanks around it do not matter."""
    return name.strip().lower()


def is_name(name: str) -> bool:
    """Whether it may be a sign-in name: 2 to 64 letters a–z, digits, ``.``, ``_``, ``-``, ``@``."""
    return _NAME.match(name) is not None


def weak(password: str, name: str, known: Iterable[str] = ()) -> str:
    """Why a password will not do: ``short``, ``long``, ``name``, ``plain``, ``common``; nothing if it will.

    ``known`` is what others know of whoever sets it: what they are called, and the operator.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        return "short" if len(password) < SHORTEST else "long"
    lowered = password.lower()
    if name.partition("@")[0] in lowered or any(word in lowered for word in _told(known)):
        return "name"
    if len(set(lowered)) < 5 or _runs(lowered):
        return "plain"
    return "common" if lowered in _common() or _bare(lowered) in _common() or _guessed(lowered) else ""


def _told(known: Iterable[str]) -> set[str]:
    """The words of names that are long enough to be told from an accident."""
    return {word for text in known for word in re.findall(r"\w+", text.lower()) if len(word) >= _WORD}


def _guessed(text: str) -> bool:
    """Whether a hundred million guesses find it: common passwords, names and words, rows of keys, dates, and mixtures.

    The list that is looked in has the 30,000 passwords that people use most.
    """
    from zxcvbn import zxcvbn  # half a megabyte of lists, loaded when the first password is set

    return bool(zxcvbn(text[:_LOOKED_AT])["score"] < _SAFE)


def _runs(text: str) -> bool:
    """Whether it is one run of neighbours: ``abcdefghijkl``, ``123456789012``, or a part repeated."""
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(text)}
    repeated = any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))
    return repeated or steps <= {1, -9} or steps <= {-1, 9}


def _bare(text: str) -> str:
    """Its letters alone, as people add a year or a mark to a word: ``Password2026!!``."""
    return "".join(letter for letter in text if letter.isalpha())


@functools.cache
def _common() -> frozenset[str]:
    source = resources.files("senim.governance").joinpath("common.toml").read_text(encoding="utf-8")
    return frozenset(word for words in tomllib.loads(source).values() for word in words)


def step(account: Account, session: Session) -> Step | None:
    """What still has to be done before somebody is in."""
    if account.secret and not session.second_at:
        return Step.CODE
    if account.first_until:
        return Step.PASSWORD
    return None if account.secret else Step.ENROL


def alive(session: Session, at: int) -> bool:
    """Whether a session lasts at a time in microseconds."""
    unused, whole = at - session.seen_at, at - session.begun_at
    return unused < _micros(IDLE) and whole < _micros(LONGEST_SESSION)


def is_fresh(session: Session, at: int) -> bool:
    """Whether it was just shown who sits there."""
    return at - session.fresh_at < _micros(FRESH)


def matched(secret: str, code: str, at: int, after: int) -> int:
    """The step of time whose code this is, one to either side of now and later than ``after``; else 0."""
    now = at // 1_000_000 // STEP_SECONDS
    generator = pyotp.TOTP(secret)
    given = "".join(code.split())
    return next(
        (one for one in (now, now - 1, now + 1) if one > after and _same(generator.generate_otp(one), given)), 0
    )


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def label_of(wanted: str, taken: Collection[str]) -> str:
    """What a new passkey is called: as wanted, with a number if another is called so. Nothing if it will not do."""
    label = wanted.strip()
    if not 0 < len(label) <= LONGEST_LABEL or not label.isprintable():
        return ""
    numbered = (label, *(f"{label} ({number})" for number in range(2, len(taken) + 2)))
    return next(one for one in numbered if one not in taken)


def plain_code(code: str) -> str:
    """A recovery code as it is compared: blanks, dashes and case do not matter."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


def device(agent: str) -> str:
    """Browser and system of a ``User-Agent``, nothing else of it: ``Firefox, Linux``."""
    return ", ".join(filter(None, (_first(_BROWSERS, agent), _first(_SYSTEMS, agent)))) or "?"


def _first(known: Iterable[tuple[str, str]], agent: str) -> str:
    return next((name for sign, name in known if sign in agent), "")


def _micros(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1)
