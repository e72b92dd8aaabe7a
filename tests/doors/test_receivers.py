"""Receivers: forms of page builders come in by a key, on the text that stands on their page, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from senim.collection.receivers import check, read
from senim.conformance import cast
from senim.errors import Code, Invalid
from tests.doors.conftest import Door, Terminal

MAP = """
booking:
  kind: tilda
  point: registration
  language: ru
  notice: {notice}
  fields: {{Family: identity.family, Name: identity.given, Email: contact.email, Comment: contact.note}}
  consents: {{Agree: orders, News: newsletter@email}}
wordpress:
  point: registration
  language: ru
  fields: {{family: identity.family, given: identity.given, mail: contact.email}}
  consents: {{agree: orders}}
  mark: entry_id
  ignore: [_wpnonce]
"""
FORM = {
    "Family": "Пробников", "Name": "Пётр", "Email": "petr@people.example", "Agree": "yes", "tranid": "1:2",
    "formid": "f1", "COOKIES": "_ga=1", "tildaspec-referer": "https://mini.example/page",
}  # fmt: skip
PLAIN = {
    "family": "Пробников",
    "given": "Пётр",
    "mail": "petr@people.example",
    "agree": "on",
    "entry_id": "7",
    "_wpnonce": "x",
}


@pytest.fixture
def receiver(door: Door) -> Door:
    """A service whose operator takes in forms of a page builder."""
    told = MAP.format(notice=door.notice("registration", "ru"))
    (door.stage.platform.folder / "receivers.yaml").write_text(told, encoding="utf-8")
    return door


def send(door: Door, sent: dict[str, str], name: str = "booking", *, key: str = "", **headers: str) -> Any:
    return door.client.post(f"/receive/{name}/{key or door.token('shop')}", data=sent, headers=headers)


def people(door: Door) -> int:
    return int(door.stage.platform.subjects.count(door.stage.platform.database)[0])


def test_the_test_of_the_page_builder_is_answered(receiver: Door) -> None:
    """``test=test`` is answered and takes in nobody; without a good key not even that."""
    answer = send(receiver, {"test": "test"})
    assert (answer.status_code, answer.get_data()) == (200, b"ok")
    assert send(receiver, {"test": "test"}, key=WRONG).status_code == 401
    assert people(receiver) == 0


WRONG = "senim_" + "0" * 32 + "_" + "x" * 43


def keyed(door: Door, where: str, key: str, sent: dict[str, str], *, address: str = "") -> Any:
    """What Tilda sends with its key in the header or, as one more field of the form, in the body."""
    headers = {"X-Senim-Key": key} if where == "header" else {}
    more = {"X-Senim-Key": key} if where == "body" else {}
    return door.client.post(f"/receive/booking{address}", data={**sent, **more}, headers=headers)


@pytest.mark.parametrize("where", ["header", "body"])
def test_the_key_comes_in_a_header_or_in_the_body(receiver: Door, where: str) -> None:
    """Its test is answered either way, beside what it adds by itself; then its forms come in, each once."""
    key = receiver.token("shop")
    for asked in ({"test": "test"}, {"test": "test", "COOKIES": "_ga=1", "formid": "f1"}):
        answer = keyed(receiver, where, key, asked)
        assert (answer.status_code, answer.get_data()) == (200, b"ok")
    assert people(receiver) == 0
    first, again = keyed(receiver, where, key, FORM), keyed(receiver, where, key, FORM)
    assert first.status_code == 200, first.get_data(as_text=True)
    assert first.get_data() == again.get_data()
    assert people(receiver) == 1


@pytest.mark.parametrize("where", ["header", "body"])
@pytest.mark.parametrize("sent", [{"test": "test"}, FORM], ids=["test", "form"])
def test_no_wrong_key_opens_anything(receiver: Door, where: str, sent: dict[str, str]) -> None:
    """Not its test either; no key, an empty one, and a wrong one beside the right one in the address are no better."""
    address = f"/{receiver.token('shop')}"
    tried = [keyed(receiver, where, key, sent) for key in (WRONG, "", "x")]
    tried.append(keyed(receiver, where, WRONG, sent, address=address))
    tried.append(keyed(receiver, where, address[1:], sent, address=f"/{WRONG}"))
    assert [(one.status_code, one.json["code"]) for one in tried] == [(401, Code.NOT_SIGNED_IN)] * 5
    assert people(receiver) == 0


def test_a_key_in_the_body_is_kept_nowhere(receiver: Door) -> None:
    """Not even where the file takes its name for that of a field."""
    file = receiver.stage.platform.folder / "receivers.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("Comment:", "X-Senim-Key:"), encoding="utf-8")
    answer = keyed(receiver, "body", receiver.token("shop"), FORM)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    log = receiver.stage.platform.log
    (taken,) = (one for one in log.everything_about(answer.json["subject"]) if one.act == "data.collected")
    assert sorted(taken.categories) == ["contact.email", "identity.family", "identity.given"]


def test_only_the_test_itself_is_its_test(receiver: Door) -> None:
    """A form that also says ``test=test`` is a form: it is not answered as if somebody had been there."""
    answer = send(receiver, {**FORM, "test": "test"})
    assert (answer.status_code, answer.json["code"]) == (422, Code.CATEGORY_UNDECLARED)
    assert keyed(receiver, "body", receiver.token("shop"), {"test": "no"}).status_code == 422


def test_a_form_is_taken_once(receiver: Door) -> None:
    """The page builder sends again until it is answered: one person; what it adds by itself is dropped unread."""
    first, again = send(receiver, FORM), send(receiver, FORM)
    assert first.status_code == 200, first.get_data(as_text=True)
    assert first.get_data() == again.get_data()
    assert people(receiver) == 1
    assert len(first.json["receipts"]) >= 1
    other = send(receiver, {**FORM, "Name": "Иван"})
    assert (other.status_code, other.json["code"]) == (409, Code.IDEMPOTENCY_CONFLICT)


def test_any_form_can_come_by_a_header(receiver: Door) -> None:
    """A CMS gives its key in a header, and the notice's digest in a hidden field."""
    sent = {**PLAIN, "notice": receiver.notice("registration", "ru")}
    headers = {"X-Senim-Key": receiver.token("shop")}
    answer = receiver.client.post("/receive/wordpress", data=sent, headers=headers)
    assert answer.status_code == 200
    assert people(receiver) == 1


REFUSED: dict[str, tuple[dict[str, str], str, str, int]] = {
    "no consent": ({"Agree": "no"}, "booking", Code.CONSENT_MISSING, 422),
    "a card number": ({"Comment": cast.card(9)}, "booking", Code.CARD_NUMBER, 422),
    "a field that nobody mapped": ({"Passport": "N1234567"}, "booking", Code.CATEGORY_UNDECLARED, 422),
    "an unknown receiver": ({}, "elsewhere", Code.NOT_FOUND, 404),
    "no proof of the notice": ({}, "wordpress", Code.CATEGORY_UNDECLARED, 422),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_proven_is_refused(receiver: Door, name: str) -> None:
    """With a clear code; nothing is kept; no value comes back."""
    changed, to, code, status = REFUSED[name]
    answer = send(receiver, {**FORM, **changed}, to)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert "N1234567" not in answer.get_data(as_text=True)
    assert people(receiver) == 0


def test_a_page_with_an_old_notice_takes_nobody_in(receiver: Door, mini: bytes) -> None:
    """When the text changes the page must show the new one first, and the file say so."""
    assert send(receiver, PLAIN, "wordpress").json["code"] == Code.NOTICE_MISSING
    platform = receiver.stage.platform
    changed = mini.replace("Чтобы оформить заказ.".encode(), "Чтобы принять заказ.".encode())
    platform.run(platform.actor(), lambda work: platform.policies.publish(work, changed))
    assert send(receiver, FORM).json["code"] == Code.NOTICE_OUTDATED


@pytest.mark.parametrize(
    "wrong",
    [
        b"a: {",
        b"a: {point: x}",
        b"a: 5",
        b"a: {point: x, language: fr, fields: {}}",
        b"\xff",
        b"x" * 70_000,
        b"a: 2026-13-45",
    ],
)
def test_a_wrong_file_says_where(wrong: bytes) -> None:
    """It is refused as a whole, before anything is taken on it."""
    with pytest.raises(Invalid) as found:
        read(wrong)
    assert found.value.code is Code.MAP_INVALID


def test_a_file_is_held_against_the_policy(receiver: Door) -> None:
    """Points, fields and consents that the policy does not have are named, and what is required and lacks."""
    known = read(MAP.format(notice="'0'").encode())
    assert check(known, receiver.stage.promises) == []
    lacking = MAP.format(notice="'0'").replace("agree: orders", "agree: orderz").replace("given: identity.given, ", "")
    assert check(read(lacking.encode()), receiver.stage.promises) == [
        "wordpress: “orderz” is not asked for at registration",
        "wordpress: “identity.given” is required at registration, and no field or box stands for it",
        "wordpress: “orders” is required at registration, and no field or box stands for it",
    ]
    strange = read(
        MAP.format(notice="'0'")
        .replace("contact.note", "contact.pager")
        .replace("point: registration", "point: desk", 1)
        .encode()
    )
    assert len(check(strange, receiver.stage.promises)) == 1


def test_the_command_checks_the_file(folder: Path, senim: Terminal) -> None:
    """It shows the addresses, and ends with 1 if the policy does not know what the file names."""
    assert senim("receivers", "-C", folder).code == 1
    file = folder / "receivers.yaml"
    file.write_text(MAP.format(notice="'0'"), encoding="utf-8")
    told = senim("receivers", "-C", folder, "--json")
    assert (told.code, [one["name"] for one in told.json["receivers"]]) == (0, ["booking", "wordpress"])
    file.write_text(MAP.format(notice="'0'").replace("contact.note", "contact.pager"), encoding="utf-8")
    wrong = senim("receivers", "-C", folder)
    assert wrong.code == 1
    assert "contact.pager" in wrong.out
