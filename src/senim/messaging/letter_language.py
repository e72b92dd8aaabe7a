"""Which of the three languages a text is in. Pure."""

from __future__ import annotations

import re

from senim.languages import Language

_KAZAKH_LETTERS = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_CYRILLIC = re.compile("[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]")
_LATIN = re.compile("[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")
_KAZAKH_WORDS_TEXT = """
мен мени маган менин сиз сизден сиздин сураймын сураймыз етемин отинемин калаймын дербес деректер
деректерди деректеримди малимет малиметтерди келисим келисимди келисимимди кайтарып аламын жою жойыныз
жойыныздар ошириниз туралы бойынша ушин емес керек болса болады берип бериниз жиберменіз рахмет курметпен
салеметсиз бе сизге калай кашан кандай жане немесе осы
"""
_KAZAKH_WORDS = frozenset(_KAZAKH_WORDS_TEXT.split())
_RUSSIAN_WORDS_TEXT = """
и в на не я мне мои моих мой меня вы вас ваш прошу для что как по о об с со от из за это или если
здравствуйте добрый день спасибо данные данных уважением
"""
_RUSSIAN_WORDS = frozenset(_RUSSIAN_WORDS_TEXT.split())
FOLD = str.maketrans("ёәғқңөұүһіi", "еагкноуухии")
"""Kazakh letters as they are typed on a Russian keyboard, and ё."""


def language_of(text: str) -> Language:
    """The language of a text; Russian if nothing tells."""
    text = text[:5000]
    kazakh, cyrillic, latin = (len(pattern.findall(text)) for pattern in (_KAZAKH_LETTERS, _CYRILLIC, _LATIN))
    if latin > cyrillic:
        return "en"
    if not cyrillic:
        return "ru"
    found = [word.translate(FOLD) for word in _WORD.findall(text.lower())]
    kk = sum(1 for word in found if word in _KAZAKH_WORDS) * 3 + kazakh
    ru = sum(1 for word in found if word in _RUSSIAN_WORDS) * 3
    return "kk" if kk > ru else "ru"
