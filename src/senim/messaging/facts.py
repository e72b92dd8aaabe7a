"""What each template is told. A message is rendered only with the facts that its template names."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from senim.languages import Text

Link = Annotated[str, Meta(pattern=r"^https?://[^\s<>\"]+$", max_length=2000)]
Number = Annotated[str, Meta(min_length=1, max_length=40)]
Words = str | Text
"""Words: ready, or in three languages, of which the message takes its own."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The facts of a template."""


class Coded(Facts, frozen=True, kw_only=True):
    """A one-time code."""

    code: Annotated[str, Meta(pattern=r"^[0-9A-Z-]{4,12}$")]
    minutes: Annotated[int, Meta(ge=1)]


class Received(Facts, frozen=True, kw_only=True):
    """A request was received: its number and when it is answered at the latest."""

    number: Number
    kind: Words
    due: Words
    """In words, with the days that do not count."""
    link: Link


class NeedsIdentity(Facts, frozen=True, kw_only=True):
    """It has to be shown who asks."""

    number: Number
    link: Link
    ways: tuple[Words, ...]
    """How that can be done."""


class NeedsMore(Facts, frozen=True, kw_only=True):
    """Something is missing."""

    number: Number
    missing: Annotated[tuple[Words, ...], Meta(min_length=1)]
    link: Link
    paused: bool = False
    """Whether the clock stands still until it comes."""


class Extended(Facts, frozen=True, kw_only=True):
    """More time is taken."""

    number: Number
    reason: Words
    due: Words
    link: Link


class AnswerReady(Facts, frozen=True, kw_only=True):
    """The answer can be fetched."""

    number: Number
    link: Link
    expires: datetime


class Refusal(Facts, frozen=True, kw_only=True):
    """The request is refused, in whole or in part."""

    number: Number
    reasons: Annotated[tuple[Words, ...], Meta(min_length=1)]
    partly: bool = False


class Done(Facts, frozen=True, kw_only=True):
    """What was asked for is done."""

    number: Number


class WithdrawalDone(Facts, frozen=True, kw_only=True):
    """A withdrawal binds; what is kept by law all the same."""

    number: Number
    purposes: tuple[Words, ...] = ()
    """What was withdrawn from; empty: everything."""
    kept: tuple[Words, ...] = ()


class Erased(Facts, frozen=True, kw_only=True):
    """The data is destroyed; the certificate is attached."""

    number: Number
    kept: tuple[Words, ...] = ()
    """What the law wants kept, with ground and end."""
    verify: Link | None = None
    """Where the certificate can be checked."""
    until: date | None = None
    """When what was written in the request is destroyed too."""


class CorrectionDone(Facts, frozen=True, kw_only=True):
    """The data is corrected."""

    number: Number
    fields: Annotated[tuple[Words, ...], Meta(min_length=1)]
    """The names of the fields; never their values."""


class MailingsStopped(Facts, frozen=True, kw_only=True):
    """No more mailings."""

    purposes: tuple[Words, ...] = ()


class AnswerInWords(Facts, frozen=True, kw_only=True):
    """What staff looked into is answered: a claim, a complaint, a concern."""

    number: Number
    granted: bool
    reasons: tuple[Words, ...] = ()
    """Why not, where it is not."""
    text: tuple[Words, ...] = ()
    """The answer, paragraph by paragraph."""
    blocked: bool = False
    """Whether the data stays blocked until what was confirmed is put right."""


class YourWord(Facts, frozen=True, kw_only=True):
    """Somebody else gave data about the person, who is asked for their own word."""

    link: Link


class Note(Facts, frozen=True, kw_only=True):
    """Something that staff writes about a request in their own words."""

    number: Number
    text: Annotated[tuple[Words, ...], Meta(min_length=1)]
    """What is written, paragraph by paragraph."""


class Reminder(Facts, frozen=True, kw_only=True):
    """For staff: a request has to be answered. No word of whose it is."""

    number: Number
    due: date
    days: int
    """Days left; below 0: so many days late."""
    link: Link


class ApprovalNeeded(Facts, frozen=True, kw_only=True):
    """For staff: a second person has to look at a plan."""

    number: Number
    link: Link
    acts: Annotated[int, Meta(ge=0)] = 0
    """How many acts are planned."""


class AccountNotice(Facts, frozen=True, kw_only=True):
    """For staff: something was done with their account."""

    done: Words
    """What was done."""
    at: datetime
    link: Link
    device: Annotated[str, Meta(max_length=80)] = ""
    """Browser and system in words, if it is about a sign-in."""


class MailTest(Facts, frozen=True, kw_only=True):
    """For staff: somebody tries whether mail goes out."""


class Mailing(Facts, frozen=True, kw_only=True):
    """News or an offer, in the operator's own words."""

    title: Words
    text: Annotated[tuple[Words, ...], Meta(min_length=1)]
    link: Link | None = None
    unsubscribe: Link
    """The link that ends these mailings."""


TEMPLATES: dict[str, type[Facts]] = {
    "code": Coded,
    "received": Received,
    "needs_identity": NeedsIdentity,
    "needs_more": NeedsMore,
    "extended": Extended,
    "answer_ready": AnswerReady,
    "refused": Refusal,
    "withdrawal_done": WithdrawalDone,
    "erased": Erased,
    "block_done": Done,
    "unblocked": Done,
    "correction_done": CorrectionDone,
    "mailings_stopped": MailingsStopped,
    "claim_answer": AnswerInWords,
    "compensation_answer": AnswerInWords,
    "complaint_answer": AnswerInWords,
    "concern_answer": AnswerInWords,
    "objection_answer": AnswerInWords,
    "your_word": YourWord,
    "note": Note,
    "reminder": Reminder,
    "approval_needed": ApprovalNeeded,
    "account_notice": AccountNotice,
    "mail_test": MailTest,
    "mailing": Mailing,
}
"""Template → its facts."""

MARKETING = frozenset({"mailing"})
"""Templates that need consent and carry the link that ends them."""

SECRET = frozenset({"code", "answer_ready", "your_word"})
"""Templates that carry a secret which is for the person alone."""

STAFF = frozenset({"reminder", "approval_needed", "account_notice", "mail_test"})
"""Templates that go to the operator's own people."""
