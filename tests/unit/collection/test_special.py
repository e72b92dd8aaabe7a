"""Words that give a special category away, in all their forms; and words that only begin alike."""

from __future__ import annotations

import pytest

from senim.collection.scanning import special

SPECIAL = {
    "health": [
        "мне поставили диагноз", "диагнозы родителей", "диагнозым бар", "я инвалид второй группы", "инвалидность",
        "об инвалидности", "мүгедекпін", "мүгедектігім бар", "беременна", "беременность", "жүктілік", "жүктілігім",
        "диабет", "диабетом", "қант диабеті", "аллергия на орехи", "аллергию", "аллергией", "группа крови",
        "группу  крови", "группы\nкрови", "ВИЧ", "вич-инфекция", "туберкулез", "туберкулёзом", "гепатитом",
        "эпилепсией", "психиатром", "diagnosed with", "my diagnosis", "disability", "disabilities", "pregnant",
        "pregnancy", "diabetic", "HIV", "hepatitis", "blood type", "epileptic", "ДИАБЕТ", "Беремен\u00adна",
        "рак груди", "раком лёгких", "группа\u200bкрови",
        "диaбeт", "BИЧ",
    ],
    "biometric": ["отпечаток пальца", "отпечатки пальцев", "саусақ ізім", "fingerprints", "биометрические данные",
                  "retina scan", "сетчатка глаза"],
    "religion": ["мұсылманмын", "мусульманин", "мусульманка", "христианин", "христианство", "православная",
                 "католик", "католичка", "catholic", "muslims", "атеист", "діни сенімім", "вероисповедание",
                 "принял ислам", "исламская"],
    "politics": ["мои политические взгляды", "политических взглядов", "саяси көзқарасым", "член партии",
                 "political views", "political opinion", "party member", "партия мүшесімін"],
    "ethnicity": ["казах по национальности", "моя национальность", "мою национальность", "ұлтым қазақ",
                  "ethnic origin", "этническое происхождение", "расовая принадлежность"],
    "intimate-life": ["сексуальная ориентация", "сексуальной ориентации", "половой жизни", "половая жизнь",
                      "жыныстық бағдарым", "sexual orientation", "sex life"],
    "conviction": ["судимость", "судимости нет", "ранее судимый", "уголовное дело", "соттылығым жоқ",
                   "сотталғанмын", "criminal record", "prior convictions"],
    "trade-union": ["состою в профсоюзе", "профсоюз", "профсоюзный билет", "кәсіподақ", "кәсіподағым", "trade unions"],
}  # fmt: skip


@pytest.mark.parametrize(("category", "text"), [(name, text) for name, texts in SPECIAL.items() for text in texts])
def test_special_categories_are_found(category: str, text: str) -> None:
    """What gives a special category away does not come in unasked, in whatever form of the word (foundation-12)."""
    assert special(text) == category
    assert special(f"Прошу учесть: {text}, спасибо.") == category


HARMLESS = [
    "",
    "Анна",
    "Иванович",
    "Петрович",
    "звонить вечером",
    "оставить у двери",
    "вичуга",
    "Ислам",
    "Исламов",
    "исламов",
    "Исламбек Ислам",
    "раки к пиву",
    "iPhone и Windows",
    "диагональ",
    "инвойс",
    "Мусульманбеков",
    "Мұсылманбек Әлия",
    "Мусулманкулов",
    "Христиан",
    "Андрей Христианович",
    "Христиановна",
    "Католиков",
    "улица Профсоюзная, 5",
    "ул. Профсоюзная, 5",
    "ул.Профсоюзная 5",
    "Профсоюзная улица, 5",
    "Профсоюзная, 5",
    "Кәсіподақ көшесі, 5",
    "улица Православная, 1",
    "Мусульманская улица, 3",
    "Trade Union Street 5",
    "жүктеу",
    "жүкті жеткізу",
    "партия товара",
    "член семьи",
    "политика конфиденциальности",
    "гепард",
    "расписание",
    "судить не берусь",
    "ұлттық тағам",
    "union jack",
    "Orthodoxy",
    "отпечатано",
    "мужской пол",
    "половина",
    "сексуально",
    "крест",
    "аллегро",
    "позвоните в дверь",
    "HIVE",
    "disabled button",
    "able",
    "convict us not",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_words_come_in(text: str) -> None:
    """Names of people and streets and words that only begin alike are not taken for anything."""
    assert special(text) == ""
