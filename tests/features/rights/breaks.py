"""What can be wrong with rights and connected systems, each by the control whose drill has to notice it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from senim.collection.rules import Looked
from senim.connectors.fake import FakeConnector
from senim.messaging.actions import house_of
from senim.orders.context import Context
from senim.rights import Opening, Proof, Request, store
from senim.rights.answers.compose import compose
from senim.rights.answers.records import Answer, Facts
from senim.rights.answers.words import Words
from senim.rights.clock import end_of
from senim.rights.desk import Desk
from senim.rights.execution import Execution
from senim.rights.identity import Identities
from senim.work import Work
from tests.features.breaking import ALWAYS, Break, a_foreign_key, forgets_a_no, gives, instead


def no_letters_of(*templates: str) -> Break:
    """Letters by these templates are not written."""

    def patched(patch: pytest.MonkeyPatch) -> None:
        write = Desk.write

        def silent(self: Desk, work: Work, request: Request, template: str, **how: Any) -> None:
            if template not in templates:
                write(self, work, request, template, **how)

        patch.setattr(Desk, "write", silent)

    return patched


def without(fact: str, empty: object, template: str) -> Break:
    """Letters by a template leave one thing out; ``attachments`` are what is with them."""

    def patched(patch: pytest.MonkeyPatch) -> None:
        write = Desk.write

        def shorter(self: Desk, work: Work, request: Request, one: str, **how: Any) -> None:
            write(self, work, request, one, **({**how, fact: empty} if one == template else how))

        patch.setattr(Desk, "write", shorter)

    return patched


def an_answer_without(section: str) -> Break:
    """Answers in which a section says nothing."""

    def patched(patch: pytest.MonkeyPatch) -> None:
        whole = compose

        def shorter(facts: Facts) -> Answer:
            answer = whole(facts)
            told = tuple(
                one if one.id != section else structs.replace(one, text=(), rows=()) for one in answer.sections
            )
            return structs.replace(answer, sections=told)

        patch.setattr("senim.rights.answering.compose", shorter)

    return patched


def a_letter_without_authority(patch: pytest.MonkeyPatch) -> None:
    """Letters that name no authority."""
    whole = house_of
    patch.setattr(
        "senim.messaging.actions.house_of", lambda *given: replace(whole(*given), authority="", authority_where="")
    )


def a_guide_in_russian(patch: pytest.MonkeyPatch) -> None:
    """The guide to one's rights in one language for everybody."""
    guide = Words.rights
    patch.setattr(Words, "rights", lambda self: guide(Words(self.promises, "ru")))


def nothing_put_right(patch: pytest.MonkeyPatch) -> None:
    """Corrections that are carried out on nothing."""
    patch.setattr("senim.rights.here.look", lambda *_: Looked({}, (), ()))


def clocks_run_late(patch: pytest.MonkeyPatch) -> None:
    """Every term ends a day later than it should."""
    patch.setattr("senim.rights.clock.end_of", lambda *given: end_of(*given) + timedelta(days=1))


def from_today(opening: Opening, now: datetime) -> datetime:
    """A clock that runs from when a request was entered."""
    return now


def a_scan_is_lost(patch: pytest.MonkeyPatch) -> None:
    """Scans of letters are not kept."""
    put = Desk.put

    def forgetful(self: Desk, work: Work, request: Request, what: str, *given: Any, **how: Any) -> Request:
        return request if what == "letter" else put(self, work, request, what, *given, **how)

    patch.setattr(Desk, "put", forgetful)


def newest_first(patch: pytest.MonkeyPatch) -> None:
    """A list of requests with the most urgent last."""
    opened = store.opened
    patch.setattr("senim.rights.store.opened", lambda *given: opened(*given)[::-1])


def only_in_part(patch: pytest.MonkeyPatch) -> None:
    """Withdrawals of everything withdraw nothing."""
    patch.setattr("senim.consent.actions.Consents.withdraw_all", lambda self, *_, **__: [])


def unknown_with_a_session(self: Identities, work: Work, request: Request, opening: Opening) -> Request:
    """Who is signed in has to show all the same who it is."""
    return request


def by_a_name(self: Identities, work: Work, request: Request, opening: Opening) -> Request:
    """Whoever a letter says that it is from, it is."""
    return self._prove(work, request, Proof.CODE, request.claimed)


def not_again(self: Execution, context: Context, number: str, *_: object) -> None:
    """What was carried out counts as done, unseen."""
    context.step("rescan", lambda work: self._to_rescan(work, number))


def rows_stay(self: FakeConnector, *_: object) -> None:
    """A system that says yes and does nothing."""


RIGHTS: tuple[tuple[str, str, Break], ...] = (
    ("rights.access", "the source is lost", gives("senim.collection.reception.Reception._source", ("", ""))),
    ("rights.access", "disclosures are not told", gives("senim.disclosure.Disclosures.of", [])),
    ("rights.access", "values are not told", gives("senim.rights.answers.compose._Writer.data", {})),
    ("rights.access", "terms are not told", an_answer_without("terms")),
    ("rights.access", "processors are not told", an_answer_without("processors")),
    ("rights.access", "the operator is not told", an_answer_without("operator")),
    ("rights.access", "anybody is told", gives("senim.rights.handling.check_proven", None)),
    ("rights.access", "nobody is told that it is ready", no_letters_of("answer_ready")),
    ("rights.block", "a block waits for a decision", gives("senim.rights.handling.block_reason", "")),
    ("rights.block", "a block is never lifted", gives("senim.rights.handling.Handling.unblock", None)),
    ("rights.block", "the gate is open", ALWAYS),
    ("rights.claim", "there is no clock", gives("senim.rights.actions.opening_deadlines", ())),
    ("rights.claim", "clocks run late", clocks_run_late),
    ("rights.claim", "the deadline is not told", no_letters_of("received")),
    ("rights.claim", "no answer is written", no_letters_of("claim_answer")),
    ("rights.complaint", "there is no clock", gives("senim.rights.actions.opening_deadlines", ())),
    ("rights.complaint", "the authority is not told", a_letter_without_authority),
    ("rights.complaint", "the deadline is not told", without("due", "", "received")),
    ("rights.concern", "there is no clock", gives("senim.rights.actions.opening_deadlines", ())),
    ("rights.concern", "the deadline is not told", no_letters_of("received")),
    ("rights.complaint", "no answer is written", no_letters_of("complaint_answer")),
    ("rights.concern", "no answer is written", no_letters_of("concern_answer")),
    ("rights.correct", "nothing is put right", nothing_put_right),
    ("rights.correct", "nothing is on record", gives("senim.rights.desk.Desk.tell", "")),
    ("rights.email", "letters are not understood", gives("senim.rights.letters.LetterReceiver.receive", "")),
    ("rights.email", "no code is sent", no_letters_of("code")),
    ("rights.email", "any code opens", gives("senim.rights.codes.Codes._digest", bytes(32))),
    ("rights.email", "the sender's name is enough", instead(
        "senim.rights.identity.Identities.at_opening", by_a_name)),
    ("rights.erase", "the key stays", gives("senim.vault.keystore.destroy_key", None)),
    ("rights.erase", "the rows stay", gives("senim.vault.store.destroy", None)),
    ("rights.erase", "nobody else is asked", gives("senim.rights.planning.needs_second", False)),
    ("rights.erase", "whoever decided may approve", gives("senim.rights.planning.check_second", None)),
    ("rights.erase", "another's signature", a_foreign_key),
    ("rights.guide", "answers have no guide", an_answer_without("rights")),
    ("rights.guide", "the guide is in one language", a_guide_in_russian),
    ("rights.inbox", "letters are not understood", gives("senim.rights.letters.LetterReceiver.receive", "")),
    ("rights.inbox", "the most urgent is last", newest_first),
    ("rights.inbox", "there is no clock", gives("senim.rights.actions.opening_deadlines", ())),
    ("rights.letter", "the clock runs from today", instead("senim.rights.actions.received", from_today)),
    ("rights.letter", "the scan is lost", a_scan_is_lost),
    ("rights.letter", "a document shows nothing", gives("senim.rights.rules.proven", False)),
    ("rights.notice", "nobody is told of the end", no_letters_of("erased")),
    ("rights.notice", "nobody is told that it was put right", no_letters_of("correction_done")),
    ("rights.notice", "the proof is left behind", without("attachments", (), "erased")),
    ("rights.self-service", "a session shows nothing", instead(
        "senim.rights.identity.Identities.at_opening", unknown_with_a_session)),
    ("rights.self-service", "nothing is put right", nothing_put_right),
    ("rights.self-service", "a no is forgotten", forgets_a_no),
    ("rights.withdraw", "a no is forgotten", forgets_a_no),
    ("rights.withdraw", "a whole no is forgotten", only_in_part),
    ("rights.withdraw", "a no waits for a decision", gives("senim.rights.handling.Handling._at_once", None)),
    ("connectors.erase", "systems are not asked", gives("senim.rights.execution.Execution._systems", None)),
    ("connectors.erase", "the rows stay", instead("senim.connectors.fake.FakeConnector._carry_out", rows_stay)),
    ("connectors.erase", "everything counts as clean", instead("senim.connectors.records.Rescan.clean", True)),
    ("connectors.erase", "nobody looks again", instead(
        "senim.rights.execution.Execution._look_again", not_again)),
)  # fmt: skip
