"""What is found in texts, what is not taken for something, and how two that overlap are settled."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.conformance import cast
from senim.recognisers import Hit, Kind, Why, find
from tests.labelled import GENRES, HOSTILE, sample


def told(text: str) -> list[tuple[str, str]]:
    """What is found: kind and value."""
    return [(hit.kind.value, hit.value) for hit in find(text)]


FOUND = {
    "ИИН 981231500014": ("iin", "981231500014"),
    "ЖСН: 981231500501.": ("iin", "981231500501"),
    "iin=970228600109&x=1": ("iin", "970228600109"),
    "SERIALNUMBER=IIN981231500014,O=ТЕСТ": ("iin", "981231500014"),
    "981231 500014": ("iin", "981231500014"),
    '{"iin": "981231500014"}': ("iin", "981231500014"),
    '{"iin":981231500014}': ("iin", "981231500014"),
    "БИН 691240000010": ("bin", "691240000010"),
    "691250000015, нерезидент": ("bin", "691250000015"),
    "+77000000000": ("phone", "+77000000000"),
    "+7 700 000 00 00": ("phone", "+77000000000"),
    "+7 (700) 000-00-00": ("phone", "+77000000000"),
    "+7(700)0000000": ("phone", "+77000000000"),
    "+7-700-000-00-00": ("phone", "+77000000000"),
    "+7.700.000.00.00": ("phone", "+77000000000"),
    "+7\u00a0700\u00a0000\u00a000\u00a000": ("phone", "+77000000000"),
    "8 700 000 00 00": ("phone", "+77000000000"),
    "8 (700) 000-00-00": ("phone", "+77000000000"),
    "8(700)0000000": ("phone", "+77000000000"),
    "8-700-000-00-00": ("phone", "+77000000000"),
    "8–700–000–00–00": ("phone", "+77000000000"),
    "87000000000": ("phone", "+77000000000"),
    "77000000000": ("phone", "+77000000000"),
    "тел. 7000000000": ("phone", "+77000000000"),
    "тел.: 700 000 00 00": ("phone", "+77000000000"),
    "(700) 000-00-00": ("phone", "+77000000000"),
    "8 (7172) 00-00-00": ("phone", "+77172000000"),
    "8 7172 00 00 00": ("phone", "+77172000000"),
    "+7 (495) 000-00-00": ("phone", "+74950000000"),
    "8 (495) 000-00-00": ("phone", "+74950000000"),
    "8 999 000 00 00": ("phone", "+79990000000"),
    "89990000000": ("phone", "+79990000000"),
    "қоңырау шалыңыз: 700 000 0000": ("phone", "+77000000000"),
    "client_phone=7000000000": ("phone", "+77000000000"),
    "+998 90 000 00 00": ("phone", "+998900000000"),
    "+44 20 0000 0000": ("phone", "+442000000000"),
    "пишите на anna.k+shop@people.example!": ("email", "anna.k+shop@people.example"),
    "<mailto:Anna@People.Example>": ("email", "anna@people.example"),
    "https://shop.example/?to=anna@people.example&a=1": ("email", "anna@people.example"),
    "анна@почта.қаз": ("email", "анна@почта.қаз"),
    "карта 9398 0000 0000 0001": ("card", "9398000000000001"),
    "9398-0000-0000-0001": ("card", "9398000000000001"),
    "9398000000000001": ("card", "9398000000000001"),
    "9398000000000000009": ("card", "9398000000000000009"),
    "card 4222222222222": ("card", "4222222222222"),
    "3782 822463 10005": ("card", "378282246310005"),
    "KZ699990000000000001": ("iban", "KZ699990000000000001"),
    "KZ69 9990 0000 0000 0001": ("iban", "KZ699990000000000001"),
    "шот kz67999test000000kzt": ("iban", "KZ67999TEST000000KZT"),
    "лицевой счёт 40817810000000000000": ("account", "40817810000000000000"),
    "удостоверение личности № 000000000": ("id-card", "000000000"),
    "жеке куәлік 000000000": ("id-card", "000000000"),
    "identity card number 000000000": ("id-card", "000000000"),
    "паспорт N00000000": ("passport", "N00000000"),
    "N00000000": ("passport", "N00000000"),
    "паспорт 00 00 000000": ("passport", "0000000000"),
    "гос. номер 000ZZZ20": ("plate", "000ZZZ20"),
    "госномер 000 ZZ 20": ("plate", "000ZZ20"),
    "А000АА77": ("plate", "А000АА77"),
    "from 192.0.2.1": ("ip", "192.0.2.1"),
    "http://192.0.2.1:8080/": ("ip", "192.0.2.1"),
    "client [2001:db8::1]:443": ("ip", "2001:db8::1"),
    "2001:0db8:0000:0000:0000:ff00:0042:8329": ("ip", "2001:db8::ff00:42:8329"),
    "дата рождения 31.12.2098": ("birth-date", "2098-12-31"),
    "31.12.2098 г.р.": ("birth-date", "2098-12-31"),
    "31 декабря 2098 года рождения": ("birth-date", "2098-12-31"),
    "туған күні: 31.12.2098": ("birth-date", "2098-12-31"),
    "31.12.2098 ж.т.": ("birth-date", "2098-12-31"),
    "born 31 December 2098": ("birth-date", "2098-12-31"),
    '"birth_date": "2098-12-31"': ("birth-date", "2098-12-31"),
    "data_rozhdeniya=2098-12-31 00:00:00": ("birth-date", "2098-12-31"),
    "Пробников Иван Петрович": ("name", "Пробников Иван Петрович"),
    "договор с Анной Сергеевной Соколовой": ("name", "Анной Сергеевной Соколовой"),
    "ПРОБНИКОВ ИВАН ПЕТРОВИЧ": ("name", "ПРОБНИКОВ ИВАН ПЕТРОВИЧ"),
    "Пробников И.П.": ("name", "Пробников И.П."),
    "И. П. Пробников": ("name", "И. П. Пробников"),
    "Ленский Пётр Ильич": ("name", "Ленский Пётр Ильич"),
    "Орловой Марии Ильиничны": ("name", "Орловой Марии Ильиничны"),
    "Пак Иван Петрович": ("name", "Пак Иван Петрович"),
    "Сынақбай Әлия Нұрланқызы": ("name", "Сынақбай Әлия Нұрланқызы"),
    "Нұрлан Болат ұлы": ("name", "Нұрлан Болат ұлы"),
    "Касенова Алия Болаткызы": ("name", "Касенова Алия Болаткызы"),
    "Kassenova Aliya Bolatkyzy": ("name", "Kassenova Aliya Bolatkyzy"),
    "Probnikov Ivan Petrovich": ("name", "Probnikov Ivan Petrovich"),
    "Dear Alice Whitfield,": ("name", "Alice Whitfield"),
}


@pytest.mark.parametrize(("text", "value"), FOUND.items(), ids=FOUND)
def test_found(text: str, value: tuple[str, str]) -> None:
    """It is found, as what it is, in the form in which values are kept, and nothing else is."""
    assert told(text) == [value]


TRAPS = (
    "", "Заказ 7000000000 собран", "order 1234567890", "№ 7000000000", "1234567890", "981231500015", "ИИН 981331500014",
    "накладная 123456789012", "тел. 123", "000000000", "артикул 000000000", "12345678", "1 250 000 000 тенге",
    "версия 10.2.3.4", "Chrome/120.0.0.1 Safari/537.36", "v1.2.3.4", "tool-1.2.3.4.tar.gz", "1.2.3.4.5", "256.1.1.1",
    "127.0.0.1", "0.0.0.0", "255.255.255.0", "::1", "std::string", "09:00:01", "aa:bb:cc:dd:ee:ff", "a::b",
    "22.11.2026", "договор от 22.11.2026", "дата выдачи 01.02.2020", "рождён 31.02.2098", "2026-11-22 09:00:01,123",
    "1795338000123", "карта 9398 0000 0000 0002", "заказ 9398000000000001", "KZ689990000000000001", "500 KZT 20",
    "100 USD 15", "icon@2x.png", "user@host", "@anna", "a@b", "package@1.2.3", "улица Розы Люксембург",
    "проспект Мухтара Ауэзова", "театр имени Мухтара Ауэзова", "Жамбыл Жабаев көшесі", "Республика Казахстан",
    "Алматы қаласы",
    "Добрый День", "Baker Street", "Grand Hotel", "77000000000a", "a981231500014f",
    "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee",
    "GET /orders/7000000000?page=2 200 1532 0.034", "43.238949, 76.889709", "1.2.3", "20261122090001", "2026112209",
    "+0 000 000 00 00", "1+7 700", "3.14159265358979",
    "2.5.29.46", "Telefonica Rural S.A.", "25.12.2026-31.12.2026", "8 8 8 8 8 8 8", "Азия", "А. Б.",
)  # fmt: skip


@pytest.mark.parametrize("text", TRAPS)
def test_not_taken_for_something(text: str) -> None:
    """An order number of ten digits is no telephone, a version no IP, a street nobody's name (rivals' faults)."""
    assert told(text) == []


def test_an_iin_is_an_iin() -> None:
    """And neither a bank's number nor a telephone, whatever is said before it."""
    for before in ("", "счёт ", "тел. ", "карта ", "bank account "):
        assert told(f"{before}981231500014") == [("iin", "981231500014")]


def test_a_time_without_separators_is_no_iin() -> None:
    """``yymmddhhmmss`` has the length of an IIN and a real date; nobody of its century is left."""
    numbers = (f"26{month:02d}{day:02d}{hour:02d}{minute:02d}00" for month in range(1, 13) for day in range(1, 29)
               for hour in range(24) for minute in (0, 30))  # fmt: skip
    assert [number for number in itertools.islice(numbers, 0, None, 7) if told(number)] == []


def test_random_numbers_are_seldom_iins() -> None:
    """Of twelve random digits one in several hundred passes date, century and check digit; beside ``заказ`` none."""
    drawn = random.Random(1)
    numbers = [f"{drawn.randrange(10**12):012d}" for _ in range(10_000)]
    kinds = Counter(kind for number in numbers for kind, _ in told(number))
    assert kinds["iin"] <= 30
    assert kinds["bin"] <= 30
    assert [number for number in numbers if told(f"заказ {number}")] == []


def test_words_speak_of_the_number_next_to_them() -> None:
    """What is said of one number is not said of the next; a list of telephones is one all the same."""
    assert told("Заказ 15, 8 700 000 00 00") == [("phone", "+77000000000")]
    assert [kind for kind, _ in told("тел. 7000000000, 7000000001, 7000000002")] == ["phone"] * 3
    text = "Удостоверение 000000000, выдано 01.02.2020, дата рождения 31.12.2098"
    assert told(text) == [("id-card", "000000000"), ("birth-date", "2098-12-31")]
    assert told("дата рождения 31.12.2098, дата выдачи 01.02.2020") == [("birth-date", "2098-12-31")]
    assert told("Оплата по заказу получена полностью. 87000000000") == [("phone", "+77000000000")]


def test_rows_of_numbers_are_told_apart() -> None:
    """Numbers with nothing but spaces between are found one by one, however many."""
    assert told("981231500014 87000000000 9398 0000 0000 0001") == [
        ("iin", "981231500014"), ("phone", "+77000000000"), ("card", "9398000000000001"),
    ]  # fmt: skip
    phones = [f"8700000{number:04d}" for number in range(300)]
    assert told(" ".join(phones)) == [("phone", f"+7{phone[1:]}") for phone in phones]


def test_the_stronger_of_two_stays() -> None:
    """A card is no telephone with five digits more, and no part of it is anything else."""
    hits = find("карта 4000 0070 0000 0000 2, 8 700 000 00 00", least=0.1)
    assert all(one.end <= two.start for one, two in itertools.pairwise(hits))
    assert told("оплата 9398 0000 0000 0001") == [("card", "9398000000000001")]
    assert told("anna.981231500014@people.example") == [("email", "anna.981231500014@people.example")]


def test_only_what_is_asked_for() -> None:
    """Kinds and confidence are the caller's choice."""
    text = "ИИН 981231500014, тел. 87000000000, Анна Соколова. Заказ 7000000001"
    assert [hit.kind for hit in find(text, kinds=("phone",))] == [Kind.PHONE]
    assert [hit.kind for hit in find(text, kinds=(Kind.NAME,))] == [Kind.NAME]
    assert [hit.kind for hit in find(text, least=0.9)] == [Kind.IIN, Kind.PHONE]
    assert find(text, kinds=()) == []
    with pytest.raises(ValueError, match="nothing"):
        find(text, kinds=("nothing",))


def test_places_are_those_of_the_text() -> None:
    """``start`` and ``end`` cut the very words out, behind Kazakh letters and emoji too."""
    text = "Сәлем 🙂! Нөмірім: +7 (700) 000-00-00 ғой 🙂"
    (hit,) = find(text)
    assert text[hit.start : hit.end] == "+7 (700) 000-00-00"


@pytest.mark.parametrize(
    "written",
    [
        "٩٨١٢٣١٥٠٠٠١٤", "981231５０００１４", "\u200b".join("981231500014"),
        "981231\u00ad500014", "\u2060981231500014", "98\u200d1231500014",
    ],
)  # fmt: skip
def test_hidden_numbers_are_found(written: str) -> None:
    """Digits of other scripts and characters that nobody sees hide nothing; places are those of the text."""
    text = f"🙂 ИИН {written}, конец"
    (hit,) = find(text)
    assert (hit.kind, hit.value) == (Kind.IIN, "981231500014")
    assert text[hit.start : hit.end] == written.strip("\u2060")


def test_a_hit_does_not_show_its_value() -> None:
    """What is logged or printed of a hit has nothing personal in it."""
    (hit,) = find("ИИН 981231500014")
    assert "981231500014" not in f"{hit!r} {hit}"
    assert hit.why == (Why.CHECK_DIGIT, Why.WORDS)
    assert 0 < hit.confidence <= 1


@pytest.mark.parametrize("genre", GENRES)
def test_the_labelled_sample(genre: str) -> None:
    """On labelled text of every genre nothing is missed, and nothing is taken for what it is not."""
    labelled = dict(sample(600, seed=2026))[genre]
    labels = {(kind, start, end) for kind, start, end in labelled.labels}
    hits = {(hit.kind.value, hit.start, hit.end) for hit in find(labelled.text)}
    assert (genre == "prose") == (not labels)
    by_kind: dict[str, Counter[str]] = {}
    for group, some in (("right", labels & hits), ("false", hits - labels), ("missed", labels - hits)):
        for kind, _, _ in some:
            by_kind.setdefault(kind, Counter())[group] += 1
    for kind, counts in by_kind.items():
        assert counts["false"] <= 0.01 * counts["right"], (kind, counts)
        assert counts["missed"] <= 0.02 * counts["right"], (kind, counts)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    """No text is an error; hits lie in it, in order, without overlaps, and are found again alone."""
    hits = find(text, least=0.1)
    assert all(0 <= hit.start < hit.end <= len(text) and 0.1 <= hit.confidence <= 1 for hit in hits)
    assert all(one.end <= two.start for one, two in itertools.pairwise(hits))


PIECES = (
    "+", "7", "8", "700", "000", "00", "981231500014", "9398", "0001", "-", "(", ")", ".", "@", ":", "::", "a", "b.c",
    "N", "00000000", "KZ", "69", "А", "И", "Иван", "улы", "2098", "31.12",
)  # fmt: skip
pieces = st.sampled_from(PIECES)


@given(st.lists(pieces, max_size=30).map("".join) | st.lists(pieces, max_size=30).map(" ".join))
def test_any_row_of_pieces_is_read(text: str) -> None:
    """Nor is anything made of the pieces of numbers and names."""
    hits = find(text, least=0.1)
    assert all(one.end <= two.start for one, two in itertools.pairwise(hits))


@given(st.integers(0, 10**6), st.sampled_from(["", " ", "\n", ", ", "; ", "(", '"', "|", "\t"]))
def test_any_iin_is_found(number: int, beside: str) -> None:
    """Whatever usual mark stands beside it."""
    iin = cast.iin(number)
    assert told(f"{beside}{iin}{beside}") == [("iin", iin)]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:4] for text in HOSTILE])
def test_hostile_text_is_read(text: str) -> None:
    """Text that is made to cost much is read like any other; what it costs is measured in benchmarks/scan.py."""
    hits = find(text, least=0.1)
    assert all(one.end <= two.start for one, two in itertools.pairwise(hits))
    assert [hit for hit in hits if hit.kind in (Kind.IIN, Kind.CARD, Kind.IBAN)] == []


def test_hits_compare_by_what_they_are() -> None:
    """Two readings of one text say the same."""
    text = "ИИН 981231500014, Анна Соколова"
    assert find(text) == find(text)
    assert find(text)[0] == Hit(Kind.IIN, 4, 16, 0.99, (Why.CHECK_DIGIT, Why.WORDS), "981231500014")
