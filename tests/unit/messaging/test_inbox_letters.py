"""Letters as they are sent: parts, encodings, names, quotations, and what of them is the sender's own."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage

import pytest

from senim.messaging.letter import parse, same_letter
from senim.messaging.letter_charsets import codec_of, decoded
from senim.messaging.letter_html import text_of
from senim.messaging.letter_records import LetterFault, Limits
from tests.unit.messaging.letters import SENDER, raw, read, written

WISH = "Прошу удалить мои данные."


def test_a_plain_letter_is_read_whole() -> None:
    """Sender, subject, date, text and recipients; nothing is wrong with it."""
    letter = parse(written(WISH, subject="Запрос"), envelope=["data+ref@mini.example"])
    assert (letter.from_address, letter.from_name, letter.subject, letter.text) == (SENDER, "Анна", "Запрос", WISH)
    assert letter.date == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert letter.message_id == "letter-1@people.example"
    assert letter.to == ("data+ref@mini.example", "data@mini.example")
    assert (letter.faults, letter.auto_reply, letter.quiet, letter.bounce) == ((), False, False, None)
    assert letter.from_authenticated is None


# character sets and transfer encodings


@pytest.mark.parametrize(
    "charset",
    [
        "utf-8",
        "UTF8",
        "koi8-r",
        "windows-1251",
        "CP1251",
        "win-1251",
        "iso-8859-5",
        "ibm866",
        "x-mac-cyrillic",
        "utf-16",
    ],
)
@pytest.mark.parametrize("transfer", ["8bit", "base64", "quoted-printable"])
def test_character_sets_and_transfer_encodings(charset: str, transfer: str) -> None:
    """Whatever set and encoding a mail program chose, the words are the same."""
    if charset == "utf-16" and transfer == "8bit":
        return  # no mail is sent so: its line ends have other bytes
    content = WISH.encode(codec_of(charset))
    body = {
        "8bit": content,
        "base64": base64.encodebytes(content),
        "quoted-printable": b"".join(b"=%02X" % byte for byte in content),
    }[transfer]
    letter = parse(
        raw(
            f"From: a@people.example\nContent-Type: text/plain; charset={charset}\n"
            f"Content-Transfer-Encoding: {transfer}",
            body,
        )
    )
    assert (letter.text, letter.faults) == (WISH, ())


@pytest.mark.parametrize(
    ("named", "really"),
    [("utf-8", "cp1251"), ("utf-8", "koi8-r"), ("us-ascii", "utf-8"), ("windows-1251", "utf-8"),
     ("x-unknown", "cp1251"),
     ("zlib_codec", "utf-8"), ("bz2", "utf-8"), ("unicode_escape", "utf-8"), ("idna", "utf-8"), ("", "koi8-r"),
     ("", "utf-8"), ("utf-8", "cp866")],
)  # fmt: skip
def test_a_wrong_character_set_is_guessed_right(named: str, really: str) -> None:
    """A letter that names a wrong set, none, or a codec that is no set, is read all the same, and the fault told."""
    text = "Здравствуйте! Прошу удалить мои персональные данные из вашей базы, спасибо."
    field = f"; charset={named}" if named else ""
    letter = parse(raw(f"From: a@people.example\nContent-Type: text/plain{field}", text.encode(really)))
    assert letter.text == text
    assert letter.faults == ((LetterFault.CHARSET_WRONG,) if named else ())


def test_other_scripts_are_read() -> None:
    """Kazakh in its own 8-bit set, and sets that switch with escapes."""
    assert decoded("Құрметпен".encode("ptcp154"), "pt154") == ("Құрметпен", True)
    assert decoded("Құрметпен".encode("kz1048"), "KZ-1048") == ("Құрметпен", True)
    assert decoded("日本".encode("iso2022_jp"), "ISO-2022-JP") == ("日本", True)
    assert decoded("한국".encode("iso2022_kr"), "iso-2022-kr") == ("한국", True)


def test_a_few_broken_bytes_do_not_spoil_the_rest() -> None:
    """Text in UTF-8 that lost a byte is read but for that letter."""
    broken = WISH.encode()[:-3] + b"\xd0" + WISH.encode()[-3:]
    text, right = decoded(broken, "utf-8")
    assert text.startswith("Прошу удалить мои данны")
    assert not right


# fields


ENCODED = {
    b"=?utf-8?B?" + base64.b64encode("Отзыв".encode()) + b"?=": "Отзыв",
    b"=?UTF-8?Q?=D0=9E=D1=82=D0=B7=D1=8B=D0=B2_?= =?utf-8?q?=D0=B4=D0=B0?=": "Отзыв да",
    b"=?koi8-r?B?" + base64.b64encode("Отзыв".encode("koi8-r")) + b"?=": "Отзыв",
    b"=?windows-1251?Q?" + b"".join(b"=%02X" % b for b in "Отзыв".encode("cp1251")) + b"?=": "Отзыв",
    b"=?utf-8*ru?Q?=D0=94=D0=B0?=": "Да",
    # a letter split between two words, the padding lost, words in quotation marks, spaces where none may be
    b"=?utf-8?B?0J7RgtA=?=\r\n =?utf-8?B?t9GL0LI=?=": "Отзыв",
    b"=?utf-8?B?0JTQsA?=": "Да",
    b'"=?utf-8?B?0JTQsA==?="': '"Да"',
    b"=?utf-8?Q?=D0=94=D0=B0 =D0=B4=D0=B0?=": "Да да",
    b"Re: =?utf-8?B?0JTQsA==?= (=?utf-8?B?0JTQsA==?=)": "Re: Да (Да)",
    b"=?utf-8?B?0JTQsA==?= =?koi8-r?B?xME=?=": "Дада",
    # sent raw, which is forbidden and usual
    "Отзыв".encode(): "Отзыв",
    "Отзыв согласия".encode("cp1251"): "Отзыв согласия",
    "Отзыв согласия".encode("koi8-r"): "Отзыв согласия",
    # broken beyond reading: kept as it is
    b"=?utf-8?X?0JTQsA==?=": "=?utf-8?X?0JTQsA==?=",
    b"=?utf-8?B?0JTQsA==": "=?utf-8?B?0JTQsA==",
    b"=?zlib?B?eJwDAAAAAAE=?=": "x\ufffd",
}


@pytest.mark.parametrize(("field", "text"), ENCODED.items())
def test_encoded_words_in_all_ways(field: bytes, text: str) -> None:
    """Subjects are read as every mail program writes them, well or badly (RFC 2047)."""
    subject = parse(b"From: a@people.example\r\nSubject: " + field + b"\r\n\r\n").subject
    assert subject.startswith("x") if text.startswith("x") else subject == text


def test_long_subjects_are_folded_and_read() -> None:
    """A long subject in Kazakh, folded over many encoded words, comes out as it was written."""
    subject = "Дербес деректерді өңдеуге келісімді кері қайтарып алу туралы өтініш, қайта жолдау"
    field = Header(subject, "utf-8", maxlinelen=60).encode().replace("\n", "\r\n")
    assert parse(f"From: a@b.example\r\nSubject: {field}\r\n\r\n".encode()).subject == subject


SENDERS = {
    b"a@people.example": ("", "a@people.example"),
    b"<a@people.example>": ("", "a@people.example"),
    b"Anna <A.B@People.Example>": ("Anna", "A.B@people.example"),
    b'"Probnikova, Anna" <a@people.example>': ("Probnikova, Anna", "a@people.example"),
    b"=?utf-8?B?0JDQvdC90LA=?= <a@people.example>": ("Анна", "a@people.example"),
    b'"=?utf-8?B?0JDQvdC90LA=?=" <a@people.example>': ("Анна", "a@people.example"),
    "Анна Хорошева <a@people.example>".encode(): ("Анна Хорошева", "a@people.example"),
    "Анна Хорошева <a@people.example>".encode("cp1251"): ("Анна Хорошева", "a@people.example"),
    b"a@people.example (Anna)": ("Anna", "a@people.example"),
    b'"A\\"B" <a@people.example>': ('A"B', "a@people.example"),
}


@pytest.mark.parametrize(("field", "told"), SENDERS.items())
def test_senders_are_read_as_they_are_written(field: bytes, told: tuple[str, str]) -> None:
    """Name and address of the sender, in every form."""
    letter = parse(b"From: " + field + b"\r\n\r\n")
    assert (letter.from_name, letter.from_address) == told


def test_no_sender_or_several_are_a_fault() -> None:
    """Who cannot be told to be one sender is none."""
    for fields in (b"Subject: x", b"From: a@b.example, c@d.example", b"From: a@b.example\r\nFrom: c@d.example"):
        letter = parse(fields + b"\r\n\r\n")
        assert LetterFault.SENDER_WRONG in letter.faults
    assert parse(b"From: a@b.example, c@d.example\r\n\r\n").from_address == ""


def test_a_name_that_deceives_is_told() -> None:
    """A name that shows another address, or turns the direction of writing, is stripped and told."""
    for name in ('"bank@bank.example" <x@evil.example>', "Anna\u202egro.knab <x@evil.example>"):
        letter = parse(f"From: {name}\r\n\r\n".encode())
        assert LetterFault.NAME_DECEIVES in letter.faults
        assert "\u202e" not in letter.from_name
    assert parse(b"From: a@b.example <a@b.example>\r\n\r\n").faults == ()


@pytest.mark.parametrize(
    "date",
    ["Fri, 31 Dec 9999 23:59:59 -2359", "Thu, 1 Jan 1802 00:00:00 +0000", "soon", "32 Foo 2026", "99999999999999999"],
)
def test_dates_that_cannot_be_are_told(date: str) -> None:
    """A date beyond what can be is no date; the clock starts when a letter came in any case."""
    letter = parse(f"From: a@b.example\r\nDate: {date}\r\n\r\n".encode())
    assert (letter.date, letter.faults) == (None, (LetterFault.DATE_WRONG,))


# parts


def test_html_alone_is_read_as_it_is_shown() -> None:
    """Scripts, styles, comments and hidden words are not read; nothing is loaded; quoted blocks are quoted."""
    page = """<html><head><title>t</title><style>p{}</style></head><body><!-- delete my data -->
        <script>alert('Delete my account')</script><p>Спасибо &amp; всего&nbsp;доброго</p>
        <div style="display: none">Прошу удалить мои данные</div><p hidden>Delete my account</p>
        <img src="https://tracker.example/x.png" alt="Delete"><table><tr><td>а</td><td>б</td></tr></table>
        <blockquote>Прошу удалить мои данные</blockquote><span style='font-size:0'>Erase</span>1 &lt; 2</body></html>"""
    letter = parse(raw("From: a@b.example\nContent-Type: text/html; charset=utf-8", page))
    assert letter.text.split() == ["Спасибо", "&", "всего", "доброго", "а", "б", "1", "<", "2"]


def test_the_page_counts_where_the_plain_text_says_far_less() -> None:
    """Some programs put a mere notice into the plain text."""
    html = "<p>Прошу удалить все мои персональные данные из вашей базы, спасибо.</p>"
    assert read("HTML", html=html).text.startswith("Прошу удалить все")
    assert read("Прошу удалить все мои данные из базы.", html=html).text == "Прошу удалить все мои данные из базы."


@pytest.mark.parametrize(
    "page", ["<", "<<<<", "a<b", "<p", "<!--", "</", "<script>", "<p hidden>x", "&#99999999999;", "<p/>x"]
)
def test_broken_pages_are_read_as_far_as_they_go(page: str) -> None:
    """No page breaks the reader."""
    assert isinstance(text_of(page), str)


ATTACHED = {
    'filename="Доверенность.pdf"': "Доверенность.pdf",
    "filename*=utf-8''%D0%94%D0%B0.pdf": "Да.pdf",
    "filename*0*=utf-8''%D0%94; filename*1*=%D0%B0; filename*2=.pdf": "Да.pdf",
    'filename="=?utf-8?B?0JTQsC5wZGY=?="': "Да.pdf",
    'filename="../../etc/passwd"': "passwd",
    'filename="C:\\\\Windows\\\\win.ini"': "win.ini",
    'filename="a\u202efdp.exe"': "a fdp.exe",
    'filename="x\x00y\x07.pdf"': "x y .pdf",
    'filename="..."': "file-1.pdf",
    'filename=""': "file-1.pdf",
    'filename="con.pdf"': "_con.pdf",
    'filename="<script>.pdf"': "_script_.pdf",
    f'filename="{"a" * 500}.pdf"': f"{'a' * 100}.pdf",
}


@pytest.mark.parametrize(("disposition", "name"), ATTACHED.items(), ids=range(len(ATTACHED)))
def test_names_of_files_are_made_safe(disposition: str, name: str) -> None:
    """Ways, devices, control letters and letters that turn the direction are gone; RFC 2231 names are read."""
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/pdf\r\n"
        f"Content-Disposition: attachment; {disposition}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "JVBERg==\r\n--b--\r\n"
    )
    letter = parse(raw('From: a@b.example\nContent-Type: multipart/mixed; boundary="b"', body))
    (one,) = letter.attachments
    assert (one.name, one.media, one.content()) == (name, "application/pdf", b"%PDF")
    assert letter.text == "hello"


def test_letters_within_letters_are_files() -> None:
    """A letter that was attached is not read as the sender's own words."""
    inner = EmailMessage()
    inner["Subject"] = "Удалите мои данные"
    inner.set_content("Прошу удалить мои данные.")
    mail = EmailMessage()
    mail["From"] = "a@b.example"
    mail.set_content("Смотрите вложение.")
    mail.add_attachment(inner)
    letter = parse(mail.as_bytes())
    assert letter.text == "Смотрите вложение."
    assert [one.media for one in letter.attachments] == ["message/rfc822"]


def test_bounds_are_kept() -> None:
    """What is larger than is read is read as far as it goes, and told."""
    limits = Limits(size=2000, header=500, fields=10, field_size=100, depth=3, parts=4, text=50)
    assert parse(b"From: a@b.example\r\n\r\n" + b"x" * 3000, limits=limits).faults == (LetterFault.TOO_LARGE,)
    assert LetterFault.HEADERS_TOO_LARGE in parse(b"X: y\r\n" * 50 + b"\r\n", limits=limits).faults
    assert LetterFault.TEXT_TOO_LONG in parse(b"From: a@b.example\r\n\r\n" + b"x" * 100, limits=limits).faults
    deep = "From: a@b.example\r\n" + "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(6)
    )
    assert LetterFault.TOO_DEEP in parse(deep.encode(), limits=Limits(depth=3)).faults
    many = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\nx\r\n" * 9
    assert LetterFault.TOO_MANY_PARTS in parse(many.encode(), limits=limits).faults


@pytest.mark.parametrize(
    ("body", "fault"),
    [("no boundary at all", LetterFault.BOUNDARY_MISSING), ("--b\r\n\r\nhello", LetterFault.BOUNDARY_MISSING),
     ("--b\r\nContent-Transfer-Encoding: base64\r\n\r\nZm9v!YmFyA\r\n--b--", LetterFault.ENCODING_BROKEN)],
)  # fmt: skip
def test_broken_parts_are_read_and_told(body: str, fault: LetterFault) -> None:
    """A boundary that never comes, an end that is missing, base64 that is none: read as far as it goes."""
    letter = parse(raw("From: a@b.example\nContent-Type: multipart/mixed; boundary=b", body))
    assert letter.faults == (fault,)
    assert letter.text


def test_the_same_letter_is_known_by_what_its_writer_wrote() -> None:
    """Servers add fields on the way; another text under the same Message-ID is another letter."""
    letter = written(WISH)
    assert same_letter(letter) == same_letter(b"Received: by mx\r\nX-Spam: no\r\n" + letter.replace(b"\n", b"\r\n"))
    assert same_letter(letter) != same_letter(letter.replace(b"Subject:", b"Subject: x"))
    assert same_letter(letter) != same_letter(written("Другой текст."))


# the sender's own words

QUOTED = {
    "Gmail, Russian": "ср, 12 нояб. 2025 г. в 10:00, Мини <data@mini.example>:\n\n> Ваш запрос\n> принят",
    "Gmail, old Russian": "12 ноября 2025 г., 10:00 пользователь Мини <data@mini.example> написал:\n> Ваш запрос",
    "Gmail, English": "On Wed, Nov 12, 2025 at 10:00 AM Mini <data@mini.example> wrote:\n> Your request",
    "Gmail, English, broken in two": "On Wed, Nov 12, 2025 at 10:00 AM Mini LLP\n<data@mini.example> wrote:\n> Yours",
    "Gmail, Kazakh": "2025 ж. 12 қар., ср 10:00, Мини <data@mini.example> мынаны жазды:\n> Сұрауыңыз",
    "В ср … пишет": "В ср, 12 нояб. 2025 г. в 10:00 Мини <data@mini.example> пишет:\n> Ваш запрос",
    "Outlook, Russian": "-----Исходное сообщение-----\nОт: Мини\nОтправлено: 12 ноября\nКому: Анна\nТема: Да\n\nтекст",
    "Outlook, English": "From: Mini <d@mini.example>\nSent: November 12\nTo: Anna\nSubject: Request\n\nText",
    "Outlook, Kazakh": "Кімнен: Мини\nЖіберілген: 2025 ж. 12 қараша\nКімге: Анна\nТақырыбы: Сұрау\n\nмәтін",
    "Outlook, a line": "________________________________\nОт: Мини\nОтправлено: 12 ноября\nКому: Анна\n\nтекст",
    "original message": "-----Original Message-----\nFrom: Mini\nText",
    "Kazakh original": "-----Бастапқы хабар-----\nмәтін",
    "Apple": "> 12 нояб. 2025 г., в 10:00, Мини <data@mini.example> написал(а):\n> \n> текст",
    "Apple, English": "> On 12 Nov 2025, at 10:00, Mini <data@mini.example> wrote:\n> \n> text",
    "mail.ru": "Среда, 12 ноября 2025, 10:00 +05:00 от Мини <data@mini.example>:\n\nВаш запрос принят",
    "Yandex": '12.11.2025, 10:00, "Мини" <data@mini.example>:\nВаш запрос принят',
    "Thunderbird": "12.11.2025 10:00, Мини пишет:\n> Ваш запрос",
    "forwarded": "---------- Forwarded message ---------\nFrom: X\nтекст",
    "forwarded, Russian": "-------- Перенаправленное сообщение --------\nТема: X\nтекст",
}


@pytest.mark.parametrize("quotation", QUOTED.values(), ids=QUOTED)
def test_what_is_quoted_is_cut_off(quotation: str) -> None:
    """Of an answer only the sender's own words are read, whatever program wrote it and in which language."""
    assert read(f"{WISH}\n\n{quotation}").text == WISH


def test_words_between_and_below_quoted_lines_are_the_senders() -> None:
    """Who answers below, or line by line, is read as well."""
    below = (
        "В ср, 12 нояб. 2025 г. в 10:00 Мини <data@mini.example> пишет:\n> Что вы хотите?\n\nПрошу удалить мои данные."
    )
    assert read(below).text == WISH
    between = "> Первый вопрос?\nДа.\n> Второй вопрос?\nНет."
    assert read(between).text == "Да.\nНет."


def test_words_that_only_look_like_a_quotation_stay() -> None:
    """A sentence with a date, a colon and “wrote” in the middle is no quotation."""
    for text in (
        "Ваш сотрудник 12.11.2025 писал: всё удалим, но ничего не удалили до сих пор, прошу ответить.",
        "От вас жду одного:\nудалите мои данные.",
        "From now on do not call me.\nThank you.",
    ):
        assert read(text).text == text


def test_signatures_are_told_apart() -> None:
    """The signature is kept for the name in it, and does not count as what is asked."""
    letter = read(f"{WISH}\n\n-- \nАнна Пробникова\nОтдел удаления данных")
    assert (letter.text, letter.signature) == (WISH, "Анна Пробникова\nОтдел удаления данных")
    letter = read(f"{WISH}\n\nҚұрметпен,\nАрман Қасенов")
    assert (letter.text, letter.signature) == (WISH, "Арман Қасенов")
    for line in ("Отправлено с iPhone", "Sent from my iPhone", "Отправлено из мобильной Почты Mail.ru"):
        assert read(f"{WISH}\n\n{line}").text == WISH
    thanks = "Спасибо.\nУдалите мои данные."
    assert read(thanks).text == thanks


def test_a_letter_that_was_passed_on_says_so() -> None:
    """What somebody only passed on has no words of its own."""
    letter = read("---------- Пересылаемое сообщение ----------\nОт: Анна\nПрошу удалить мои данные.")
    assert (letter.text, letter.forwarded) == ("", True)
