"""Notice: people are told before anything is asked of them, in their language, and told what refusing means."""

from __future__ import annotations

import hashlib

import pytest

from senim.languages import LANGUAGES
from tests.promises.conftest import Open
from tests.promises.house import House

WAYS_IN = (
    ("travel", "booking", "travel-1"),
    ("airline", "registration", "airline-1"),
    ("tickets", "order", "tickets-10"),
    ("tickets", "registration", "tickets-4"),
    ("foundation", "registration", "foundation-10"),
    ("shop", "order", "shop-3"),
)
PROFILES = ("travel", "airline", "tickets", "foundation", "shop")


def people(place: House) -> int:
    """How many people the operator ever knew."""
    return place.senim.subjects.count(place.senim.database)[0]


@pytest.mark.parametrize(("profile", "point", "clause"), WAYS_IN, ids=[clause for _, _, clause in WAYS_IN])
def test_nothing_is_taken_before_the_notice_was_shown(house: Open, profile: str, point: str, clause: str) -> None:
    """People read first: travel-1, airline-1, tickets-4, tickets-10, foundation-10, shop-3."""
    place = house(profile)
    body = place.body(point)
    for wrong, code in (("", "notice_missing"), ("0" * 64, "notice_outdated"), ("read it", "notice_outdated")):
        answer = place.take({**body, "notice": wrong})
        assert answer.status == 422
        assert code in answer.codes
        assert answer.body["clause"].partition("-")[0] == profile
    assert people(place) == 0
    assert place.take(body).status == 201


@pytest.mark.parametrize(("profile", "point", "clause"), WAYS_IN, ids=[clause for _, _, clause in WAYS_IN])
def test_a_notice_counts_for_its_point_and_language_alone(house: Open, profile: str, point: str, clause: str) -> None:
    """What was read is what is agreed to: travel-1, airline-1, tickets-4, tickets-10, foundation-10, shop-3."""
    place = house(profile)
    body = place.body(point)
    other = next(name for name in place.stage.policy.points if name != point)
    elsewhere = place.body(other)["notice"]
    assert "notice_outdated" in place.take({**body, "notice": elsewhere}).codes
    assert "notice_outdated" in place.take({**body, "language": "kk"}).codes
    assert people(place) == 0


@pytest.mark.parametrize(
    ("profile", "point", "role"),
    [("travel", "telephone-booking", "call-centre"), ("foundation", "support", "support")],
    ids=["travel-1", "foundation-10"],
)
def test_a_call_is_taken_only_after_the_notice_was_read_out(house: Open, profile: str, point: str, role: str) -> None:
    """Telephone bookings carry a mark that the notice was read to the caller: travel-1, foundation-10."""
    place = house(profile)
    spoken = {"surface": "telephone", "act": "spoken", "channel": "telephone"}
    body = place.body(point, **spoken)
    unread = place.take({**body, "read_to_caller": False}, role)
    assert unread.status == 422
    assert ("notice_missing", "read_to_caller") in {(one["code"], one["where"]) for one in unread.body["reasons"]}
    taken = place.take({**body, "read_to_caller": True}, role)
    assert taken.status == 201, taken.body
    events = place.door(role)("GET", f"/v1/subjects/{taken.body['subject']}/consents").body["events"]
    assert events
    for event in events:
        assert event["proven"]
        assert event["evidence"]["read_to_caller"]
        assert event["evidence"]["channel"] == "telephone"
        assert event["evidence"]["notice"] == body["notice"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_required_field_says_why_and_what_refusing_means(house: Open, profile: str, language: str) -> None:
    """Legal consequences of refusing are explained: travel-42, tickets-10, shop-7, foundation-10, airline-1."""
    place = house(profile)
    required = 0
    for name, point in place.stage.policy.points.items():
        shown = place.door()("GET", f"/v1/points/{name}/notice", query_string={"language": language})
        lines = {line["ref"]: line["text"] for line in shown.body["lines"] if line["kind"] == "item"}
        assert set(point.asks) <= set(lines), f"{name} asks for something that its notice does not name"
        for reference in point.asks:
            asked = point.asked(reference)
            if asked.ask == "required":
                required += 1
                for text in (asked.why, asked.refusal):
                    said = " ".join(text.in_(language).split())  # type: ignore[arg-type]  # one of the three
                    assert said
                    assert said in lines[reference]
    assert required


@pytest.mark.parametrize("profile", PROFILES)
def test_the_notice_names_operator_purposes_terms_recipients_and_rights(house: Open, profile: str) -> None:
    """A consent is given knowingly: travel-1, airline-2, tickets-10, foundation-2, foundation-3, shop-12."""
    place = house(profile)
    policy = place.stage.policy
    for name, point in policy.points.items():
        shown = place.door()("GET", f"/v1/points/{name}/notice", query_string={"language": "en"})
        text = "".join(f"{line['kind']}: {line['text']}\n" for line in shown.body["lines"])
        assert hashlib.sha256(text.encode()).hexdigest() == shown.body["notice"]
        said = {line["ref"] for line in shown.body["lines"]}
        for ask in point.consents:
            assert {f"purposes.{ask.purpose}", f"purposes.{ask.purpose}.term"} <= said
            receivers = {f"recipients.{ref}" for ref in place.stage.promises.recipients_for(ask.purpose)}
            assert receivers <= said
        assert {"operator", "rights", "borders"} <= said
        assert policy.operator.bin in text
        assert policy.operator.contacts.email in text
        assert sum(line["kind"] == "consent" for line in shown.body["lines"]) == len(point.consents)


def test_the_command_line_shows_the_same_notice(house: Open) -> None:
    """The clerk and the site show one text: travel-1, tickets-10."""
    place = house("tickets")
    told = place.told("intake", "notice", "order", "--language", "kk")
    shown = place.door()("GET", "/v1/points/order/notice", query_string={"language": "kk"})
    assert told["digest"] == shown.body["notice"]
    assert [line["text"] for line in told["lines"]] == [line["text"] for line in shown.body["lines"]]


def test_a_notice_that_was_shown_can_be_shown_again_years_later(house: Open) -> None:
    """What was shown is kept for ever, word for word: foundation-3, foundation-37, airline-2."""
    place = house("foundation")
    subject, _ = place.person("registration")
    event = place.told("consents", "list", subject)["events"][0]
    policy = place.folder / "policy.yaml"
    address = place.stage.policy.operator.contacts.email
    moved = policy.read_text(encoding="utf-8").replace(address, f"new-{address}")
    policy.write_text(moved, encoding="utf-8")
    assert place.command("policy", "publish").exit_code == 0
    assert place.told("intake", "notice", "registration")["digest"] != event["said"]["evidence"]["notice"]
    proof = place.told("consents", "prove", subject, event["id"])
    digest = hashlib.sha256(proof["shown"].encode()).hexdigest()
    assert digest == event["said"]["evidence"]["notice"]
