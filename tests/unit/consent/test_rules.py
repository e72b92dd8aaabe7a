"""When a consent may be recorded, when it proves anything, and when it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from senim.consent import Evidence, Scope
from senim.consent.records import Representative
from senim.consent.rules import (
    agreed_at,
    check_asked,
    check_closed,
    check_notice,
    check_scope,
    closed,
    end_of,
    holds,
    is_proven,
    until_micros,
)
from senim.errors import Code, Invalid, NotPromised, SenimError
from senim.law import Override
from senim.policy.notices import all_notices
from senim.times import micros
from tests.unit.made import AT, NOW, promises, said

MADE = promises()
NOTICES = all_notices(MADE)
SHOWN = next(iter(NOTICES))
PAPER = "d" * 32


@pytest.mark.parametrize(
    ("scope", "code"),
    [(Scope(purpose="orders"), None), (Scope(purpose="delivery", recipient="couriers"), None),
     (Scope(purpose="delivery", recipient="courier"), None), (Scope(purpose="newsletter", channel="sms"), None),
     (Scope(purpose="orders", country="TR"), None), (Scope(purpose="profiling"), Code.PURPOSE_UNDECLARED),
     (Scope(purpose=""), Code.PURPOSE_UNDECLARED),
     (Scope(purpose="orders", recipient="couriers"), Code.RECIPIENT_UNDECLARED),
     (Scope(purpose="orders", recipient="somebody"), Code.RECIPIENT_UNDECLARED),
     (Scope(purpose="newsletter", channel="telephone"), Code.CHANNEL_UNDECLARED),
     (Scope(purpose="orders", channel="email"), Code.CHANNEL_UNDECLARED),
     (Scope(purpose="orders", country="US"), Code.COUNTRY_NOT_ALLOWED),
     (Scope(purpose="delivery", country="TR"), Code.COUNTRY_NOT_ALLOWED)],
)  # fmt: skip
def test_only_what_is_declared_can_be_agreed_to(scope: Scope, code: Code | None) -> None:
    """Nobody can agree to what the policy does not speak of (foundation-5, foundation-6)."""
    if code is None:
        check_scope(MADE, scope)
        return
    with pytest.raises(NotPromised) as refused:
        check_scope(MADE, scope)
    assert refused.value.code is code


def test_all_that_is_undeclared_is_told() -> None:
    """A scope with several strange parts is refused for each of them."""
    with pytest.raises(NotPromised) as refused:
        check_scope(MADE, Scope(purpose="orders", recipient="x", channel="fax", country="US"))
    assert [reason.code for reason in refused.value.reasons] == [
        Code.RECIPIENT_UNDECLARED, Code.CHANNEL_UNDECLARED, Code.COUNTRY_NOT_ALLOWED,
    ]  # fmt: skip


parts = st.from_regex(r"([a-z][a-z0-9-]{0,8})?", fullmatch=True)


@given(parts, parts, parts, st.sampled_from(["", "KZ", "TR"]))
def test_scopes_and_their_keys(purpose: str, recipient: str, channel: str, country: str) -> None:
    """A scope is found again by its key, and no two scopes share one."""
    scope = Scope(purpose=purpose, recipient=recipient, channel=channel, country=country)
    assert Scope.of(purpose, scope.key) == scope


@pytest.mark.parametrize(
    ("evidence", "known", "proven"),
    [(Evidence(notice=SHOWN), True, True), (Evidence(notice=SHOWN, act="button"), True, True),
     (Evidence(notice=SHOWN, act="use"), True, False), (Evidence(notice=SHOWN, act="sending"), True, False),
     (Evidence(), False, False), (Evidence(notice="f" * 64), False, False),
     (Evidence(document=PAPER, act="signature"), False, True), (Evidence(document=PAPER, act="use"), False, False),
     (Evidence(notice=SHOWN, surface="telephone", act="spoken"), True, False),
     (Evidence(notice=SHOWN, surface="telephone", act="spoken", read_to_caller=True), True, True),
     (Evidence(notice=SHOWN, surface="import"), True, True), (Evidence(notice=SHOWN, surface="letter"), True, True)],
)  # fmt: skip
def test_what_proves_a_consent(evidence: Evidence, *, known: bool, proven: bool) -> None:
    """An act of the person, and the text that was shown, read out or signed (foundation-3; tickets-4, shop-3)."""
    assert is_proven(evidence, known) is proven


def refused(evidence: Evidence, *, kept: bool) -> tuple[type[SenimError], Code] | None:
    try:
        check_notice(MADE, evidence, NOTICES, kept)
    except SenimError as error:
        return type(error), error.code
    return None


def test_the_notice_that_was_shown() -> None:
    """A form shows the notice of now; letters and imports may have shown an earlier one; nobody shows a strange one."""
    old = "a" * 64
    assert refused(Evidence(notice=SHOWN), kept=True) is None
    assert refused(Evidence(), kept=False) is None
    assert refused(Evidence(notice=old), kept=False) == (Invalid, Code.NOTICE_MISSING)
    assert refused(Evidence(notice=old), kept=True) == (NotPromised, Code.NOTICE_OUTDATED)
    assert refused(Evidence(notice=old, surface="banner"), kept=True) == (NotPromised, Code.NOTICE_OUTDATED)
    for surface in ("import", "letter", "document", "email", "telephone", "counter"):
        assert refused(Evidence(notice=old, surface=surface), kept=True) is None
        assert refused(Evidence(notice=old, surface=surface), kept=False) == (Invalid, Code.NOTICE_MISSING)


@pytest.mark.parametrize(
    ("purpose", "key", "drop", "asked"),
    [("newsletter", "", "", True), ("newsletter", "@sms", "", True), ("newsletter", "@sms", "sms", False),
     ("delivery", "/courier", "", True), ("delivery", ">KZ", "", True), ("orders", ">TR", "", True),
     ("bookkeeping", "", "", False), ("bookkeeping", "/tax", "", False)],
)  # fmt: skip
def test_a_notice_proves_what_it_asked_for(purpose: str, key: str, drop: str, *, asked: bool) -> None:
    """A consent asked for apart anywhere is given only where it was asked for (foundation-3, shop-3)."""
    points = MADE.policy.points
    here = points["registration"]
    if drop:
        here = structs.replace(here, consents=tuple(one for one in here.consents if one.channel != drop))
    policy = structs.replace(MADE.policy, points={**points, "here": here})
    made = replace(MADE, policy=policy)
    if asked:
        check_asked(made, "here", Scope.of(purpose, key))
        return
    with pytest.raises(NotPromised) as refusal:
        check_asked(made, "here", Scope.of(purpose, key))
    assert refusal.value.code is Code.NOTICE_OUTDATED


@pytest.mark.parametrize(
    ("at", "utc"),
    [("", NOW), ("2026-11-22T09:00:00Z", NOW), ("2026-11-22T14:00:00+05:00", NOW),
     ("2026-11-20T23:30:00.5+05:00", datetime(2026, 11, 20, 18, 30, 0, 500_000, tzinfo=UTC)),
     ("2012-12-31T23:59:59-11:00", datetime(2013, 1, 1, 10, 59, 59, tzinfo=UTC))],
)  # fmt: skip
def test_when_it_was_said(at: str, utc: datetime) -> None:
    """A consent that is recorded later keeps the time at which it was given."""
    assert agreed_at(Evidence(at=at), NOW) == utc


@pytest.mark.parametrize(
    "at",
    ["2026-11-22T09:00:00.000001Z", "2027-01-01T00:00:00Z", "2026-11-22T09:00:00", "2026-11-22", "yesterday", "12:00",
     "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "\x00",
     "2026-11-22T08:00:00 MSK", "2012-12-31T23:59:59Z", "2013-01-01T00:00:00+05:00"],
)  # fmt: skip
def test_a_time_that_is_none_or_cannot_be(at: str) -> None:
    """Nobody agreed in the future, before there was the law, or at no time."""
    with pytest.raises(Invalid) as wrong:
        agreed_at(Evidence(at=at), NOW)
    assert (wrong.value.code, wrong.value.where) == (Code.INVALID_VALUE, "evidence.at")


texts = st.text(max_size=40)


@given(texts, texts, texts, texts, texts)
def test_no_free_text_stays_in_evidence(notice: str, document: str, at: str, who: str, paper: str) -> None:
    """The log keeps evidence for ever: what is no digest, id or time is left out."""
    representative = Representative(authority="parent", subject=who, document=paper)
    kept = closed(Evidence(notice=notice, document=document, at=at, representative=representative), NOW)
    assert kept.notice in ("", notice)
    assert kept.notice == "" or len(kept.notice) == 64
    assert kept.representative is not None
    for one in (kept.document, kept.representative.subject, kept.representative.document):
        assert one == "" or len(one) == 32
    assert kept.at == "" or agreed_at(kept, NOW) <= NOW
    assert closed(kept, NOW) == kept


def test_good_evidence_stays_whole() -> None:
    """What is in form is kept as it is, and let in."""
    evidence = Evidence(
        notice=SHOWN, document=PAPER, at="2026-11-20T10:00:00Z",
        representative=Representative(authority="guardian", subject="a" * 32, document="b" * 32),
    )  # fmt: skip
    assert closed(evidence, NOW) == evidence
    check_closed(evidence)


@pytest.mark.parametrize(
    "evidence",
    [Evidence(document="passport of Ivan"),
     Evidence(representative=Representative(authority="parent", subject="Ivan")),
     Evidence(representative=Representative(authority="parent", document="birth certificate"))],
)  # fmt: skip
def test_free_text_in_evidence_is_refused_when_consent_is_given(evidence: Evidence) -> None:
    """A caller who puts a name where an id belongs is told so, and the name is not repeated."""
    with pytest.raises(Invalid) as wrong:
        check_closed(evidence)
    assert wrong.value.code is Code.INVALID_VALUE
    assert "Ivan" not in f"{wrong.value} {wrong.value.detail}"


@pytest.mark.parametrize("place", ["AR-2026/0412", "7", "12/3", "А-5", "Б.14-27", "ҚҚ1", "123456-789", "2026/11/22"])
def test_a_place_in_an_archive_may_be_told(place: str) -> None:
    """Whoever keeps papers can say where: it proves the consent, and stays in the log as it is (foundation-3)."""
    evidence = Evidence(archive=place, representative=Representative(authority="parent", archive=place))
    check_closed(evidence)
    assert closed(evidence, NOW) == evidence
    assert is_proven(Evidence(archive=place, act="signature"), known_notice=False)
    assert not is_proven(Evidence(archive=place, act="sending"), known_notice=False)


@pytest.mark.parametrize(
    "place",
    ["Ivanov-1", "box of Ivan 1", "87010000000", "+7-701-000-00-00", "8-701-000-00-00", "870101300123",
     "870101-300-123", "A-B", "AR-1\n", "AR 1", "1" * 7, "1-" * 7 + "1", "AR-\u0661", "", "-", "1a2b3c"],
)  # fmt: skip
def test_no_name_or_number_of_a_person_stands_for_a_place_in_an_archive(place: str) -> None:
    """The log keeps it for ever: names, telephones and IINs do not fit in."""
    for evidence in (
        Evidence(archive=place),
        Evidence(representative=Representative(authority="parent", archive=place)),
    ):
        kept = closed(evidence, NOW)
        assert (kept.archive, kept.representative and kept.representative.archive) in (("", None), ("", ""))
        if place:
            with pytest.raises(Invalid) as wrong:
                check_closed(evidence)
            assert (wrong.value.code, wrong.value.where) == (Code.INVALID_VALUE, "evidence.archive")


@pytest.mark.parametrize(
    ("agreed", "floor", "code"),
    [(said(), 1, None), (said(given=False), 1, Code.CONSENT_WITHDRAWN), (said(until=AT), 1, Code.TERM_OVER),
     (said(until=AT - 1), 1, Code.TERM_OVER), (said(until=AT + 1), 1, None), (said(version=2), 2, None),
     (said(version=1), 2, Code.CONSENT_OUTDATED), (said(proven=False), 1, Code.CONSENT_UNPROVEN),
     (said(given=False, proven=False, until=1, version=0), 9, Code.CONSENT_WITHDRAWN),
     (said(proven=False, until=1, version=0), 9, Code.TERM_OVER),
     (said(proven=False, version=0), 9, Code.CONSENT_OUTDATED)],
)  # fmt: skip
def test_what_holds(agreed: object, floor: int, code: Code | None) -> None:
    """A consent holds while it is given, in time, of a version that covers and proven; a withdrawal goes first."""
    assert holds(agreed, AT, floor) is code  # type: ignore[arg-type]  # made by said


def test_a_term_after_consent_ends_at_midnight_of_the_country() -> None:
    """Three years from the day of consent end at 24:00 of that day in Kazakhstan, whatever the hour was."""
    end = datetime(2029, 11, 22, 19, tzinfo=UTC)
    for hour in (0, 9, 18):
        assert end_of(MADE, "newsletter", datetime(2026, 11, 22, hour, 30, tzinfo=UTC)) == end
    assert end_of(MADE, "newsletter", datetime(2026, 11, 22, 19, tzinfo=UTC)) == end + timedelta(days=1)
    assert until_micros(end) == micros(end)


def test_terms_that_end_otherwise_have_no_date() -> None:
    """An event, a collection and no term at all give a consent no end of its own."""
    assert end_of(MADE, "orders", NOW) is None
    assert end_of(MADE, "bookkeeping", NOW) is None
    assert end_of(promises({"purposes.orders.term": "unlimited"}), "orders", NOW) is None
    assert until_micros(None) == 0


def test_two_operators_calendars_do_not_mix() -> None:
    """The end of a consent is remembered for a calendar, not for all of them."""
    changes = {"purposes.newsletter.term": {"lasts": "1 working day"}}
    off = Override(off=frozenset({date(2026, 11, 23)}))
    plain = end_of(promises(changes), "newsletter", NOW)
    moved = end_of(promises(changes, override=off), "newsletter", NOW)
    assert plain is not None
    assert moved is not None
    assert moved - plain == timedelta(days=1)
