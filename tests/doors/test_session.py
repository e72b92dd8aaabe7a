"""``senim.open``: an operator's own Python program, in five lines."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import senim
from senim.app import open_senim
from senim.audit.statements import open_statement
from senim.collection import OnBehalf
from senim.errors import Code, Invalid, NotAllowed, NotFound, SenimError, Unavailable
from senim.identity import is_id
from senim.policy.taxonomy import Channel
from senim.session import Session

ANNA = {"identity.family": "Пробникова", "identity.given": "Анна", "contact.email": "anna@people.example"}
YES = {"orders": True, "newsletter": True, "newsletter@email": True}


def _take(shop: Session, email: str = "anna@people.example") -> str:
    notice = shop.notice("registration", "ru")
    return shop.intake(notice, {**ANNA, "contact.email": email}, consents=YES).subject


def test_five_lines_are_enough(folder: Path) -> None:
    """Told, asked, taken in and checked: what a site does for a visitor fits on a card."""
    with senim.open(folder, role="shop") as shop:
        notice = shop.notice("registration", "ru")
        taken = shop.intake(notice, ANNA, consents={"orders": True, "newsletter": True, "newsletter@email": True})
        assert shop.check(taken.subject, "use", "newsletter", channel="email")
        assert not shop.check(taken.subject, "use", "newsletter", channel="sms")


def test_what_the_api_does_the_library_does_too(folder: Path) -> None:
    """The same verbs, the same promises, without a network between."""
    with senim.open(str(folder)) as shop:
        subject = _take(shop)
        assert shop.find("email", " Anna@People.example ") == subject
        assert shop.read(subject, "orders").values["identity.family"].value == "Пробникова"
        assert shop.correct(subject, "orders", {"contact.note": "ring twice"}) == ("contact.note",)
        assert {one.scope.purpose for one in shop.consents(subject) if one.agreed.given} == {"orders", "newsletter"}
        assert shop.give(subject, "delivery/couriers", shop.notice("registration", "kk")).event.said.proven
        for on, off in ((shop.block, shop.unblock), (partial(shop.stop, purpose=""), partial(shop.resume, purpose=""))):
            on(subject, reason="request-of-person")
            assert not shop.check(subject, "use", "orders")
            off(subject, reason="check-finished")
            assert shop.check(subject, "use", "orders")
        assert len(shop.withdraw(subject, "newsletter")) == 2
        refused = shop.check(subject, "use", "newsletter", channel="email")
        assert {reason.code for reason in refused.reasons} == {Code.CONSENT_WITHDRAWN}
        shop.happened(subject, "order-completed")
        assert {reason.code for reason in shop.check(subject, "use", "orders").reasons} == {Code.TERM_OVER}
        erasure = shop.erase(subject, reason="withdrawn")
        assert open_statement(erasure.proof, shop.senim.jwk)[1]["subject"] == subject
        with pytest.raises(NotFound) as gone:
            shop.read(subject, "orders")
        assert gone.value.code is Code.SUBJECT_ERASED
        assert shop.verify().ok
        assert shop.board().policy == "mini"


def test_another_person_comes_in_by_one_who_speaks_for_them(folder: Path) -> None:
    """travel-4: a booking for somebody else says who vouches for it."""
    with senim.open(folder, role="shop") as shop:
        behalf = OnBehalf(authority="agreed-with-person", by=_take(shop))
        notice = shop.notice("registration", "kk")
        other = {**ANNA, "contact.email": "dana@people.example"}
        taken = shop.intake(notice, other, consents={"orders": True}, on_behalf_of=behalf)
        assert taken.subject != behalf.by


def test_records_may_be_given_as_plain_data(folder: Path) -> None:
    """A program hands over what it has: dicts, words and enums mean the same as our own records."""
    with senim.open(folder, role="shop") as shop:
        notice = shop.notice("registration", "kk")
        behalf = {"authority": "agreed-with-person", "by": _take(shop)}
        other = {**ANNA, "contact.email": "dana@people.example"}
        how: dict[str, Any] = {
            "channel": Channel.TELEPHONE,
            "read_to_caller": True,
            "surface": "telephone",
            "act": "spoken",
        }
        taken = shop.intake(notice, other, consents={"orders": True}, on_behalf_of=behalf, **how)
        said = shop.senim.consents.history(taken.subject)[0][0].said.evidence
        assert (said.channel, said.surface, said.act) == ("telephone", "telephone", "spoken")
        source = {"id": "open", "place": "https://people.example/dana"}
        more = {**ANNA, "contact.email": "erke@people.example"}
        assert shop.intake(notice, more, consents={"orders": True}, source=source, on_behalf_of=behalf).stored


WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"surface": "dream"}, "surface", "one of account, api, banner"),
    ({"act": 7}, "act", "one of button, code"),
    ({"read_to_caller": "perhaps"}, "read_to_caller", "true or false"),
    ({"on_behalf_of": {"authority": "neighbour", "by": "x"}}, "on_behalf_of.authority", "one of agreed-with-person"),
    ({"on_behalf_of": {"authority": "parent"}}, "on_behalf_of.by", ""),
    (
        {"on_behalf_of": {"authority": "parent", "by": "x", "name": "Dana"}},
        "on_behalf_of.name",
        "known here: authority",
    ),
    ({"surfaces": "form"}, "surfaces", "known here: point, language"),
    ({"consents": {"orders": "yes"}}, "consents.given", "true or false"),
    ({"document": object()}, "values", "plain values are wanted"),
)


def test_a_language_that_there_is_not_is_told_as_such(folder: Path) -> None:
    """The code of Kazakh is kk; kz is the country. The point is not to blame."""
    other: Any = "kz"
    with senim.open(folder, role="shop") as shop:
        with pytest.raises(Invalid) as refused:
            shop.notice("registration", other)
        assert (refused.value.where, refused.value.detail) == ("language", "one of kk, ru, en")


@pytest.mark.parametrize(("how", "where", "says"), WRONG)
def test_what_cannot_be_a_record_is_told_with_its_place(
    folder: Path, how: dict[str, Any], where: str, says: str
) -> None:
    """A slip in a program ends with the place and what there is to choose from, not the value, and keeps nothing."""
    with senim.open(folder, role="shop") as shop:
        notice = shop.notice("registration", "ru")
        given = {"consents": {"orders": True}, **how}
        with pytest.raises(Invalid) as refused:
            shop.intake(notice, ANNA, **given)
        assert (refused.value.code, refused.value.where) == (Code.INVALID_VALUE, where)
        assert refused.value.detail.startswith(says)
        assert "Dana" not in refused.value.detail
        assert shop.senim.subjects.count(shop.senim.database)[0] == 0


def test_a_role_that_the_policy_lacks_opens_nothing_and_leaves_nothing_open(folder: Path) -> None:
    """A wrong role ends at the door; the folder can be opened again at once."""
    for role in ("nobody", "", "SHOP"):
        with pytest.raises(NotAllowed) as refused:
            senim.open(folder, role=role)
        assert refused.value.code is Code.ROLE_NOT_ALLOWED
        assert refused.value.detail == "the policy's roles: responsible, shop, till, desk"
    with senim.open(folder, role="till") as till, pytest.raises(NotAllowed):
        _take(till)


@pytest.mark.parametrize("place", ["nowhere", "senim.toml"])
def test_a_folder_that_is_none_is_told(folder: Path, place: str) -> None:
    """The error names what is wrong, by a code."""
    with pytest.raises(SenimError) as refused:
        senim.open(folder / place)
    assert refused.value.code is Code.FOLDER_WRONG


def test_before_a_policy_is_published_nothing_can_be_asked(folder: Path, mini: bytes, tmp_path: Path) -> None:
    """A role is one of the policy's, so there is none yet; the responsible person may open the folder."""
    from senim.app import make_folder

    make_folder(tmp_path / "new", mini)
    with pytest.raises(Unavailable) as refused:
        senim.open(tmp_path / "new", role="shop")
    assert refused.value.code is Code.POLICY_NOT_PUBLISHED
    with senim.open(tmp_path / "new") as session, pytest.raises(Unavailable):
        session.check("", "use", "orders")


def test_closing_twice_is_closing_once_and_loses_nothing(folder: Path) -> None:
    """Whatever was asked and answered is in the sealed log after the first close."""
    shop = senim.open(folder, role="shop")
    decision = shop.check(_take(shop), "use", "orders")
    assert decision
    shop.close()
    shop.close()
    with shop:
        pass
    with open_senim(folder, environment={}) as again:
        sealed = {entry.id for _, entry in again.log.entries()}
    assert decision.entry in sealed


def test_an_error_in_the_program_closes_the_folder_and_is_its_own(folder: Path) -> None:
    """What goes wrong inside the block comes out as it was."""
    shop = senim.open(folder, role="shop")
    subject = _take(shop)
    with pytest.raises(ZeroDivisionError), shop:
        raise ZeroDivisionError
    with senim.open(folder, role="shop") as shop:
        assert shop.find("email", "anna@people.example") == subject


def test_a_session_is_shared_by_threads(folder: Path) -> None:
    """One session serves all threads of a program: everybody is taken in once and found again."""
    with senim.open(folder, role="shop") as shop:
        mails = [f"person.{number}@people.example" for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            subjects = list(pool.map(lambda mail: _take(shop, mail), mails))
            found = list(pool.map(lambda mail: shop.find("email", mail), mails))
            allowed = list(pool.map(lambda one: bool(shop.check(one, "use", "orders")), subjects))
        assert found == subjects
        assert len(set(subjects)) == 40
        assert all(map(is_id, subjects))
        assert all(allowed)
        assert shop.verify().ok


def test_a_session_leaves_no_thread_behind(folder: Path) -> None:
    """Closing ends the clock."""
    before = set(threading.enumerate())
    with senim.open(folder, role="shop"):
        assert set(threading.enumerate()) - before
    assert not set(threading.enumerate()) - before


@pytest.mark.parametrize("consent", ["", "/couriers", "@email", ">KZ"])
def test_a_consent_without_a_purpose_is_none(folder: Path, consent: str) -> None:
    """A consent is ``purpose[/recipient][@channel][>country]``."""
    with senim.open(folder, role="shop") as shop, pytest.raises(SenimError) as refused:
        shop.withdraw(_take(shop), consent)
    assert refused.value.code is Code.INVALID_VALUE


def test_evidence_is_told_in_plain_words_and_looked_at(folder: Path) -> None:
    """A program names a channel as the API does; what is no evidence is refused and not kept."""
    with senim.open(folder, role="shop") as shop:
        subject, notice = _take(shop), shop.notice("registration", "ru")
        told = {"channel": "telephone", "surface": "telephone", "act": "spoken", "read_to_caller": True}
        given = shop.give(subject, "newsletter@sms", notice, **told)
        assert given.event.said.proven
        assert open_statement(given.receipt, shop.senim.jwk)[1]["event"]["channel"] == "telephone"
        assert shop.withdraw(subject, "newsletter@sms", channel="telephone")
        for wrong in ({"channel": "pigeon"}, {"surface": "Anna"}, {"act": 1}, {"phone": "Anna"}):
            for verb in (partial(shop.give, notice=notice), shop.withdraw):
                with pytest.raises(SenimError) as refused:
                    verb(subject, "newsletter", **wrong)
                assert refused.value.code is Code.INVALID_VALUE
