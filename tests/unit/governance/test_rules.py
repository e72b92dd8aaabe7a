"""The rules of accounts, by themselves."""

from __future__ import annotations

from dataclasses import replace as changed

import pyotp
import pytest
from msgspec.structs import replace

from senim.governance import Account, Session, Step
from senim.governance.rules import alive, device, is_fresh, is_name, label_of, matched, step, weak
from senim.identity import new_subject

MINUTE = 60_000_000
ACCOUNT = Account(id="1", name=b"", role="desk", language="kk", holder=new_subject(), names=b"", password="", made_at=0)
SESSION = Session(digest=b"d", account="1", begun_at=0, seen_at=0, second_at=0, fresh_at=0, device="")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("eleven-char", "short"),
        ("x" * 64 + "y1z2w3" * 11, "long"),
        ("my-Aigerim-of-may", "name"),
        ("aaaabbbbccccaa", "plain"),
        ("abcdefghijklm", "plain"),
        ("98765432109876", "plain"),
        ("horse7horse7horse7", "plain"),
        ("Password2026!!", "common"),
        ("қазақстан2026", "common"),
        ("1q2w3e4r5t6y", "common"),
        ("qwertyuiop123", "common"),
        ("iloveyou12345", "common"),
        ("jennifer.1990", "common"),
        ("sunshinesunshine1", "common"),
        ("Tulpar-avia-of-may", "name"),
        ("serikova-of-may", "name"),
        ("Қайнар-көк шәйнек", "name"),
        ("turquoise-kettle-of-may", ""),
        ("quiet brown horses under the old bridge, and a kettle of turquoise that nobody saw", ""),
        ("көк шәйнек пен қоңыр күз", ""),
        ("x7#Kq9!mZ2$w", ""),
    ],
)
def test_weak_passwords(password: str, why: str) -> None:
    """Length, names that others know, runs and what everybody tries; no rule about kinds of characters."""
    assert weak(password, "aigerim@mini.example", ("Aru Serikova", "Tulpar Avia", "«Қайнар» ЖШС")) == why


def test_the_most_used_passwords_are_refused() -> None:
    """Of the list of the 30,000 most used, each that is long enough; of the 3000 first, each with a year added too."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    used = FREQUENCY_LISTS["passwords"]
    assert len(used) >= 30_000
    good = [one for one in used if not weak(one, "desk")]
    assert good == []


@pytest.mark.parametrize(
    ("name", "good"), [("aigerim", True), ("a.b-c_d@e", True), ("a", False), ("әсел", False), (".a", False)]
)
def test_sign_in_names(name: str, good: bool) -> None:
    """Letters that every keyboard has."""
    assert is_name(name) is good


def test_steps_to_come_in() -> None:
    """First the second factor, if there is one; then the first password; then an app."""
    ready = replace(ACCOUNT, secret=b"s")
    assert step(replace(ready, first_until=9), SESSION) is Step.CODE
    assert step(replace(ACCOUNT, first_until=9), SESSION) is Step.PASSWORD
    assert step(ACCOUNT, SESSION) is Step.ENROL
    assert step(ready, changed(SESSION, second_at=1)) is None


def test_a_session_lasts_half_an_hour_unused_and_twelve_hours_at_most() -> None:
    """The ends belong to what is over."""
    assert alive(SESSION, 30 * MINUTE - 1)
    assert not alive(SESSION, 30 * MINUTE)
    used = changed(SESSION, seen_at=12 * 60 * MINUTE - 1)
    assert alive(used, 12 * 60 * MINUTE - 1)
    assert not alive(used, 12 * 60 * MINUTE)
    assert is_fresh(SESSION, 10 * MINUTE - 1)
    assert not is_fresh(SESSION, 10 * MINUTE)


def test_a_code_is_good_once_and_for_a_minute_and_a_half() -> None:
    """RFC 6238 §5.2: one step to either side for clocks that differ; no code is taken twice."""
    secret, at = pyotp.random_base32(), 1_800_000_015
    code = pyotp.TOTP(secret).at(at)
    used = matched(secret, f"{code[:3]} {code[3:]}", at * 1_000_000, 0)
    assert used == at // 30
    assert matched(secret, code, (at + 30) * 1_000_000, 0) == used
    assert not matched(secret, code, at * 1_000_000, used)
    assert not matched(secret, code, (at + 60) * 1_000_000, 0)
    assert not matched(secret, "", at * 1_000_000, 0)
    assert not matched(secret, "١٢٣٤٥٦", at * 1_000_000, 0)


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140", "Edge, Windows"),
        ("<script>", "?"),
        ("", "?"),
    ],
)
def test_a_device_in_words(agent: str, told: str) -> None:
    """Browser and system, nothing that would tell devices of a kind apart."""
    assert device(agent) == told


@pytest.mark.parametrize(
    ("wanted", "taken", "label"),
    [
        (" work phone ", (), "work phone"),
        ("work phone", ("work phone",), "work phone (2)"),
        ("work phone", ("work phone", "work phone (2)", "key"), "work phone (3)"),
        ("жұмыс телефоны", (), "жұмыс телефоны"),
        ("", (), ""),
        ("   ", (), ""),
        ("x" * 41, (), ""),
        ("phone\u202e", (), ""),
        ("pho\u200dne", (), ""),
    ],
)
def test_no_two_passkeys_are_called_the_same(wanted: str, taken: tuple[str, ...], label: str) -> None:
    """Who removes one sees which; what cannot be seen is no name."""
    assert label_of(wanted, taken) == label
