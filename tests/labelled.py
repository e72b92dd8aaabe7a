"""Text whose personal data is known by place: contracts, letters, chats, logs and JSON in three languages.

Made by a seed, the same everywhere. Nobody is meant: IINs are of people born after 2070, telephones have the zero
subscriber numbers that nobody has, cards are of no bank. Between them stand traps: order numbers of ten and twelve
digits, card-like numbers with a wrong check digit, versions that look like IPs, dates that nobody was born on,
streets that are named after people.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from senim.conformance import cast
from senim.languages import LANGUAGES, Language
from senim.recognisers.numbers import check_digit

_FIELD = re.compile(r"\{(\w+)\}")

_SURNAMES: dict[Language, str] = {
    "kk": "Әбдіқалықов Жұмабаев Қасенов Өтегенов Байжанов Серіков Мұқашев Нұрғалиев Тілеуов Сейітов Оспанов Ахметов",
    "ru": "Пробников Соколов Кузнецов Лебедев Новиков Морозов Щербаков Зайцев Орлов Филиппов Карпенко Ковальчук",
    "en": "Sampleton Whitfield Harper Bennett Fletcher Marsh Ellison Thornbury Quigley Underhill Winslow Prescott",
}
_MEN: dict[Language, str] = {
    "kk": "Нұрлан Арман Дәурен Ержан Қуаныш Бауыржан Серік Ғалым Олжас Темірлан Асхат Данияр",
    "ru": "Иван Пётр Алексей Семён Глеб Николай Дмитрий Сергей Владимир Андрей Максим Егор",
    "en": "Robert Thomas George Oliver Henry Edward Peter Daniel Simon Andrew Philip Martin",
}
_WOMEN: dict[Language, str] = {
    "kk": "Әлия Айгерім Гүлнұр Жансая Мөлдір Динара Сәуле Назгүл Ботагөз Әсел Шолпан Жанар",
    "ru": "Анна Мария Ольга Дарья Юлия Татьяна Елена Наталья Светлана Ирина Вера Ксения",
    "en": "Alice Emily Hannah Sophie Lucy Charlotte Helen Rachel Claire Laura Megan Joanna",
}
_FATHERS = {
    "ru": ["Иванович", "Петрович", "Алексеевич", "Сергеевич", "Николаевич", "Андреевич"],
    "kk": ["Нұрлан", "Серік", "Ержан", "Болат", "Қанат", "Марат"],
}
_PROSE: dict[Language, list[str]] = {
    "ru": [
        "Настоящий договор вступает в силу с момента подписания и действует до полного исполнения обязательств.",
        "Исполнитель оказывает услуги по организации поездки, а Заказчик оплачивает их в порядке раздела 4.",
        "Стоимость тура составляет 1 250 000 тенге, предоплата 30 процентов вносится в течение трёх дней.",
        "В случае отмены рейса авиакомпания возвращает деньги за билет или предлагает другой рейс.",
        "Республика Казахстан, город Алматы, проспект Абая, дом 10, офис 5.",
        "Встреча у памятника на улице Розы Люксембург, потом идём в парк имени Панфилова.",
        "Совещание переносится на 14:30 22.11.2026, просьба подтвердить участие до 18.11.2026.",
    ],
    "kk": [
        "Осы шарт қол қойылған күннен бастап күшіне енеді және міндеттемелер толық орындалғанша қолданылады.",
        "Орындаушы сапарды ұйымдастыру қызметін көрсетеді, ал тапсырыс беруші оны 4-бөлімге сәйкес төлейді.",
        "Турдың құны 1 250 000 теңге, алдын ала төлем үш күн ішінде енгізіледі.",
        "Қазақстан Республикасы, Алматы қаласы, Абай даңғылы, 10-үй, 5-кеңсе.",
        "Кездесу Жамбыл көшесінде болады, кейін Мұхтар Әуезов атындағы театрға барамыз.",
        "Жиналыс 22.11.2026 күні сағат 14:30-ға ауыстырылды.",
    ],
    "en": [
        "This agreement takes effect on signature and remains in force until all duties have been performed.",
        "The fare includes one bag of 23 kg; further bags are charged at the airport or in the account.",
        "Please find the schedule attached and let us know by Friday whether the dates suit your group.",
        "The total of 1,250,000 tenge is due within three days of the booking, see section 4.2.1 of the terms.",
        "Delivery takes two to five working days within the city and up to ten days elsewhere.",
        "The meeting was moved to 14:30 on 22.11.2026 in the Grand Hotel on Baker Street.",
    ],
}
_TRAPS: dict[Language, list[str]] = {
    "ru": [
        "Заказ {ten} собран, накладная {twelve}.",
        "Счёт-фактура {sixteen} от {day}.",
        "Обновление до версии {version} готово.",
        "Товар {thirteen}, артикул {nine}.",
        "Приказ № {eight} от {day}, действует до {day}.",
        "Платёж {twenty} принят.",
        "Трек-номер {twelve}, вес 2.350 кг, цена 12 990.00.",
        "Бронь {ten}, вылет {day} в 06:45.",
    ],
    "kk": [
        "Тапсырыс {ten} дайын, жүкқұжат {twelve}.",
        "Шарт № {eight}, {day} жасалды.",
        "Бағдарлама нұсқасы {version} шықты.",
        "Тауар коды {thirteen}, баға 12 990 теңге.",
        "Төлем {twenty} қабылданды.",
        "Өтінім {nine}, мерзімі {day} дейін.",
    ],
    "en": [
        "Order {ten} has shipped, tracking {twelve}.",
        "Invoice {sixteen} of {day}.",
        "Upgrade to version {version} now.",
        "Barcode {thirteen}, SKU {nine}.",
        "Contract {eight} of {day}, valid until {day}.",
        "Payment reference {twenty}.",
        "Request id {hex} took 0.{nine} s.",
        "Booking {ten}, departure {day} 06:45.",
    ],
}
_FACTS: dict[Language, list[str]] = {
    "ru": [
        "Гражданин {name}, ИИН {iin}, удостоверение личности № {id_card}, выдано {day}, дата рождения {birth_date}.",
        "{name}, тел. {phone}, почта {email}.",
        "Перезвоните мне: {phone}",
        "ИП {short_name}, ИИН {iin_bare}, счёт {iban}.",
        "Платёж с карты {card} от {name} получен.",
        "Пассажир {name}, {birth_date} г.р., паспорт {passport}.",
        "Машина {plate}, водитель {name}, {phone_plain}.",
        "ТОО «Пример», БИН {bin}, контакт: {email}, {phone}",
        "Договор с {short_name} подписан, копия ушла на {email}.",
        "{phone_plain} это мой новый номер",
    ],
    "kk": [
        "Азамат {name}, ЖСН {iin}, жеке куәлік {id_card}, берілген күні {day}, туған күні {birth_date}.",
        "{name}, тел. {phone}, пошта {email}.",
        "Маған қоңырау шалыңыз: {phone}",
        "ЖК {name}, ЖСН {iin_bare}, шот {iban}.",
        "{card} картасынан төлем түсті, төлеуші {name}.",
        "Жолаушы {name}, {birth_date} ж.т., төлқұжат {passport}.",
        "Көлік {plate}, жүргізуші {name}, {phone_plain}.",
        "ЖШС «Мысал», БСН {bin}, байланыс: {email}, {phone}",
        "Менің жаңа нөмірім {phone_plain}",
    ],
    "en": [
        "Mr {name}, IIN {iin}, identity card {id_card}, issued {day}, date of birth {birth_date}.",
        "{name}, phone {phone}, e-mail {email}.",
        "Call me back: {phone}",
        "Payee {name}, IIN {iin_bare}, account {iban}.",
        "Paid with card {card} by {name}.",
        "Passenger {name}, born {birth_date}, passport {passport}.",
        "Car {plate}, driver {name}, {phone_plain}.",
        "Example LLP, BIN {bin}, contact {email}, {phone}",
        "Regards, {name}, {email}",
    ],
}
_LOGS = [
    "2026-11-{dd} 09:{dd}:{dd},{three} INFO  [http-{dd}] {ip} - GET /orders/{ten}?page=2 200 1532 0.034",
    (
        '{ip} - - [22/Nov/2026:09:{dd}:{dd} +0500] "GET /a/{hex}.png HTTP/1.1" 200 {eight} "-" "Mozilla/5.0 '
        '(X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36"'
    ),
    "2026-11-{dd}T09:{dd}:{dd}.{three}Z WARN  retry request_id={hex} order={ten} amount=12990.00 attempt=3",
    "    at com.example.orders.OrderService.find(OrderService.java:{three}) ~[orders-{version}.jar:?]",
    "2026-11-{dd} 09:{dd}:{dd} INFO  cache refreshed: {four} tours, {three} ms, heap 412M of 1024M",
    "2026-11-{dd} 09:{dd}:{dd} ERROR mail to {email} bounced, session={hex}",
    "2026-11-{dd} 09:{dd}:{dd} DEBUG sms to {phone_plain} accepted, id={twelve}",
    "2026-11-{dd} 09:{dd}:{dd} INFO  login ok user_id={eight} client={ip6} build={version}",
    "1795338{three}.{six} worker[{four}]: batch {thirteen} done in {four} ms, rows={six}, checksum={hex}",
]
_JSON = [
    (
        '<"id": {eight}, "fio": "{name}", "iin": "{iin}", "phone": "{phone}", "email": "{email}", '
        '"created_at": "2026-11-{dd}T09:{dd}:{dd}Z", "note": "{prose}">'
    ),
    (
        '<"order": "{ten}", "sum": 12990.5, "comment": "{prose}", "track": "{twelve}", '
        '"items": [<"sku": "{nine}", "ean": {thirteen}>], "client": "{name}">'
    ),
    '<"id": {eight}, "birth_date": "{birth_iso}", "passport": "{passport}", "card": "{card_bare}", "ip": "{ip}">',
    '<"event": "page.viewed", "path": "/catalogue/tours/{three}", "title": "{prose}", "ms": {three}, "ok": true>',
    '<"id": "{hex}", "kind": "review", "stars": 4, "text": "{prose} {prose}">',
]
"""With <> for the braces of JSON."""


@dataclass
class Labelled:
    """A text and what is personal in it: kind, start, end."""

    text: str = ""
    labels: list[tuple[str, int, int]] = field(default_factory=list)


class Maker:
    """Makes labelled text from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._number = seed * 1000

    def texts(self, genre: str, lines: int) -> Labelled:
        """``lines`` lines of a genre: contract, letter, chat, log or json."""
        parts: list[str] = []
        made = Labelled()
        length = 0
        for _ in range(lines):
            text, labels = self._line(genre)
            made.labels += [(kind, start + length, end + length) for kind, start, end in labels]
            parts.append(text)
            length += len(text)
        made.text = "".join(parts)
        return made

    def _line(self, genre: str) -> tuple[str, list[tuple[str, int, int]]]:
        language = self._random.choice(LANGUAGES)
        if genre in ("log", "json"):
            pattern = self._random.choice(_LOGS if genre == "log" else _JSON)
            text, labels = self._filled(f"{pattern}\n", language)
            return (text.replace("<", "{").replace(">", "}") if genre == "json" else text), labels
        facts = {"contract": 0.25, "letter": 0.2, "chat": 0.35, "prose": 0.0}[genre]
        drawn = self._random.random()
        source = _FACTS if drawn < facts else _TRAPS if drawn < facts + 0.15 else _PROSE
        sentence = self._random.choice(source[language])
        if genre == "chat" and source is not _FACTS:
            sentence = sentence[:70].lower()
        return self._filled(sentence + ("\n" if genre == "chat" or self._random.random() < 0.3 else " "), language)

    def _filled(self, pattern: str, language: Language) -> tuple[str, list[tuple[str, int, int]]]:
        text, at = "", 0
        labels: list[tuple[str, int, int]] = []
        for match in _FIELD.finditer(pattern):
            text += pattern[at : match.start()]
            kind, value = self._value(match[1], language)
            if kind:
                labels.append((kind, len(text), len(text) + len(value)))
            text += value
            at = match.end()
        return text + pattern[at:], labels

    def _value(self, name: str, language: Language) -> tuple[str, str]:
        if name in _LENGTHS:
            return "", self._digits(_LENGTHS[name])
        kind, make = _KINDS.get(name, ("", None))
        if make is not None:
            return kind, make(self, language)
        return "", _OTHERS[name](self)

    def next(self) -> int:
        """The number of the next made-up person."""
        self._number += 1
        return self._number

    def pick(self, words: str) -> str:
        """One of some words."""
        return self._random.choice(words.split())

    def prose(self) -> str:
        """A sentence without anybody in it, as JSON has it."""
        return self._random.choice(_PROSE[self._random.choice(LANGUAGES)])

    def chance(self, part: float) -> bool:
        """Whether something happens that happens in a part of all cases."""
        return self._random.random() < part

    def below(self, most: int) -> int:
        """A number from 0 to below ``most``."""
        return self._random.randrange(most)

    def _digits(self, size: int) -> str:
        """A number that is no person's: with a first digit that is no zero, and no right check digit by design."""
        return str(self._random.randrange(10 ** (size - 1), 10**size))


_LENGTHS = {
    "three": 3, "four": 4, "six": 6, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "thirteen": 13, "sixteen": 16,
    "twenty": 20,
}  # fmt: skip


def _name(make: Maker, language: Language) -> str:
    man = make.chance(0.5)
    given = make.pick((_MEN if man else _WOMEN)[language])
    family = make.pick(_SURNAMES[language])
    if language == "en":
        return f"{given} {family}"
    if not man and family.endswith(("ов", "ев", "ин")):
        family += "а"
    if language == "kk":
        father = make.pick(" ".join(_FATHERS["kk"])) + ("ұлы" if man else "қызы")
    else:
        father = make.pick(" ".join(_FATHERS["ru"]))
        father = father if man else father.replace("ович", "овна").replace("евич", "евна")
    if make.chance(0.25):
        return f"{family} {given}" if make.chance(0.5) else f"{given} {family}"
    written = f"{family} {given} {father}" if make.chance(0.7) else f"{given} {father} {family}"
    return written.upper() if make.chance(0.1) else written


def _short_name(make: Maker, language: Language) -> str:
    family, first, second = make.pick(_SURNAMES["ru"]), make.pick(_MEN["ru"])[0], make.pick(_MEN["ru"])[0]
    return f"{family} {first}.{second}." if make.chance(0.7) else f"{first}. {second}. {family}"


def _phone_digits(make: Maker) -> str:
    """Ten digits; Kazakh or Russian mobile, with a subscriber number that is not given out."""
    code = (
        make.pick("700 701 702 705 707 708 747 771 775 776 777 778")
        if make.chance(0.85)
        else make.pick("903 912 926 999")
    )
    return f"{code}000{make.below(10_000):04d}"


def _phone(make: Maker, language: Language) -> str:
    digits = _phone_digits(make)
    a, b, c, d = digits[:3], digits[3:6], digits[6:8], digits[8:]
    forms = (
        f"+7{digits}", f"+7 {a} {b} {c} {d}", f"+7 ({a}) {b}-{c}-{d}", f"8 ({a}) {b}-{c}-{d}", f"8{digits}",
        f"8-{a}-{b}-{c}-{d}", f"8 {a} {b} {c}{d}", f"+7-{a}-{b}-{c}{d}", f"7{digits}", f"8({a}){b}{c}{d}",
        f"+7\u00a0{a}\u00a0{b}\u00a0{c}\u00a0{d}", f"{a} {b} {c} {d}", digits,
    )  # fmt: skip
    return forms[make.below(len(forms))]


def _phone_plain(make: Maker, language: Language) -> str:
    digits = _phone_digits(make)
    return f"{make.pick('+7 8 8')}{digits}"


def _email(make: Maker, language: Language) -> str:
    number = make.next()
    name = make.pick("aliya ivan.p john_s info+shop n-k test.user")
    return f"{name}{number}@{make.pick('mail people shop.kz')}.example"


def _card(make: Maker, language: Language) -> str:
    digits = cast.card(make.next() * 7919)
    between = make.pick("_ - none none").replace("_", " ").replace("none", "")
    return between.join(digits[at : at + 4] for at in range(0, 16, 4))


def _iban(make: Maker, language: Language) -> str:
    account = f"999{make.next():013d}"
    check = 98 - int(account + "203500") % 97  # KZ is 20 35 (ISO 13616)
    written = f"KZ{check:02d}{account}"
    return written if make.chance(0.6) else " ".join(written[at : at + 4] for at in range(0, 20, 4))


def _bin(make: Maker, language: Language) -> str:
    while True:
        stem = f"69{make.below(12) + 1:02d}4{make.below(4)}{make.below(100_000):05d}"
        digit = check_digit(stem)
        if digit is not None:
            return f"{stem}{digit}"


def _day(make: Maker) -> str:
    return f"{make.below(28) + 1:02d}.{make.below(12) + 1:02d}.{2019 + make.below(8)}"


def _birth(make: Maker, language: Language) -> str:
    day, month, year = make.below(28) + 1, make.below(12) + 1, 1950 + make.below(55)
    return f"{day:02d}.{month:02d}.{year}" if make.chance(0.8) else f"{year}-{month:02d}-{day:02d}"


def _iso(make: Maker) -> str:
    return f"{1950 + make.below(55)}-{make.below(12) + 1:02d}-{make.below(28) + 1:02d}"


def _plate(make: Maker, language: Language) -> str:
    letters = "".join(make.pick("A B C D E H K M O P T X Z") for _ in range(3))
    between = " " if make.chance(0.4) else ""
    return f"{make.below(999) + 1:03d}{between}{letters}{between}{make.below(20) + 1:02d}"


_KINDS: dict[str, tuple[str, Callable[[Maker, Language], str]]] = {
    "name": ("name", _name),
    "short_name": ("name", _short_name),
    "iin": ("iin", lambda make, _: cast.iin(make.next() * 31)),
    "iin_bare": ("iin", lambda make, _: cast.iin(make.next() * 31)),
    "bin": ("bin", _bin),
    "phone": ("phone", _phone),
    "phone_plain": ("phone", _phone_plain),
    "email": ("email", _email),
    "card": ("card", _card),
    "card_bare": ("card", lambda make, _: cast.card(make.next() * 7919)),
    "iban": ("iban", _iban),
    "id_card": ("id-card", lambda make, _: f"0{make.below(10**8):08d}"),
    "passport": ("passport", lambda make, _: f"N{make.below(10**8):08d}"),
    "plate": ("plate", _plate),
    "birth_date": ("birth-date", _birth),
    "birth_iso": (
        "birth-date",
        lambda make, _: f"{1950 + make.below(55)}-{make.below(12) + 1:02d}-{make.below(28) + 1:02d}",
    ),
    "ip": ("ip", lambda make, _: f"198.51.{100 + make.below(100)}.{make.below(255) + 1}"),
    "ip6": ("ip", lambda make, _: f"2001:db8:{make.below(60_000):x}::{make.below(60_000) + 1:x}"),
}
_OTHERS: dict[str, Callable[[Maker], str]] = {
    "prose": lambda make: make.prose(),
    "day": _day,
    "dd": lambda make: f"{make.below(28) + 10:02d}"[:2],
    "version": lambda make: f"{make.below(130) + 1}.{make.below(10)}.{make.below(20)}.{make.below(200)}",
    "hex": lambda make: f"{make.below(16**12):012x}{make.below(16**12):012x}",
}

GENRES = ("contract", "letter", "chat", "log", "json", "prose")


def sample(lines: int = 2_000, seed: int = 1) -> Iterator[tuple[str, Labelled]]:
    """A text of each genre."""
    for number, genre in enumerate(GENRES):
        yield genre, Maker(seed + number).texts(genre, lines)


HOSTILE = (
    "1 " * 50_000, "1." * 50_000, "1-" * 50_000, "a@" * 50_000, "@" * 50_000, ":" * 50_000, "a:" * 50_000,
    "A" * 100_000,
    "Aa " * 30_000, "Aa-" * 30_000, "А." * 50_000, "KZ" * 50_000, "N0" * 50_000, "a@" + "a." * 50_000, "+7" * 50_000,
    "\u200b1" * 50_000, "(" * 100_000, "0" * 100_000, "-" * 100_000, "1:" * 50_000, "Ұлы " * 25_000,
)  # fmt: skip
"""Text that is made to cost a reader much."""
