"""What a column of a database is, by its name and by samples of its values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.conformance import cast
from senim.recognisers import Guess, Kind, Why, columns
from senim.recognisers.numbers import check_digit

NAMES = {
    "iin": "iin IIN user_iin iinNumber ЖСН zhsn client_iin ИИН",
    "bin": "bin company_bin БСН",
    "phone": "phone tel_mob mobile phoneNumber Phone1 telefon nomer_telefona uyaly tel телефон МобильныйТелефон "
    "customer_phone_1 baylanys_telefony msisdn home_phone",
    "email": "email e_mail eMail E-Mail mail el_pochta эл_почта elektrondyk_poshta customerEmail contact_email",
    "name": "fio ФИО fullName aty_zhoni aty_joni customer_name passengerName user_full_name cardHolder atyzhoni "
    "Аты-жөні",
    "family": "familiya familija familia last_name lastName surname fam tegi Фамилия Тегі client_familiya",
    "given": "imya first_name firstName given_name aty esimi Имя",
    "patronymic": "otchestvo patronymic middle_name Отчество akesinin_aty Әкесінің_аты",
    "birth-date": "birth_dt birth_date dateOfBirth dob birthday data_rozhdeniya data_rojdeniya ДатаРождения tugan_kuni "
    "Туған_күні",
    "address": "address adres mekenzhai mekenjai meken_zhay home_address delivery_address адрес_доставки "
    "shippingAddress street",
    "id-card": "id_card_number udostoverenie nomer_udostovereniya zheke_kualik udl_nomer",
    "passport": "passport passport_no pasport nomer_pasporta Паспорт",
    "plate": "gos_nomer gosnomer plate_number licensePlate grnz",
    "ip": "ip ip_address client_ip remote_addr lastLoginIp ipv4",
    "iban": "iban iik bank_account ИИК",
    "card": "card_number pan nomer_karty cardNumber",
    "sex": "sex gender pol zhynysy Пол",
    "secret": "password passwd password_hash parol cvv accessToken",
    "special": "diagnosis diagnoz religiya nationality dini",
    "note": "comment kommentarii primechanie message_text",
    "postcode": "postcode zip_code pochtovyi_indeks",
    "user-agent": "user_agent userAgent",
    "device": "session_id device_id cookie_id imei",
    "photo": "avatar photo selfie_url",
    "login": "login username nickname telegram_id",
    "place": "latitude lon gps",
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NAMES.items() for name in names.split()])
def test_names_of_columns(kind: str, name: str) -> None:
    """English, Russian and Kazakh, in Latin letters too, with underscores or capitals."""
    first = columns(name)[0]
    assert (first.kind, first.why) == (Kind(kind), (Why.COLUMN,))
    assert first.confidence >= 0.75


SILENT = (
    "id", "user_id", "created_at", "product_name", "company_name", "file_name", "is_email_verified",
    "email_sent_at", "email_count", "phone_model", "phone_verified", "order_no", "sum", "price", "status_code",
    "city_name", "tariff_name", "country", "quantity", "marital_opinion", "zipped_file", "shipment",
    "recipient_count", "ip_count", "description_length", "bin_path",
)  # fmt: skip


@pytest.mark.parametrize("name", SILENT)
def test_columns_that_say_nothing(name: str) -> None:
    """What is told of an e-mail is not an e-mail; names of products are not names."""
    assert [guess for guess in columns(name) if guess.confidence >= 0.5] == []


IINS = [cast.iin(number) for number in range(50)]
PHONES = [f"8700000{number:04d}" for number in range(50)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (IINS, Kind.IIN), (PHONES, Kind.PHONE), ([cast.card(number) for number in range(20)], Kind.CARD),
        ([f"a{number}@people.example" for number in range(20)], Kind.EMAIL),
        (["192.0.2.1", "198.51.100.7", "2001:db8::1"], Kind.IP),
        (["KZ699990000000000001", "KZ67999TEST000000KZT"] * 3, Kind.IBAN),
        (["Соколова Анна", "Иван Петрович Лебедев", "Касенова Алия"] * 3, Kind.NAME),
        (["Анна", "Әлия", "Ivan"] * 3, Kind.GIVEN),
        (["Иванович", "Серікқызы", "Петровна"] * 3, Kind.PATRONYMIC),
    ],
)  # fmt: skip
def test_values_tell_where_the_name_does_not(values: list[str], kind: Kind) -> None:
    """A column named ``f7`` is what its values are."""
    first = columns("f7", values)[0]
    assert (first.kind, first.why) == (kind, (Why.SAMPLES,))
    assert first.confidence >= 0.75


def test_name_and_values_together_are_the_surest() -> None:
    """And values that are something else take the name's word away."""
    assert columns("iin", IINS) == [Guess(Kind.IIN, 0.99, (Why.COLUMN, Why.SAMPLES))]
    against = columns("phone", ["yes", "no", "yes", "no"])[0]
    assert (against.kind, against.why) == (Kind.PHONE, (Why.COLUMN, Why.AGAINST))
    assert against.confidence < 0.5
    assert columns("phone", IINS)[0].kind is Kind.IIN
    assert columns("familiya", ["Пак", "Ли", "Ким"])[0].confidence >= 0.75
    assert columns("client", ["Соколова Анна", "Лебедев Иван"] * 5)[0].kind is Kind.NAME
    assert columns("client", [str(number) for number in range(20)]) == [] or columns("client")[0].confidence < 0.5


def test_numbers_have_lost_their_zeros() -> None:
    """An IIN of somebody born in 2007 that is kept as a number has eleven digits or ten."""
    stems = [f"0505051000{number}" for number in range(9)]  # of 1805: nobody is left
    born = [int(f"{stem}{digit}") for stem in stems if (digit := check_digit(stem)) is not None]
    assert len(str(born[0])) == 11
    assert [guess.kind for guess in columns("n", born, "BIGINT")] == [Kind.IIN]
    assert columns("iin", [int(iin) for iin in IINS], "BIGINT")[0].confidence == 0.99


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("birth_date", "DATE", ["birth-date"]), ("email", "timestamp with time zone", []), ("phone", "BOOLEAN", []),
        ("fio", "INTEGER", []), ("iin", "NUMERIC(12)", ["iin"]), ("sex", "SMALLINT", ["sex"]),
        ("name", "TIMESTAMP", []),
        ("email", "VARCHAR(200)", ["email"]), ("address", "tinyint(1)", []), ("ip", "INET", ["ip"]),
    ],
)  # fmt: skip
def test_types_rule_out(name: str, kind: str, expected: list[str]) -> None:
    """No e-mail is a time, no name a number."""
    assert [guess.kind.value for guess in columns(name, (), kind) if guess.confidence >= 0.5] == expected


def test_free_text_with_something_in_it() -> None:
    """One comment in twenty with a telephone in it makes the column personal."""
    comments = ["ok"] * 19 + ["позвонить Анне Соколовой 8 700 000 00 00"]
    (guess,) = columns("f7", comments)
    assert (guess.kind, guess.why) == (Kind.NOTE, (Why.SAMPLES,))
    assert columns("f7", ["ok"] * 20) == []


@given(
    st.text(max_size=40),
    st.lists(st.none() | st.text(max_size=30) | st.integers() | st.floats() | st.binary(max_size=9), max_size=8),
)
def test_any_column_is_guessed(name: str, values: list[object]) -> None:
    """No name and no value is an error; the surest guess comes first."""
    found = columns(name, values, "TEXT")
    assert [guess.confidence for guess in found] == sorted((guess.confidence for guess in found), reverse=True)
    assert all(0 < guess.confidence < 1 and guess.why for guess in found)
