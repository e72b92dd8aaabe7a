"""What may stand in the log of the document that an authority asks with (tickets-17): its number, and no name. Pure."""

from __future__ import annotations

import re

from senim.identity import is_id
from senim.recognisers import find

MOST_NUMBER = 80
"""Characters of a document's number at most, its date included."""

_FORM = re.compile(rf"(?=.*\d)[\w \u00a0№#.,:/()«»“”\"\u2011–—-]{{1,{MOST_NUMBER}}}\Z")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SHORT = re.compile(r"[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ]{2,4}\Z")
"""What bodies and their departments are called by: ДГД, МВД, АШМ."""

_BESIDE = """
исх исходящий вх входящий от до по на из за год года дата номер дело дела материал материалу
запрос запросу требование требованию постановление постановлению определение определению представление поручение
поручению предписание решение решению приказ приказу письмо письму уведомление ордер санкция протокол протоколу
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
шығ шығыс кір кіріс нөмір нөмірі іс ісі жыл жылы жылғы күні сұрау салу сұрату талап қаулы ұйғарым ұсыну тапсырма нұсқама
шешім бұйрық хат хабарлама хаттама санкция
қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан
қаңтардағы ақпандағы наурыздағы сәуірдегі мамырдағы маусымдағы шілдедегі тамыздағы қыркүйектегі қазандағы
қарашадағы желтоқсандағы
no nr ref of dated from number case file request letter order decision warrant ruling notice protocol
january february march april may june july august september october november december
"""
_WORDS = frozenset(_BESIDE.split())
"""Words that stand beside the number of a document; any other could be somebody's name."""

_RUSSIAN = (
    "Абайск|Акмолинск|Актюбинск|Алматинск|Атырауск|Восточно-Казахстанск|Жамбылск|Жетысуск|Западно-Казахстанск|"
    "Карагандинск|Костанайск|Кызылординск|Мангистауск|Павлодарск|Северо-Казахстанск|Туркестанск|Улытауск"
)
_KAZAKH = (
    "Абай|Ақмола|Ақтөбе|Алматы|Атырау|(?:Шығыс|Батыс|Солтүстік) Қазақстан|Жамбыл|Жетісу|Қарағанды|Қостанай|Қызылорда|"
    "Маңғыстау|Павлодар|Түркістан|Ұлытау"
)
_ENGLISH = (
    "Abai|Akmola|Aktobe|Almaty|Atyrau|(?:East|West|North) Kazakhstan|Jambyl|Jetisu|Karaganda|Kostanay|Kyzylorda|"
    "Mangystau|Pavlodar|Turkistan|Ulytau"
)
_PLACES = (
    rf"(?:{_RUSSIAN})(?:ая|ой|ую) обл(?:асть|асти|\.)",
    r"обл(?:асть|асти|\.) (?:Абай|Жетісу|Жетысу|Ұлытау|Улытау)",
    rf"(?:(?:{_KAZAKH}) облысы|(?:Алматы|Астана|Шымкент) қаласы)(?:ның|нда)?(?: бойынша)?",
    rf"(?:{_ENGLISH}) region",
    r"(?:город[ауе]? )?(?:Алматы|Астан[аыеу]|Шымкент[ауе]?)",
    r"(?:city of )?(?:Almaty|Astana|Shymkent)",
)
_PLACE = re.compile(rf"\b(?:{'|'.join(_PLACES)})(?!\w)", re.IGNORECASE)
"""Cities of republican significance and regions, by which bodies are called. A region has its word beside it: Абай and
Жамбыл alone are names of people."""


def is_number(text: str) -> bool:
    """Whether a text is the number of a document, with its kind and date or without, and can be no value of a person.

    It has a digit, the words that stand beside such numbers, the city or region of a body, and no others; numbers that
    are somebody's (of people, telephones, passports, cards) are none of documents. The id of a document that is kept
    here is one too.

    >>> [is_number(text) for text in ("17-3/44", "Исх. № 12-34/567 от 3 ноября 2026 г.", "ким 5", "")]
    [True, True, False, False]
    """
    if is_id(text):
        return True
    known = all(word.casefold() in _WORDS or _SHORT.match(word) for word in _WORD.findall(_PLACE.sub(" ", text)))
    return known and _FORM.match(text) is not None and not find(text)
