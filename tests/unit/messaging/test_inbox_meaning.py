"""What a letter asks for: labelled letters in Kazakh, Russian and English, none of them guessed at (airline-12)."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from senim.messaging.meaning import Meant, recognise
from senim.messaging.meaning_names import Names
from senim.messaging.meaning_words import DESTRUCTIVE
from senim.policy.rights import RightKind
from tests.unit.messaging.letters import labelled, promises_of, read

ASKING, DOUBTFUL, NEUTRAL = labelled("asking"), labelled("doubtful"), labelled("neutral")


def meant(one: dict[str, Any]) -> Meant:
    letter = read(one["text"], subject=one["subject"])
    return recognise(letter, promises_of(one.get("policy", "mini")))


def asked(text: str, *, subject: str = "", policy: str = "mini", **fields: str) -> Meant:
    return recognise(read(text, subject=subject, **fields), promises_of(policy))


def test_the_corpus_is_large_and_has_everything() -> None:
    """Each right is asked for, in each language; 60 letters and more ask for none; no letter is there twice."""
    ids = [one["id"] for one in (*ASKING, *DOUBTFUL, *NEUTRAL)]
    assert len(ids) == len(set(ids)) >= 240
    assert len(NEUTRAL) >= 60
    kinds = {kind for one in ASKING for kind in one["kinds"]}
    assert kinds == set(get_args(RightKind))
    for kind in kinds:
        languages = {one["id"][:2] for one in ASKING if kind in one["kinds"]}
        assert {"kk", "ru", "en"} <= languages, kind


@pytest.mark.parametrize("one", [*ASKING, *DOUBTFUL], ids=lambda one: one["id"])
def test_what_is_asked_for_is_told_and_what_may_be_is_left_to_a_person(one: dict[str, Any]) -> None:
    """Every labelled letter is understood as its label says: rights, part, channels, and where it is doubtful."""
    found = meant(one)
    assert set(found.kinds) == set(one["kinds"])
    assert set(one.get("maybe", ())) <= set(found.candidates)
    assert not set(one.get("never", ())) & {*found.kinds, *found.candidates}
    for name in ("purposes", "recipients", "channels"):
        if name in one:
            assert set(getattr(found, name)) == set(one[name])
    for name in ("whole", "marked"):
        if name in one:
            assert getattr(found, name) == one[name]


@pytest.mark.parametrize("one", NEUTRAL, ids=lambda one: one["id"])
def test_everyday_mail_asks_for_nothing(one: dict[str, Any]) -> None:
    """A letter about an order, a thank-you, an advertisement: none of them erases or withdraws anything."""
    assert meant(one).kinds == ()


@pytest.mark.parametrize("profile", ["travel", "airline", "tickets", "foundation", "shop"])
def test_no_policy_makes_everyday_mail_destructive(profile: str) -> None:
    """Whatever purposes and marks a policy has, neutral letters ask for nothing that destroys."""
    found = [recognise(read(one["text"], subject=one["subject"]), promises_of(profile)) for one in NEUTRAL]
    assert [set(one.kinds) & set(DESTRUCTIVE) for one in found if set(one.kinds) & set(DESTRUCTIVE)] == []


def test_languages_are_told_apart() -> None:
    """The corpus says in the first letters of its ids which language a letter is in."""
    wrong = [
        one["id"]
        for one in ASKING
        if one["id"][:2] in ("kk", "ru", "en")
        and len(one["text"]) > 25
        and read(one["text"], subject=one["subject"]).language != one["id"][:2]
    ]
    assert wrong == []


@pytest.mark.parametrize("field", ["Auto_Submitted", "X_Autoreply"])
def test_what_a_machine_wrote_asks_for_nothing(field: str) -> None:
    """An absence note to our own message bears its subject, mark and all; it is no withdrawal (airline-12)."""
    mark = "Отзыв согласия на обработку персональных данных"
    assert asked("", subject=mark, policy="airline").kinds == ("withdraw",)
    answered = asked("Я в отпуске.", subject=f"Автоответ: {mark}", policy="airline", **{field: "auto-replied"})
    assert (answered.kinds, answered.candidates, answered.marked) == ((), (), False)


def test_what_is_quoted_is_not_asked_for() -> None:
    """Who answers our letter about erasure with thanks does not ask for one."""
    text = "Спасибо!\n\nср, 12 нояб. 2025 г. в 10:00, Мини <data@mini.example>:\n> Прошу удалить мои данные.\n"
    assert asked(text, subject="Re: ваш вопрос").kinds == ()


def test_a_mark_is_a_mark_of_its_own_policy_only() -> None:
    """The mark of another policy's text is no mark here; what it says is read like any other letter."""
    subject = "Отзыв согласия на обработку персональных данных"
    assert asked("Прошу исполнить.", subject=subject).marked is False
    assert asked("Прошу исполнить.", subject=subject, policy="airline").marked is True


def test_a_request_that_does_not_say_who_asks_is_told_so() -> None:
    """What foundation-33 wants in a request and is not there is told: surname, name, patronymic (foundation-33)."""
    text = "Прошу удалить мои персональные данные."
    letter = read(text, sender="person.a@people.example")
    assert recognise(letter, promises_of("foundation")).missing == ("family", "given", "patronymic")
    whole = read(f"{text}\n\nС уважением,\nПробникова Анна Семёновна", sender="person.a@people.example")
    found = recognise(whole, promises_of("foundation"))
    assert found.missing == ()
    assert found.names == Names("Пробникова", "Анна", "Семёновна")
    nobody = read(text, sender="Nobody <>")
    assert "email-or-postal-address" in recognise(nobody, promises_of("foundation")).missing
    assert recognise(letter, promises_of("shop")).missing == ()


NAMES = {
    "Я, Пробников Пётр Семёнович, прошу…": Names("Пробников", "Пётр", "Семёнович"),
    "ФИО: Пробников Пётр Семёнович": Names("Пробников", "Пётр", "Семёнович"),
    "Фамилия: Ёлкина\nИмя: Дарья\nОтчество: Глебовна": Names("Ёлкина", "Дарья", "Глебовна"),
    "Прошу ответить.\n\nАнна Семёновна Пробникова": Names("Пробникова", "Анна", "Семёновна"),
    "Мен, Қасенов Арман Серікұлы, сұраймын": Names("Қасенов", "Арман", "Серікұлы"),
    "Тегі: Мұқаш\nАты: Дәурен": Names("Мұқаш", "Дәурен"),
    "Please answer.\n\nKind regards,\nGrace Harper": Names("Harper", "Grace"),
    "My name is Oliver Marsh.": Names("Marsh", "Oliver"),
    "Добрый День. Прошу ответить.": Names(),
}


@pytest.mark.parametrize(("text", "names"), NAMES.items())
def test_names_are_read_where_people_write_them(text: str, names: Names) -> None:
    """Introduced, labelled, or signed with; greetings are no names."""
    assert asked(text, sender="person.a@people.example").names == names


def test_a_contradiction_is_left_to_a_person() -> None:
    """Yes and no in one letter, a change of mind, somebody else's child: nothing is destroyed on any of them."""
    for text in (
        "Удалите мой аккаунт. Нет, не удаляйте мои данные.",
        "Прошу удалить мои данные. P.S. Передумал, письмо не учитывайте.",
        "Please delete my account. Actually, do not delete my data.",
    ):
        found = asked(text)
        assert (found.kinds, found.candidates) == ((), ("erase",)), text
        assert found.kind == ""
        assert found.confidence == 0.5


def test_of_two_readings_the_one_that_takes_less_counts() -> None:
    """Who withdraws from one thing and speaks of the withdrawal again does not withdraw from everything."""
    found = asked("Отзываю согласие на рассылку. Прошу подтвердить отзыв согласия.")
    assert (found.kinds, found.whole, found.purposes) == (("withdraw",), False, ("newsletter",))
    assert not found.narrow
    assert asked("Отзываю согласие на новости по смс.").narrow
    assert asked("Отзываю согласие на передачу моих данных курьерам.").narrow
    assert not asked("Отзываю согласие на обработку персональных данных.").narrow


def test_many_words_are_no_way_to_hide_a_request() -> None:
    """A request after a long story, broken into lines of a fixed width, is found."""
    story = "Я давно у вас покупаю и всем доволен, только доставка бывает долгой, но\nкурьеры вежливые. " * 40
    assert asked(f"{story}\n\nПоэтому прошу вас удалить все мои\nперсональные данные.").kinds == ("erase",)


@pytest.mark.parametrize(
    "text",
    [
        "Удалите данные моей соседки, она просила.",
        "Мой отец умер в марте. Закройте его аккаунт и удалите его данные.",
        "Please delete my son's account and all his data.",
        "My mother passed away. Delete her account, please.",
        "Әкем қайтыс болды, оның деректерін жойыңыз.",
        "Баламның деректерін жойыңыз.",
    ],
)
def test_whose_data_are_somebody_elses_is_for_a_person_to_see(text: str) -> None:
    """Who writes for another is no one to be taken for them: their own data must not go for it."""
    found = asked(text)
    assert found.kinds == ()
    assert "erase" in found.candidates


def test_an_angry_complaint_is_one() -> None:
    """Whoever tells that a telephone number was passed on, and will complain, is not passed over."""
    found = asked("Вы слили мой телефон мошенникам! Требую компенсацию 500000 тенге.", subject="ЖАЛОБА!!!")
    assert {"complain", "compensation"} <= {*found.kinds, *found.candidates}
