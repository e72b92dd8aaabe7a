"""Forms of sites at the public door: without a key, without scripts, and with nothing let in that is not asked for."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.test import Client

from senim.cli.folder import profile
from senim.collection.pages import form
from senim.conformance import cast
from senim.errors import Code
from senim.languages import LANGUAGES, Language, wording
from senim.testing import Stage
from senim.web.site import site
from tests.doors.conftest import Answer, Door
from tests.features.acting import senim_of

SITE = "https://mini.example"
PATH = "/forms/registration"


def asked(door: Door, language: str = "en") -> Any:
    return door.get(f"{PATH}?language={language}", role=None, headers={"Origin": SITE}).json


def fields(door: Door, **changed: str) -> dict[str, str]:
    """What a form of the site sends: all that is needed, and one choice."""
    values = {
        "identity.family": "Sampleton",
        "identity.given": "Alice",
        "contact.email": "alice@people.example",
        "consent:orders": "yes",
        "consent:newsletter@email": "yes",
        "notice": asked(door)["digest"],
    }
    return {name: text for name, text in {**values, **changed}.items() if text}


def send(door: Door, sent: dict[str, str], *, mark: str = "ab" * 16, path: str = PATH, **headers: str) -> Answer:
    body = {"id": mark, "language": "en", "fields": sent}
    return door.post(path, body, role=None, headers={"Origin": SITE, "Content-Type": "text/plain", **headers})


def people(door: Door) -> int:
    return int(door.stage.platform.subjects.count(door.stage.platform.database)[0])


def test_a_page_asks_what_the_point_asks(lone_door: Door) -> None:
    """Fields with why they are needed, boxes with what is agreed to, the notice with its digest: in three languages."""
    for language in LANGUAGES:
        told = asked(lone_door, language)
        assert told["digest"] == lone_door.notice("registration", language)
        assert [one["required"] for one in told["fields"]][:3] == [True, True, False]
        assert {one["ref"] for one in told["fields"]} == set(lone_door.stage.policy.points["registration"].asks)
        assert told["consents"][0]["required"]
    email = next(one for one in asked(lone_door)["fields"] if one["ref"] == "contact.email")
    assert email["why"] == "To send the confirmation. Without it no confirmation comes."
    assert (email["input"], email["complete"]) == ("email", "email")


def test_a_page_sends_in_without_a_key(door: Door) -> None:
    """One person, with consents and receipts; the log says that a page did it, in the role that the policy names."""
    answer = send(door, fields(door))
    assert answer.status == 201, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert len(answer.json["receipts"]) >= 2
    again = send(door, fields(door))
    assert (again.body, people(door)) == (answer.body, 1)
    door.seal()
    entry = next(one for _, one in door.stage.platform.log.entries() if one.act == "data.collected")
    assert (entry.actor, entry.point) == ("service:page-registration", "registration")
    assert "alice" not in answer.text


REFUSED: dict[str, tuple[dict[str, str], str, str]] = {
    "a card number in free text": ({"contact.note": f"pay with {cast.card(7)}"}, Code.CARD_NUMBER, "contact.note"),
    "health in free text": (
        {"contact.note": "у меня инвалидность второй группы"},
        Code.SPECIAL_CATEGORY,
        "contact.note",
    ),
    "an undeclared field": ({"contact.pager": "5"}, Code.CATEGORY_UNDECLARED, "contact.pager"),
    "a bad address": ({"contact.email": "alice"}, Code.INVALID_VALUE, "contact.email"),
    "nothing where something is needed": ({"identity.given": ""}, Code.FIELD_MISSING, "identity.given"),
    "a consent not given": ({"consent:orders": ""}, Code.CONSENT_MISSING, "consent:orders"),
    "an earlier notice": ({"notice": "0" * 64}, Code.NOTICE_OUTDATED, ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_come_by_field_in_the_persons_words(lone_door: Door, name: str) -> None:
    """Each beside its field, with how it is to be written; nothing is kept; no value comes back."""
    changed, code, where = REFUSED[name]
    answer = send(lone_door, fields(lone_door, **changed))
    assert answer.status == 422
    assert code in answer.codes
    how = {"contact.email": " Write it like name@example.kz."}.get(where, "")
    assert answer.json["fields"][where] == wording("forms")[code].en + how
    assert people(lone_door) == 0
    assert "инвалидность" not in answer.text


def test_only_open_points_and_the_policys_sites(lone_door: Door, mini: bytes) -> None:
    """A point that the policy does not open to pages, an unknown one, and another site get nothing."""
    assert send(lone_door, fields(lone_door), Origin="https://evil.example").json["code"] == Code.ORIGIN_NOT_ALLOWED
    unknown = send(lone_door, fields(lone_door), path="/forms/elsewhere")
    assert unknown.json["code"] == Code.POINT_UNDECLARED
    platform = lone_door.stage.platform
    closed = mini.replace(b"    by-pages: shop\n", b"")
    platform.run(platform.actor(), lambda work: platform.policies.publish(work, closed))
    assert send(lone_door, {"notice": "x"}).json["code"] == Code.ROLE_NOT_ALLOWED
    assert lone_door.get(PATH, role=None).status == 403


def test_one_address_cannot_fill_the_vault(lone_door: Door) -> None:
    """After twenty forms in a minute it has to wait."""
    statuses = [send(lone_door, {"notice": "0" * 64}).status for _ in range(22)]
    assert statuses == [422] * 20 + [503] * 2


def post(door: Door, sent: dict[str, str], **headers: str) -> Any:
    return door.client.post(PATH, data={"language": "ru", **sent}, headers={"Origin": SITE, **headers})


def test_without_scripts_the_notice_comes_before_anything_is_kept(door: Door) -> None:
    """The site's own form leads to a page with notice, empty boxes and what was written; from there it is taken."""
    given = {"identity.family": "Пробников", "identity.given": "Пётр", "contact.email": "petr@people.example"}
    first = post(door, {**given, "consent:orders": "yes"})
    page = first.get_data(as_text=True)
    assert first.status_code == 200
    assert people(door) == 0
    assert first.headers["Cache-Control"] == "no-store"
    assert 'value="petr@people.example"' in page
    assert " checked" not in page, "a box ticked before the notice was read agrees to nothing"
    assert "Перед отправкой" in page
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', page))
    bad = post(
        door,
        {**hidden, **given, "contact.note": "<b>карта " + cast.card(3)},
        **{"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    )
    told = bad.get_data(as_text=True)
    assert bad.status_code == 422
    assert wording("forms")["card_number"].ru in told
    assert wording("forms")["consent_missing"].ru in told
    assert "&lt;b&gt;" in told
    for _ in range(2):  # a second click is the same form
        done = post(
            door, {**hidden, **given, "consent:orders": "yes"}, **{"Sec-Fetch-Site": "same-origin", "Origin": "null"}
        )
        assert (done.status_code, done.location) == (303, f"{PATH}/thanks?language=ru")
    assert people(door) == 1


_HIDDEN = r'type="hidden" name="([^"]+)" value="([^"]*)"'
OURS = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_language_tells_each_fault_beside_its_field(door: Door, language: Language) -> None:
    """What was wrong, with how it is to be written, is told again where it was told; nothing is taken in by it."""
    given = {"identity.family": "Пробников", "contact.email": "petr", "contact.note": "две «кавычки»"}
    page = post(door, {**given, "notice": door.notice("registration", "ru")}, **OURS).get_data(as_text=True)
    switch = page.partition('class="languages"')[2].partition("</form>")[0]
    along = [(html.unescape(name), html.unescape(text)) for name, text in re.findall(_HIDDEN, switch)]
    assert ("contact.note", given["contact.note"]) in along
    for _ in range(2):  # and from there once more
        sent = MultiDict([*along, ("language", language)])
        page = door.client.post(PATH, data=sent, headers=OURS).get_data(as_text=True)
    told = wording("forms")
    assert f'<html lang="{language}">' in page
    beside = {"identity.given": "field_missing", "contact.email": "invalid_value", "consent:orders": "consent_missing"}
    for name, code in beside.items():
        field = re.search(rf'name="{name}"[^>]*aria-describedby="[^"]*\b([eg]\d+)" aria-invalid="true"', page)
        assert field, name
        assert f'id="{field[1]}">{told[code].in_(language)}' in page
    assert wording("hints")["write-email"].in_(language)[-15:] in page
    assert people(door) == 0


def test_a_made_up_fault_is_none(lone_door: Door) -> None:
    """What a page is told to tell again is looked at: a code of ours, a field, a hint whose words can be filled."""
    hint = '{"word":"invalid_value","where":"contact.email","hint":{"key":"one-of","parts":[],"more":[]}}'
    made_up = hint.replace("one-of", "Call this number")
    deep = '{"key":"meant","parts":[["name",' * 300 + '"x"' + ']],"more":[]}' * 300
    deep = f'{{"word":"invalid_value","where":"contact.email","hint":{deep}}}'
    for text in ("x", "[]", "{}", '{"word":"<b>buy</b>"}', hint, made_up, deep):
        page = post(lone_door, {"switch-fault": text}, **OURS)
        assert (page.status_code, "fault" in page.get_data(as_text=True).partition("<main")[2]) == (200, False)


def test_which_box_a_field_needs_is_told_beside_it(staged: Callable[..., Stage]) -> None:
    """With scripts and without: no box is required here, one is needed for what was written, and each is named."""
    stage = staged(profile("tickets"))
    client, site_ = Client(site(senim_of(stage))), stage.policy.sites[0].address
    path, words = "/forms/newsletter", wording("forms")
    made = form(stage.promises, "newsletter", "ru")
    given = {"contact.email": "alice@people.example", "notice": made.notice.digest}
    body = {"id": "ab" * 16, "language": "ru", "fields": given}
    headers = {"Origin": site_, "Content-Type": "text/plain"}
    scripted = client.post(path, data=json.dumps(body), headers=headers)
    assert scripted.json is not None
    assert set(scripted.json["fields"]) == {"contact.email"}
    told = scripted.json["fields"]["contact.email"]
    assert all(one.says in told for one in made.consents)
    plain = client.post(path, data={"language": "ru", **given}, headers={"Origin": site_})
    page = html.unescape(plain.get_data(as_text=True))
    assert plain.status_code == 422
    assert re.search(r'aria-describedby="e1" aria-invalid="true"', page)
    assert f'<p class="fault" id="e1">{told}</p>' in page
    assert words["other"].ru not in page
    assert not re.search(r">[^<]*(consent:|contact\.email)", page.partition("<main")[2])


def test_a_field_that_the_service_does_not_know_is_told_of_without_its_name(lone_door: Door) -> None:
    """A form of a site that asks for more than the policy: what it is called there is nothing to tell people."""
    page = post(
        lone_door, {**fields(lone_door, **{"contact.pager": "5"}), "notice": lone_door.notice("registration", "ru")}
    )
    told = page.get_data(as_text=True).partition("<main")[2]
    assert wording("forms")["category_undeclared"].ru in told
    assert "pager" not in re.sub(r"<[^>]*>", "", told)


def test_a_required_box_for_a_recipient_is_the_one_that_is_marked(staged: Callable[..., Stage], mini: bytes) -> None:
    """Of two boxes for one purpose the ticked one is no fault, and the other is told beside itself."""
    asked = b"{purpose: orders, recipient: mailer, ask: choice}"
    client = Client(site(senim_of(stage := staged(mini.replace(asked, asked.replace(b"choice", b"required"))))))
    notice = form(stage.promises, "registration", "en").notice.digest
    sent = {"language": "en", "consent:orders": "yes", "notice": notice}
    page = client.post(PATH, data=sent, headers={"Origin": SITE}).get_data(as_text=True)
    marked = re.findall(r'name="(consent:[^"]+)"[^>]*aria-describedby="(g\d+)" aria-invalid="true"', page)
    assert [name for name, _ in marked] == ["consent:orders/mailer"]
    assert f'id="{marked[0][1]}">{wording("forms")["consent_missing"].en}' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_thanks_are_said_in_every_language_and_send_nothing(door: Door, language: Language) -> None:
    """Where a form leads to is opened by links alone, as often as one likes, and tells of nobody."""
    answer = door.client.get(f"{PATH}/thanks?language={language}&site=https://evil.example&next=//evil.example")
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert wording("forms")["thanks"].in_(language) in page
    links = dict(re.findall(r'href="([^"]+)" hreflang="(\w+)" lang', page))
    assert links == {f"{PATH}/thanks?language={one}": one for one in LANGUAGES}
    assert "<form" not in page
    main = page.partition("<main")[2].partition("</main>")[0]
    assert re.findall(r'href="([^"]+)"', main) == [SITE], "the way back is the policy's site, whatever the address says"
    assert 'aria-current="true"' not in page.partition('class="rooms"')[2], "it is no page of the policy"
    assert people(door) == 0


def test_there_are_no_thanks_where_no_form_is_taken(staged: Callable[..., Stage], mini: bytes) -> None:
    """Of a point that pages may not send to, or that there is not, people are told that there is no such page."""
    closed = mini.replace(b"    by-pages: shop\n", b"", 1)
    assert closed != mini
    stage = staged(closed)
    client = Client(site(senim_of(stage)))
    (point,) = (name for name, one in stage.policy.points.items() if not one.by_pages)
    for name in ("no-such-point", point):
        answer = client.get(f"/forms/{name}/thanks")
        assert (answer.status_code, "role" in answer.get_data(as_text=True)) == (404, False)


def test_another_sites_form_is_not_taken(lone_door: Door) -> None:
    """No page elsewhere sends people in, with or without scripts."""
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}):
        assert post(lone_door, {"identity.family": "A"}, **headers).status_code == 403
