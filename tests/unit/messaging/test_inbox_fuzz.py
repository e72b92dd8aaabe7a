"""No letter breaks the reader: whatever bytes come, a letter is read, and nothing is raised."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from senim.messaging.letter import parse, same_letter
from senim.messaging.letter_headers import addresses, clean, date_of, message_ids, parameters, words
from senim.messaging.letter_html import text_of
from senim.messaging.letter_mime import safe_name
from senim.messaging.letter_origin import Trusted
from senim.messaging.letter_quotes import own_words
from senim.messaging.meaning import recognise
from tests.unit.messaging.letters import promises_of, written

TRUSTED = Trusted(frozenset({"mx.mini.example"}), hops=2)
PIECES = (
    b"From: a@b.example\r\n",
    b"From: =?utf-8?B?",
    b"Subject: =?koi8-r?Q?=D0?=\r\n",
    b"Subject: ",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b'Content-Type: multipart/report; boundary="b"\r\n',
    b"Content-Type: text/html; charset=windows-1251\r\n",
    b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Disposition: attachment; filename*0*=utf-8''%D0\r\n",
    b"Date: 31 Dec 9999 23:59:59 -9999\r\n",
    b"Authentication-Results: mx.mini.example; dmarc=pass\r\n",
    b"Auto-Submitted: auto-replied\r\n",
    b"Message-ID: <",
    b"Received: x\r\n",
    b"Return-Path: <>\r\n",
    b"On Wed, 12 Nov 2025 at 10:00 X <a@b.example> wrote:\r\n> ",
    b'<p style="display:none">',
    "Прошу удалить мои данные. ".encode(),
    "не отзываю согласие".encode("cp1251"),
    *(b"--b\r\n", b"--b--\r\n", b"-- \r\n", b"\r\n", b"\n", b"\r", b"=?=", b"?=", b"=3D=\r\n", b"*0*=", b"a" * 500),
    *(b"\x00", b"\xd0", b"\xff\xfe", b"<", b">", b"<!--", b"&#xfffffff;", b'"', b"(", b";", b"=", b"%"),
)


def whole(content: bytes) -> None:
    """Read a letter to the last of it."""
    letter = parse(content, envelope=["data@mini.example"], trusted=TRUSTED)
    for one in letter.attachments:
        one.content()
        assert one.name
        assert not set(one.name) & set('/\\\r\n\x00"<>:|?*')
    assert "\n" not in letter.subject + letter.from_name + letter.from_address
    assert "\r" not in letter.subject + letter.text
    (letter.subject + letter.text + letter.from_name + letter.from_address + "".join(letter.to)).encode()
    recognise(letter, promises_of("airline"))
    same_letter(content)


@given(st.binary(max_size=3000))
@settings(max_examples=300)
def test_any_bytes_are_read(content: bytes) -> None:
    """Nothing that a network can bring raises anything."""
    whole(content)


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@settings(max_examples=600)
def test_any_mixture_of_pieces_is_read(pieces: list[bytes]) -> None:
    """Neither does anything that somebody who knows the formats puts together."""
    whole(b"".join(pieces))


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=300)
def test_any_damage_to_a_good_letter_is_read(seed: int, times: int) -> None:
    """A letter that was whole and lost, changed or doubled some bytes on the way is read as far as it goes."""
    chance = random.Random(seed)
    mail = bytearray(
        written("Прошу удалить мои данные.", html="<p>Прошу <b>удалить</b> мои данные.</p>", Reply_To="x@b.example")
    )
    for _ in range(times):
        place = chance.randrange(len(mail))
        match chance.randrange(3):
            case 0:
                mail[place] = chance.randrange(256)
            case 1:
                del mail[place : place + chance.randrange(1, 20)]
            case _:
                mail[place:place] = mail[place : place + chance.randrange(1, 20)]
        mail = mail or bytearray(b"x")
    whole(bytes(mail))


@given(st.binary(max_size=400))
def test_any_field_is_read(value: bytes) -> None:
    """Words, addresses, parameters, dates and ids come out of any bytes, or nothing does."""
    assert "\n" not in clean(words(value))
    parameters(value)
    addresses([value])
    date_of(value)
    message_ids(value)


@given(st.text(max_size=1500))
def test_any_text_is_read(text: str) -> None:
    """Own words, pages and names of files come out of any text."""
    own_words(text)
    assert isinstance(text_of(text), str)
    name = safe_name(text, 1, "application/pdf")
    assert name
    assert "/" not in name
    assert len(name) <= 120
