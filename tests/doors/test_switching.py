"""Switching the language keeps the place, and what was typed: also on pages that are the answer to a form."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import unescape

import pytest

from senim.errors import Code
from senim.languages import LANGUAGES, Language, explain, wording
from senim.testing import FixedClock, Stage
from tests.console import PASSWORD, Colleague, now
from tests.doors.switching import along, switched
from tests.doors.test_asking_pages import FORM, door, send
from tests.doors.visitor import Visitor

CODE = re.compile(r"<li><code>([^<]+)</code></li>")
TYPED = 'A "long" <b>story</b> & more\nof two lines'


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_public_form_keeps_what_was_typed_after_a_refusal(stage: Stage, language: Language) -> None:
    """Text, choices and what was wrong, in the other language; nothing is sent by it, and no cache keeps it."""
    client = door(stage)
    refused = send(client, "complaint", email="no address", family="Ахметова", text=TYPED, ground="unlawful")
    assert refused.status_code == 422
    shown = switched(client, refused, language)
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
    page = unescape(shown.text)
    assert f'<html lang="{language}">' in page
    assert f'<p class="fault" id="e-email">{wording("pages")["ask-email-wrong"].in_(language)}</p>' in page
    assert re.search('name="email"[^>]*aria-describedby="[^"]*e-email"[^>]*aria-invalid="true"', page)
    assert f">{TYPED}</textarea>" in page
    assert 'value="no address"' in page
    assert '<option value="unlawful" selected>' in page
    assert "&lt;b&gt;" in shown.text
    again = switched(client, shown, "ru")
    assert f">{TYPED}</textarea>" in unescape(again.text)
    assert wording("pages")["ask-email-wrong"].ru in again.text
    assert client.get(FORM).text.count("switch-language") == 0, "a page that was opened has links"


def test_a_form_in_another_language_is_sent_as_ever(stage: Stage) -> None:
    """After the switch the very form goes on: put right, it opens a request in the new language."""
    client = door(stage)
    person = stage.person()
    refused = send(client, "complaint", email=person.values["contact.email"])
    kazakh = switched(client, refused, "kk")
    token = re.search(r'class="ask">\s*<input type="hidden" name="form" value="([^"]+)"', kazakh.text)
    assert token
    fields = {"kind": "complaint", "form": token[1], "email": person.values["contact.email"], "text": "Түнде қоңырау"}
    sent = client.post("/privacy/kk/requests/new", data=fields)
    assert sent.status_code == 303
    assert '<html lang="kk">' in client.get(sent.location).text


def test_a_wrong_code_of_a_request_is_told_in_the_other_language_and_not_repeated(stage: Stage) -> None:
    """The page of a request keeps its place; the code goes nowhere."""
    client = door(stage)
    made = send(client, email=stage.person().values["contact.email"]).location
    path, _, secret = made.partition("?token=")
    wrong = client.post(f"{path}/code", data={"token": secret, "code": "918273", "language": "en"})
    assert "918273" not in wrong.text
    shown = switched(client, wrong, "kk")
    assert wording("pages")["request-code-wrong"].kk in shown.text
    assert '<html lang="kk">' in shown.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_of_the_portal_keeps_what_was_typed(stage: Stage, language: Language) -> None:
    """A complaint without words, then a value that is refused: both come again with ground, value and fault."""
    visitor = Visitor(stage)
    visitor.sign_in(stage.person())
    visitor.get("/requests/new/complaint")
    refused = visitor.post("/requests/new/complaint", ground="unlawful", text="  ")
    shown = switched(visitor.client, refused, language)
    assert wording("portal")["text-missing"].in_(language) in shown.text
    assert 'name="ground" value="unlawful" checked' in shown.text
    assert "no-store" in shown.headers["Cache-Control"]
    visitor.get("/data")
    wrong = visitor.post("/correct/contact.email", how="at-once", value="no <address>")
    if wrong.status_code == 303:  # this policy has it changed by request
        return
    kept = switched(visitor.client, wrong, language)
    assert 'value="no <address>"' in unescape(kept.text)
    assert f'<html lang="{language}">' in visitor.client.get("/portal/data").text, "the choice stays"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_told_beside_a_field_is_told_there_in_every_language(stage: Stage, language: Language) -> None:
    """With how the value is to be written; once, and not above the form."""
    visitor = Visitor(stage)
    visitor.sign_in(stage.person())
    visitor.get("/correct/identity.family")
    wrong = visitor.post("/correct/identity.family", how="at-once", value="Iva7nov")
    page = switched(visitor.client, wrong, language).text
    said = explain(Code.INVALID_VALUE, language)
    assert page.count(said) == 1
    beside = re.search(
        r'aria-invalid="true" aria-describedby="fault">\s*<p class="fault" id="fault"[^>]*>([^<]*)<', page
    )
    assert beside
    assert said in beside[1]
    assert wording("hints")["write-name"].in_(language)[1:] in unescape(beside[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_that_was_refused_stays_marked_field_by_field(
    console: Callable[..., Colleague], language: Language
) -> None:
    """The clerk reads the faults in another language where they were, and what must not be kept is not repeated."""
    me = console()
    place = "/console/telephone/registration/ru"
    page = me.get(place).text
    notice = re.search(r'name="notice" value="([0-9a-f]{64})"', page)
    assert notice
    form = {"notice": notice[1], "contact.email": "no address", "contact.note": "4111 1111 1111 1111"}
    refused = me.post(place, form)
    shown = switched(me.client, refused, language)
    page = unescape(shown.text)
    for name, code in (("contact.email", Code.INVALID_VALUE), ("contact.note", Code.CARD_NUMBER)):
        field = re.search(
            rf'name="{re.escape(name)}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*(f-\d+-fault)"', page
        )
        assert field, name
        assert re.search(rf'id="{field[1]}" lang="{language}">{re.escape(explain(code, language))}', page)
    assert 'value="no address"' in page
    assert "4111" not in page
    assert page.count(explain(Code.INVALID_VALUE, language)) == 1


def test_the_contact_of_a_sign_in_comes_again_and_a_code_does_not(stage: Stage) -> None:
    """What shows who one is is typed anew each time."""
    visitor = Visitor(stage)
    visitor.get("/sign-in")
    shown = switched(visitor.client, visitor.post("/sign-in", contact="no address"), "kk")
    assert 'value="no address"' in shown.text
    assert wording("portal")["contact-wrong"].kk in shown.text
    visitor.ask_code(stage.person().values["contact.email"])
    wrong = visitor.post("/sign-in/code", code="999 999")
    assert "999 999" not in wrong.text
    assert wording("portal")["code-wrong"].ru in switched(visitor.client, wrong, "ru").text


def test_files_are_not_kept_and_that_is_said(stage: Stage) -> None:
    """A browser gives no file back to a form: the page asks for it anew, and keeps the words."""
    visitor = Visitor(stage)
    visitor.sign_in(stage.person())
    visitor.get("/requests/new/complaint")
    opened = visitor.post("/requests/new/complaint", text="You call at night.")
    place = opened.location.removeprefix("/portal")
    visitor.get(place)
    data = {"csrf_token": visitor.token, "text": TYPED, "file": (io.BytesIO(b"no document"), "note.txt")}
    refused = visitor.client.post(f"/portal{place}/add", data=data)
    assert wording("web")["files-again"].ru in refused.text, "at once, and in each language"
    shown = switched(visitor.client, refused, "en")
    assert wording("web")["files-again"].en in shown.text
    assert wording("portal")["file-wrong"].en in shown.text
    assert f">{TYPED}</textarea>" in unescape(shown.text)
    assert wording("web")["files-again"].kk in switched(visitor.client, shown, "kk").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_recovery_codes_stay_in_every_language(console: Callable[..., Colleague], language: Language) -> None:
    """The very codes, as often as one likes for a few minutes; no cookie, address or cache holds them."""
    me = console()
    shown = me.post("/console/account/recovery")
    codes = CODE.findall(shown.text)
    assert len(codes) > 5
    for _ in range(2):
        shown = switched(me.client, shown, language)
        assert (CODE.findall(shown.text), shown.headers["Cache-Control"]) == (codes, "no-store")
        assert f'<html lang="{language}">' in shown.text
        assert shown.request.path == "/console/shown/"
        assert not any(code in shown.headers.get("Set-Cookie", "") for code in codes)
        assert "shown" not in shown.request.args


def test_what_was_shown_once_is_shown_again_to_its_session_alone(
    console: Callable[..., Colleague], clock: FixedClock
) -> None:
    """A forged page, another session's, and one whose session is over show nothing."""
    me, other = console(), console(name="other")
    shown = me.post("/console/account/recovery")
    [signed] = along(shown)["shown"]
    form = {"shown": signed, "switch-language": "kk", "switch-repeat": "1"}
    assert CODE.search(me.post("/console/shown/", form).text)
    for who, said in ((me, f"{signed}x"), (me, ""), (other, signed)):
        assert who.post("/console/shown/", {**form, "shown": said}).status_code == 400
    clock.move(minutes=1)
    me.post("/console/sign-out")
    assert me.post("/console/shown/", form).status_code == 400


def test_first_passwords_and_keys_stay_too(console: Callable[..., Colleague]) -> None:
    """Whatever is shown once."""
    me = console()
    role = "desk"
    made = me.post("/console/staff/add", {"name": "aru", "shown": "Aru", "role": role, "language": "kk"})
    password = re.findall(r'<code class="secret">([^<]+)</code>', made.text)[1]
    assert password in switched(me.client, made, "kk").text
    assert len(me.senim.staff.all(me.senim.works.begin(me.senim.actor()))) == 2, "nobody is added twice"


def test_the_page_that_asks_who_sits_there_keeps_the_form(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """In another language it asks again and does nothing, even if the sign-in is fresh by then; then it is done."""
    me = console()
    clock.move(minutes=11)
    asked = me.post("/console/staff/add", {"name": "aru", "shown": TYPED[:20], "role": "desk", "language": "kk"})
    kazakh = switched(me.client, asked, "kk")
    assert (kazakh.status_code, "Әзірге ештеңе орындалған жоқ." in kazakh.text) == (403, True)
    me.post("/console/confirm", {"password": PASSWORD})
    russian = switched(me.client, kazakh, "ru")
    assert russian.status_code == 403
    assert len(me.senim.staff.all(me.senim.works.begin(me.senim.actor()))) == 1
    assert me.again(russian).status_code == 200
    assert len(me.senim.staff.all(me.senim.works.begin(me.senim.actor()))) == 2


@pytest.mark.parametrize(
    ("path", "form", "kept"),
    [
        ("/account/address", {"address": "no address"}, 'value="no address"'),
        ("/account/password", {"old": "x", "new": "short", "again": "short"}, 'name="old"'),
        ("/staff/add", {"name": "!", "shown": "Aru", "role": "desk", "language": "kk"}, 'value="Aru"'),
        ("/keys/add", {"label": "", "role": "shop"}, 'name="label"'),
        ("/people", {"kind": "email", "value": "nobody@mini.example"}, 'value="nobody@mini.example"'),
        ("/requests/save", {"kind": "erase", "family": "Ахметова", "text": "Story"}, 'value="Ахметова"'),
        ("/requests/new", {"kind": "erase", "family": "Ахметова"}, 'value="Ахметова"'),
        ("/connectors/add", {"name": "shop", "variable": "NO_SUCH"}, 'value="NO_SUCH"'),
        ("/registers/mailings", {"channel": "email", "address": "no address"}, 'value="no address"'),
    ],
)
def test_forms_of_the_console_keep_what_was_typed(
    console: Callable[..., Colleague], path: str, form: dict[str, str], kept: str
) -> None:
    """Each form that refuses something comes again in Kazakh, with what was typed and with what is wrong."""
    me = console()
    refused = me.post(f"/console{path}", form)
    assert refused.status_code in (200, 400, 404, 409, 422)
    shown = switched(me.client, refused, "kk")
    assert shown.status_code in (200, 400, 404, 409, 422)
    assert '<html lang="kk">' in shown.text
    assert kept in unescape(shown.text)
    assert any(mark in shown.text for mark in ('role="alert"', 'role="status"', 'aria-invalid="true"'))
    assert not any(secret in shown.text for secret in ("short",))


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("/staff/add", {"name": "!", "shown": "Aru", "role": "desk", "language": "kk"}, "name"),
        ("/keys/add", {"label": "<", "role": "shop"}, "label"),
        ("/account/address", {"address": "no address"}, "address"),
    ],
)
def test_forms_of_the_console_tell_beside_the_field_what_is_wrong_with_it(
    console: Callable[..., Colleague], path: str, form: dict[str, str], field: str
) -> None:
    """At once and in another language: linked to the field for who does not see it, and nowhere else."""
    me = console()
    refused = me.post(f"/console{path}", form)
    for shown in (refused, switched(me.client, refused, "kk")):
        main = shown.text.partition("<main")[2]
        linked = re.search(rf'name="{field}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*{field}-fault"', main)
        assert linked
        assert re.search(rf'id="{field}-fault">\w', main)
        assert 'role="alert"' not in main


def test_a_conflict_of_two_who_write_is_found_again(console: Callable[..., Colleague]) -> None:
    """A draft that somebody saved meanwhile: the text is kept, and saving it tells of the other again."""
    me = console()
    me.post("/console/policy/drafts", {"name": "Autumn", "base": "1"})
    [draft] = me.senim.drafts.all(me.senim.works.begin(me.senim.actor()))
    place = f"/console/policy/drafts/{draft.id}"
    first = {"name": "Autumn", "source": "senim: 1\n", "revision": str(draft.revision)}
    assert me.post(place, first).status_code == 303
    mine = {**first, "source": "senim: 1 # mine\n"}
    held = me.post(place, mine)
    assert held.status_code == 409
    shown = switched(me.client, held, "kk")
    assert "senim: 1 # mine" in shown.text
    revision = re.search(r'name="revision" value="(\d+)"', shown.text.partition("<main")[2])
    assert revision
    assert me.post(place, {**mine, "revision": revision[1]}).status_code == 409


def test_no_page_repeats_a_secret(console: Callable[..., Colleague]) -> None:
    """Every field for a password or a one-time code, in every template, is one that the switch leaves out."""
    from pathlib import Path

    import senim.web
    from senim.web.shared.switching import SECRET

    macro = re.compile(r'field\("([\w-]+)", [^}]*(?:type="password"|one-time-code)')
    plain = re.compile(r'<input [^>]*name="([\w-]+)"[^>]*(?:type="password"|one-time-code)')
    found: set[str] = set()
    for file in Path(senim.web.__file__).parent.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        found.update(macro.findall(text), plain.findall(text))
    assert {"password", "code", "old", "again-password"} <= found <= set(SECRET)
    me = console()
    wrong = me.post("/console/account/password", {"old": PASSWORD, "new": "kettle-of-june-9", "again": "other"})
    assert PASSWORD not in wrong.text
    assert "kettle-of-june-9" not in wrong.text


@pytest.mark.parametrize(
    "path", ["/portal/requests/new/complaint", "/privacy/en/requests/new", "/cookies/en", "/portal/no-such-page"]
)
@pytest.mark.parametrize(
    "told", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_a_good_token_does_not_help_another_site(stage: Stage, path: str, told: dict[str, str]) -> None:
    """Over plain HTTP too: whoever is signed in, and whatever the form holds."""
    visitor = Visitor(stage)
    visitor.sign_in(stage.person())
    visitor.get("/requests/new/complaint")
    sent = visitor.client.post(
        path, data={"csrf_token": visitor.token, "text": "x"}, headers={"Accept-Language": "en", **told}
    )
    assert sent.status_code == 403
    assert explain(Code.FORM_FOREIGN, "en") in unescape(sent.text)


def test_a_good_token_does_not_help_another_site_at_the_console(console: Callable[..., Colleague]) -> None:
    """Nothing is done; the same form from the console's own page is taken."""
    me = console()
    form = {"name": "aru", "shown": "Aru", "role": "desk", "language": "kk"}
    assert me.post("/console/staff/add", form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert me.post("/console/staff/add", form, headers={"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert len(me.senim.staff.all(me.senim.works.begin(me.senim.actor()))) == 1
    ours = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert me.post("/console/staff/add", form, headers=ours).status_code == 200


def test_codes_of_a_first_sign_in_stay(console: Callable[..., Colleague]) -> None:
    """Another app, too, comes with new recovery codes."""
    me = console()
    secret = re.search(r'<code class="secret">([^<]+)</code>', me.get("/console/account/app").text)
    assert secret
    shown = me.post("/console/account/app", {"code": now(me.senim, secret[1])})
    codes = CODE.findall(shown.text)
    assert codes
    assert CODE.findall(switched(me.client, shown, "ru").text) == codes
