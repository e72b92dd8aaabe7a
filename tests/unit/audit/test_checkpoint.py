"""Signed checkpoints: what was signed opens, and nothing else does."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.audit import LogSigner, LogVerifier, parse_note
from senim.audit.tree import EMPTY_ROOT
from senim.errors import Code, Invalid

SEED = bytes(range(32))
ORIGIN = "mini.example/log"
SIGNER = LogSigner(ORIGIN, SEED)
VERIFIER = LogVerifier(SIGNER.vkey)
ROOT = hashlib.sha256(b"root").digest()
NOTE = SIGNER.sign(7, ROOT)
BODY, _, SIGNATURE = NOTE.partition("\n\n")


def refused(note: str, verifier: LogVerifier = VERIFIER) -> bool:
    try:
        verifier.open(note)
    except Invalid as error:
        return error.code is Code.SIGNATURE_WRONG
    return False


def test_form() -> None:
    """A checkpoint is origin, size and root in base64, an empty line, and a signature line (C2SP signed-note)."""
    encoded = base64.b64encode(ROOT).decode()
    assert f"{ORIGIN}\n7\n{encoded}" == BODY
    dash, name, signature = SIGNATURE.split(" ")
    assert (dash, name) == ("—", ORIGIN)
    raw = base64.b64decode(signature)
    assert len(raw) == 4 + 64
    public = base64.b64decode(SIGNER.vkey.split("+", 2)[2])
    assert raw[:4] == hashlib.sha256(f"{ORIGIN}\n".encode() + public).digest()[:4]


@given(st.integers(0, 2**60), st.binary(min_size=32, max_size=32))
def test_what_was_signed_opens(size: int, root: bytes) -> None:
    """The public key alone opens any checkpoint of the log."""
    opened = VERIFIER.open(SIGNER.sign(size, root))
    assert (opened.origin, opened.size, opened.root) == (ORIGIN, size, root)


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_any_other_letter_is_refused(place: int, letter: str) -> None:
    """Whatever single letter is changed, the checkpoint is no longer believed."""
    changed = NOTE[:place] + letter + NOTE[place + 1 :]
    assert changed == NOTE or refused(changed)


@given(st.integers(0, len(NOTE) - 1))
def test_any_cut_is_refused(end: int) -> None:
    """So is a checkpoint that was cut anywhere."""
    assert refused(NOTE[:end])


@given(st.text())
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    """No text makes the reader stumble."""
    assert refused(text)
    assert refused(f"{text}\n\n{SIGNATURE}")
    assert refused(f"{BODY}\n\n{text}")


MALFORMED = {
    "empty": "",
    "no signature": f"{BODY}\n\n",
    "no empty line": NOTE.replace("\n\n", "\n"),
    "no last line end": NOTE.rstrip("\n"),
    "windows line ends": NOTE.replace("\n", "\r\n"),
    "a line more": NOTE.replace("\n\n", "\nextra\n\n", 1),
    "a size with a zero in front": NOTE.replace("\n7\n", "\n07\n"),
    "a size with a sign": NOTE.replace("\n7\n", "\n+7\n"),
    "a size in other digits": NOTE.replace("\n7\n", "\n٧\n"),
    "a size that is no number": NOTE.replace("\n7\n", "\n²\n"),
    "a negative size": NOTE.replace("\n7\n", "\n-7\n"),
    "a size in parts": NOTE.replace("\n7\n", "\n7 \n"),
    "a hyphen for the dash": NOTE.replace("—", "-"),
    "a signature that is no base64": f"{BODY}\n\n— {ORIGIN} !!!!\n",
    "a signature that is too short": f"{BODY}\n\n— {ORIGIN} AAAA\n",
    "a signature of nothing": f"{BODY}\n\n— {ORIGIN} \n",
    "another size": NOTE.replace("\n7\n", "\n8\n"),
    "a root of 31 bytes": SIGNER.sign(7, ROOT[:31]),
    "a root of 33 bytes": SIGNER.sign(7, ROOT + b"!"),
    "words after it": NOTE + "and more\n",
}


@pytest.mark.parametrize("note", MALFORMED.values(), ids=MALFORMED)
def test_malformed_notes_are_refused(note: str) -> None:
    """What is no checkpoint, or not to the letter the one that was signed, is refused."""
    assert refused(note)


def test_a_root_in_another_spelling_is_refused() -> None:
    """Base64 of 32 bytes has spare bits: the same root spelt otherwise is not what was signed."""
    encoded = base64.b64encode(ROOT).decode()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = encoded[:-2] + alphabet[alphabet.index(encoded[-2]) ^ 1] + "="
    assert base64.b64decode(twin) == ROOT
    assert refused(NOTE.replace(encoded, twin))


def test_another_key_is_refused() -> None:
    """A log that another key signed is not this log, even under the same name."""
    assert refused(NOTE, LogVerifier(LogSigner(ORIGIN, bytes(32)).vkey))
    assert refused(NOTE, LogVerifier(LogSigner("other.example/log", SEED).vkey))


def test_a_checkpoint_of_another_log_is_refused_though_our_key_signed_it() -> None:
    """A note whose first line names another log does not pass for ours."""
    foreign = f"other.example/log\n7\n{base64.b64encode(ROOT).decode()}"
    note = f"{foreign}\n\n{LogSigner('other.example/log', SEED).sign(7, ROOT).partition(chr(10) * 2)[2]}"
    renamed = note.replace("— other.example/log", f"— {ORIGIN}")
    assert refused(renamed)


def test_signatures_of_witnesses_do_not_disturb() -> None:
    """Others may sign the same checkpoint; ours still opens it, before or after theirs."""
    witness = LogSigner("witness.example", bytes(32))
    other = f"— witness.example {base64.b64encode(bytes(68)).decode()}\n"
    assert VERIFIER.open(NOTE + other).size == 7
    assert VERIFIER.open(f"{BODY}\n\n{other}{SIGNATURE}").size == 7
    assert refused(f"{BODY}\n\n{other}")
    checkpoint, signatures = parse_note(NOTE + other)
    assert (checkpoint.size, [name for name, _ in signatures]) == (7, [ORIGIN, witness.origin])


def test_an_empty_log_is_signed_as_such() -> None:
    """Nothing yet is a statement too."""
    assert VERIFIER.open(SIGNER.sign(0, EMPTY_ROOT)).size == 0


@pytest.mark.parametrize("origin", ["", "with space", "tab\there", "plus+sign", "line\nend", "no\u00a0break"])
def test_names_of_logs_that_break_the_form_are_refused(origin: str) -> None:
    """A log's name stands in lines and keys: spaces and plus signs cannot be in it."""
    with pytest.raises(Invalid) as error:
        LogSigner(origin, SEED)
    assert error.value.code is Code.SETTING_WRONG


HASH, KEY = SIGNER.vkey.split("+", 2)[1:]


@pytest.mark.parametrize(
    "vkey",
    ["", "+", "++", ORIGIN, f"{ORIGIN}+{HASH}", f"{ORIGIN}+00000000+{KEY}", f"other+{HASH}+{KEY}",
     f"{ORIGIN}+{HASH}+{KEY[:-4]}", f"{ORIGIN}+{HASH}+!!!!", f"{ORIGIN}+{HASH}+ключ", f"{ORIGIN}+{HASH.upper()}x+{KEY}",
     f"{ORIGIN}+{HASH}+{base64.b64encode(b'2' + bytes(32)).decode()}"],
)  # fmt: skip
def test_wrong_public_keys_are_told(vkey: str) -> None:
    """A key line with a wrong hash, kind or length is refused before anything is checked with it."""
    with pytest.raises(Invalid) as error:
        LogVerifier(vkey)
    assert error.value.code is Code.KEY_FILE_WRONG


def test_a_key_line_may_come_from_a_file() -> None:
    """White space around the key line does no harm."""
    assert LogVerifier(f"  {SIGNER.vkey}\n").open(NOTE).size == 7
