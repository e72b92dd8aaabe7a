"""May we write? Mailings go to who agreed, by that way, to the address given for it, until they say no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from senim.app import Senim
from senim.consent import Scope
from senim.errors import Code
from senim.identity import SubjectId
from senim.messaging.actions import Messages
from senim.messaging.mail import Post
from senim.messaging.marketing import BY_LINK, Marketing, May, Subscription
from senim.subjects import Standing
from senim.testing import FixedClock, Person, Stage
from senim.vault import BlindIndex
from senim.work import Work
from tests.features import acting
from tests.features.acting import refused, senim_of, stranger
from tests.mailserver import Mailbox

URL = "https://mini.example"
SECRET = b"s" * 32


class Mailings:
    """A platform that sends mailings."""

    def __init__(self, senim: Senim, mailbox: Mailbox) -> None:
        self.senim, self.mailbox = senim, mailbox
        self.messages = Messages(
            policies=senim.policies,
            boxes=senim.boxes,
            orders=senim.orders,
            server=mailbox.server,
            mailer=Post(mailbox.server),
        )
        self.marketing = self.made(URL)

    def made(self, url: str, secret: bytes = SECRET) -> Marketing:
        senim = self.senim
        return Marketing(
            policies=senim.policies,
            subjects=senim.subjects,
            consents=senim.consents,
            gate=senim.gate,
            vault=senim.vault,
            messages=self.messages,
            index=BlindIndex(secret),
            secret=secret,
            url=url,
        )

    def may(self, person: Person, purpose: str = "newsletter", channel: str = "email") -> May:
        return acting.about(
            self.senim,
            person.subject,
            lambda work, who: self.marketing.may_write(work, who, purpose, channel=channel),
        )

    def write(self, person: Person, purpose: str = "newsletter", marketing: Marketing | None = None) -> SubjectId:
        def act(work: Work, who: Standing) -> SubjectId:
            return (marketing or self.marketing).write(
                work, who, purpose, language="kk", title="Жаңа шай", text=("Дүкенге жаңа шай келді.",)
            )

        return acting.about(self.senim, person.subject, act)

    def token(self, person: Person) -> str:
        """The token of the link in a mailing that this person got."""
        self.write(person)
        self.senim.orders.run_due("mail")
        link: str = self.mailbox.mails[-1]["List-Unsubscribe"]
        assert link.startswith(f"<{URL}/unsubscribe/")
        return link.strip("<>").rpartition("/")[2]

    def unsubscribe(self, token: str) -> Subscription:
        return self.senim.run(BY_LINK, lambda work: self.marketing.unsubscribe(work, token))

    def undo(self, token: str) -> Subscription:
        return self.senim.run(BY_LINK, lambda work: self.marketing.undo(work, token))

    def returns(self, token: str) -> bool:
        return self.marketing.returns(self.senim.works.begin(BY_LINK), token)

    def look(self, token: str) -> Subscription:
        return self.marketing.look(self.senim.works.begin(BY_LINK), token)


@pytest.fixture
def mailings(stage: Stage, tmp_path: Path) -> Iterator[Mailings]:
    """A platform that sends mailings by a real mail server."""
    with Mailbox(tmp_path) as mailbox:
        made = Mailings(senim_of(stage), mailbox)
        yield made
        made.messages.close()


def _codes(may: May) -> set[str]:
    return {reason.code.value for reason in may.reasons}


def test_a_mailing_reaches_who_agreed_and_carries_its_end(mailings: Mailings, stage: Stage) -> None:
    """Header and foot have the link that ends it (RFC 8058, foundation-34); the log tells purpose and way."""
    person = stage.person("registration")
    assert mailings.may(person)
    message = mailings.write(person)
    mailings.senim.orders.run_due("mail")
    (mail,) = mailings.mailbox.mails
    assert mail["To"] == person.values["contact.email"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>")
    for form in ("plain", "html"):
        body = mail.get_body((form,))
        assert body is not None
        assert link in body.get_content()
    entries = [one for one in acting.told_of(mailings.senim, person.subject) if one.act == "message.sent"]
    assert [(one.ref, one.purpose, one.channel) for one in entries] == [(message, "newsletter", "email")]


@pytest.mark.parametrize(
    ("purpose", "channel", "code"),
    [
        ("orders", "email", "purpose_undeclared"),
        ("unknown", "email", "purpose_undeclared"),
        ("newsletter", "telephone", "channel_undeclared"),
        ("newsletter", "post", "channel_undeclared"),
        ("newsletter", "pigeon", "channel_undeclared"),
    ],
)
def test_only_what_the_policy_calls_a_mailing_may_be_one(
    mailings: Mailings, stage: Stage, purpose: str, channel: str, code: str
) -> None:
    """Service purposes carry no advertising (travel-7), and a way that no purpose declares is closed."""
    assert code in _codes(mailings.may(stage.person("registration"), purpose, channel))


def test_each_way_of_contact_has_a_consent_of_its_own(mailings: Mailings, stage: Stage) -> None:
    """Who ended e-mail may be written to by SMS still, and the other way round (foundation-16)."""
    person = stage.person("registration")
    acting.withdraw(mailings.senim, person.subject, Scope(purpose="newsletter", channel="email"))
    assert _codes(mailings.may(person)) == {"consent_withdrawn"}
    assert mailings.may(person, channel="sms")
    refused(Code.CONSENT_WITHDRAWN, lambda: mailings.write(person))
    assert mailings.senim.orders.run_due("mail") == 0


def test_who_never_agreed_is_blocked_or_stopped_is_not_written_to(mailings: Mailings, stage: Stage) -> None:
    """Consent, blocks and stops bind mailings as they bind all else."""
    silent = stage.person(
        "registration", consents=stage.consents("registration", only=lambda one: one.channel != "email")
    )
    assert _codes(mailings.may(silent)) == {"consent_missing"}
    person, senim = stage.person("registration"), mailings.senim
    acting.about(senim, person.subject, lambda work, who: senim.gate.stop(work, who, "newsletter", reason="legal-duty"))
    assert _codes(mailings.may(person)) == {"subject_stopped"}
    refused(Code.SUBJECT_STOPPED, lambda: mailings.write(person))


def test_an_address_that_was_not_given_for_it_is_not_used(mailings: Mailings, stage: Stage) -> None:
    """Without an address for this purpose there is no mailing (foundation-15), nor for a sender who may not read."""
    person = stage.person("registration")
    bare = {one: value for one, value in stage.values("registration").items() if one != "contact.phone"}
    assert mailings.may(stage.person("registration", values=bare), channel="sms"), "the gate says whether, not where to"
    with pytest.raises(Exception, match="role_not_allowed"):
        acting.about(
            mailings.senim,
            person.subject,
            lambda work, who: mailings.marketing.write(work, who, "newsletter", language="ru", title="a", text=("b",)),
            actor=stranger("consent"),
        )
    refused(Code.SETTING_WRONG, lambda: mailings.write(person, marketing=mailings.made("")))


def test_one_click_ends_it_at_once_and_for_good(mailings: Mailings, stage: Stage) -> None:
    """Looking ends nothing, one click does, two do no more; the consent is withdrawn, as the log tells (travel-48)."""
    person, senim = stage.person("registration"), mailings.senim
    token = mailings.token(person)
    for _ in range(2):
        assert mailings.look(token).ended is False
    assert mailings.may(person)
    found = mailings.unsubscribe(token)
    assert (found.purpose, found.channel, found.ended) == ("newsletter", "email", True)
    assert found.name.en == "newsletter"
    assert _codes(mailings.may(person)) == {"consent_withdrawn"}
    assert mailings.look(token).ended
    events = len(senim.consents.history(person.subject)[0])
    assert mailings.unsubscribe(token).ended
    events_after = senim.consents.history(person.subject)[0]
    assert len(events_after) == events
    assert (events_after[-1].said.given, events_after[-1].actor) == (False, "person:unsubscribe-link")
    refused(Code.CONSENT_WITHDRAWN, lambda: mailings.write(person))


def test_a_click_by_mistake_is_taken_back(mailings: Mailings, stage: Stage, clock: FixedClock) -> None:
    """Within a day the same link undoes it, on the ground of what was shown when they agreed; later it does not."""
    person = stage.person("registration")
    token = mailings.token(person)
    refused(Code.NOT_FOUND, lambda: mailings.undo(token))
    assert not mailings.returns(token)
    mailings.unsubscribe(token)
    clock.move(hours=1)
    assert mailings.returns(token)
    assert mailings.undo(token).ended is False
    assert mailings.may(person)
    assert mailings.write(person)
    mailings.unsubscribe(token)
    clock.move(hours=25)
    refused(Code.NOT_FOUND, lambda: mailings.undo(token))
    assert not mailings.may(person)


@pytest.mark.parametrize("since", [False, True])
def test_a_link_brings_back_nothing_that_people_took_back_themselves(
    mailings: Mailings, stage: Stage, clock: FixedClock, *, since: bool
) -> None:
    """A mail that was handed on holds the link: undoing restores what the link ended, and no other no of theirs."""
    person, senim = stage.person("registration"), mailings.senim
    token = mailings.token(person)
    acts: list[Callable[[], object]] = [
        lambda: acting.withdraw(senim, person.subject, Scope(purpose="newsletter")),
        lambda: mailings.unsubscribe(token),
    ]
    for act in reversed(acts) if since else acts:
        act()
        clock.move(minutes=1)
    refused(Code.NOT_FOUND, lambda: mailings.undo(token))
    assert not mailings.returns(token)
    assert not mailings.may(person)


def test_an_address_is_left_alone_after_its_person_is_erased(mailings: Mailings, stage: Stage) -> None:
    """Who comes back with the same address, or gives it for somebody, does not bring the mailings back (travel-48)."""
    person, senim = stage.person("registration"), mailings.senim
    token = mailings.token(person)
    mailings.unsubscribe(token)
    acting.erase(senim, person.subject)
    assert mailings.unsubscribe(token).ended
    refused(Code.SUBJECT_ERASED, lambda: mailings.undo(token))
    assert not mailings.returns(token)
    values = {**stage.values("registration"), "contact.email": person.values["contact.email"]}
    again = stage.person("registration", values=values)
    assert mailings.may(again)
    refused(Code.CONSENT_WITHDRAWN, lambda: mailings.write(again))
    assert mailings.write(stage.person("registration"))


def test_a_link_of_an_erased_person_still_ends_the_mailings(mailings: Mailings, stage: Stage) -> None:
    """A link works for ever: who is not on file any more is answered like anybody."""
    person = stage.person("registration")
    token = mailings.token(person)
    acting.erase(mailings.senim, person.subject)
    assert mailings.unsubscribe(token).ended


def test_a_link_that_is_none_of_ours_ends_nothing(mailings: Mailings, stage: Stage) -> None:
    """A changed, cut, lengthened or foreign link is told as not found; every byte of it counts."""
    token = mailings.token(stage.person("registration"))
    at_end, at_start = ("A" if token[place] != "A" else "B" for place in (-2, 0))
    foreign = mailings.made(URL, b"x" * 32)
    for wrong in (
        "",
        "x",
        token[:-4],
        token + "AAAA",
        token[:-2] + at_end + token[-1],
        "A" * 500,
        "é",
        at_start + token[1:],
    ):
        refused(Code.NOT_FOUND, lambda wrong=wrong: mailings.unsubscribe(wrong))  # type: ignore[misc]
    with pytest.raises(Exception, match="not_found"):
        foreign.look(mailings.senim.works.begin(BY_LINK), token)


def test_links_hold_no_personal_value(mailings: Mailings, stage: Stage) -> None:
    """A link may lie in any proxy's log: it holds random ids and keyed digests."""
    import base64

    person = stage.person("registration")
    token = mailings.token(person)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert len(token) < 120
    assert not any(value.encode() in raw for value in person.values.values() if len(value) > 3)
