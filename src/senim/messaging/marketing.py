"""May we write? Mailings go to who agreed to them, to the address given for them, until the person says no.

The link at the foot of a mailing ends it with one click (RFC 8058): a GET shows what it ends, a POST ends it. It
withdraws the consent for that way of contact (94-V 8; travel-48, foundation-34), and the address is remembered as a
keyed digest, so that it is not written to again, whoever gives it, even after the person is erased.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import timedelta

from senim.consent import Consents, Event, Evidence, Scope
from senim.errors import Code, Invalid, NotFound, NotPromised, Reason
from senim.gate import Gate, Question
from senim.identity import Actor, ActorKind, SubjectId
from senim.languages import Language, Text
from senim.messaging import store
from senim.messaging.actions import Messages
from senim.messaging.records import To
from senim.policy import Policies
from senim.policy.promises import Promises
from senim.policy.records import Field
from senim.policy.taxonomy import Channel, FieldType, Operation
from senim.policy.values import normalise
from senim.subjects import Standing, Subjects
from senim.vault import BlindIndex, Vault
from senim.work import Work

BY_LINK = Actor(kind=ActorKind.PERSON, id="unsubscribe-link", role="person", may=frozenset({"consent"}))
"""Whoever holds the link of a mailing: may end it, and take that back, and nothing else."""

UNDO = timedelta(days=1)
"""How long an unsubscribing can be taken back by the same link."""

_TYPES: dict[Channel, FieldType] = {
    Channel.EMAIL: FieldType.EMAIL,
    Channel.SMS: FieldType.PHONE,
    Channel.TELEPHONE: FieldType.PHONE,
    Channel.MESSENGER: FieldType.PHONE,
}
_VERSION = b"\x01"
MOST_COUNTED = 100_000
"""Addresses that are counted at most: more are told as more."""


@dataclass(frozen=True, slots=True)
class May:
    """The answer: true, or all the reasons why not."""

    reasons: tuple[Reason, ...]
    field: str = ""
    """The field that holds the address for this purpose."""

    def __bool__(self) -> bool:
        """Whether the person may be written to."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a link ends: the purpose and the way of contact, and whether it is ended already."""

    subject: SubjectId
    purpose: str
    channel: Channel
    name: Text
    """What the purpose is called."""
    ended: bool


@dataclass(frozen=True, slots=True)
class _Token:
    subject: SubjectId
    digest: bytes
    channel: Channel
    purpose: str


class Marketing:
    """Mailings, and the end of them."""

    def __init__(
        self,
        *,
        policies: Policies,
        subjects: Subjects,
        consents: Consents,
        gate: Gate,
        vault: Vault,
        messages: Messages,
        index: BlindIndex,
        secret: bytes,
        url: str = "",
    ) -> None:
        self._policies = policies
        self._subjects = subjects
        self._consents = consents
        self._gate = gate
        self._vault = vault
        self._messages = messages
        self._index = index
        self._secret = hmac.digest(secret, b"senim unsubscribe links", "sha256")
        self._url = url.rstrip("/")

    def by(self, messages: Messages, *, url: str) -> Marketing:
        """The same mailings by another outbox and with links to another address: for drills, and further sites."""
        other = copy(self)
        other._messages, other._url = messages, url.rstrip("/")  # noqa: SLF001  # a copy of our own
        return other

    def may_write(self, work: Work, standing: Standing, purpose: str, *, channel: str = Channel.EMAIL) -> May:
        """May this person be written to for a purpose by a way of contact? Asks the gate; the address is not looked at.

        The purpose must be one of marketing, must need an address for the channel, and the person must have agreed to
        it by this channel (foundation-15, foundation-16, shop-13).
        """
        promises = self._policies.in_force(work.now)
        declared = promises.policy.purposes.get(purpose)
        if declared is None or declared.kind != "marketing":
            return May((promises.reason(Code.PURPOSE_UNDECLARED, purpose),))
        field = _field(promises, purpose, channel)
        if field is None:
            return May((promises.reason(Code.CHANNEL_UNDECLARED, channel, f"purposes.{purpose}"),))
        question = Question(Operation.USE, purpose, standing.subject, (field,), channel=channel)
        return May(self._gate.reasons(work, question, standing), field)

    def write(
        self,
        work: Work,
        standing: Standing,
        purpose: str,
        *,
        language: Language,
        title: str | Text,
        text: Sequence[str | Text],
        link: str | None = None,
    ) -> SubjectId:
        """Send a mailing to a person who agreed to it; the message's id. Whoever sends must be allowed to read.

        Raises NotPromised with all reasons if the person may not be written to, NotFound if no address was given for
        the purpose, Invalid (setting_wrong) if the service's public address is not set: no mailing goes without a link.
        """
        if not self._url.startswith("http"):
            raise Invalid(Code.SETTING_WRONG, "serve.url")
        may = self.may_write(work, standing, purpose)
        if not may:
            raise NotPromised.because(*may.reasons)
        told = self._vault.read(work, standing, purpose, categories=(may.field,))
        kept = told.values.get(may.field)
        if kept is None or may.field in told.masked:
            raise NotFound(Code.NOT_FOUND, may.field)
        digest = self._digest(Channel.EMAIL, kept.value)
        if store.refuses(work.database, digest, purpose):
            promises = self._policies.in_force(work.now)
            raise NotPromised.because(promises.reason(Code.CONSENT_WITHDRAWN, "@email", f"purposes.{purpose}"))
        token = self._token(_Token(standing.subject, digest, Channel.EMAIL, purpose))
        facts = {"title": title, "text": tuple(text), "link": link, "unsubscribe": f"{self._url}/unsubscribe/{token}"}
        to = To(address=kept.value, subject=standing.subject)
        return self._messages.send(work, "mailing", to=to, language=language, facts=facts, purpose=purpose)

    def look(self, work: Work, token: str) -> Subscription:
        """What a link ends, without ending it. Raises NotFound (not_found) for a link that is none of ours."""
        known = self._opened(token)
        purpose = self._policies.in_force(work.now).policy.purposes.get(known.purpose)
        return Subscription(
            subject=known.subject,
            purpose=known.purpose,
            channel=known.channel,
            name=purpose.name if purpose else Text(),
            ended=store.refuses(work.database, known.digest, known.purpose),
        )

    def unsubscribe(self, work: Work, token: str) -> Subscription:
        """End what a link ends, at once; doing it again changes nothing. Raises NotFound (not_found)."""
        known = self._opened(token)
        found = self.look(work, token)
        if found.ended:
            return found
        store.unsubscribe(work, known.digest, known.purpose)
        standing = self._subjects.look(work.database, known.subject)
        if standing is not None and not standing.erased:
            standing = self._subjects.about(work, known.subject)
            scope = Scope(purpose=known.purpose, channel=known.channel)
            self._consents.withdraw(work, standing, scope, evidence=Evidence(surface="subscription", act="button"))
        return Subscription(found.subject, found.purpose, found.channel, found.name, ended=True)

    def suppressed(self, work: Work) -> dict[str, int]:
        """How many addresses refuse each kind of mailing, counted up to ``MOST_COUNTED``, for who may read the log."""
        work.need("log")
        return dict(store.how_many(work.database, MOST_COUNTED))

    def refusals(self, work: Work, channel: Channel, address: str) -> dict[str, int]:
        """Which mailings an address does not want, and since when (microseconds), for who may find people; logged.

        Raises Invalid (invalid_value) for what is no address of the channel.
        """
        work.attempt("mailings.read", channel=channel.value)
        work.need("find")
        if channel not in _TYPES:
            raise Invalid(Code.INVALID_VALUE, "channel")
        digest = self._digest(channel, normalise(address, Field(type=_TYPES[channel])))
        promises = self._policies.in_force(work.now)
        marketing = [name for name, one in promises.policy.purposes.items() if one.kind == "marketing"]
        found = {name: store.refused_since(work.database, digest, name) for name in marketing}
        work.record("mailings.read", channel=channel.value, policy=promises.version)
        return {name: since for name, since in found.items() if since is not None}

    def undo(self, work: Work, token: str) -> Subscription:
        """Take an unsubscribing back that was a mistake: the earlier consent is given again, with what was shown then.

        Raises NotFound if nothing was ended or that was more than a day ago, NotPromised (notice_outdated) if the
        policy has changed since: then the person has to agree to the new text.
        """
        known = self._opened(token)
        self._need_lately(work, known)
        standing = self._subjects.about(work, known.subject)
        evidence = self._shown(known)
        store.resubscribe(work, known.digest, known.purpose)
        scope = Scope(purpose=known.purpose, channel=known.channel)
        self._consents.give(work, standing, scope, evidence=evidence)
        return Subscription(known.subject, known.purpose, known.channel, self.look(work, token).name, ended=False)

    def returns(self, work: Work, token: str) -> bool:
        """Whether :meth:`undo` has something to take back now. Raises NotFound for a link that is none of ours."""
        known = self._opened(token)
        standing = self._subjects.look(work.database, known.subject)
        if standing is None or standing.erased:
            return False
        try:
            self._need_lately(work, known)
            self._shown(known)
        except NotFound:
            return False
        return True

    def _need_lately(self, work: Work, known: _Token) -> None:
        since = store.refused_since(work.database, known.digest, known.purpose)
        if since is None or work.at - since > UNDO // timedelta(microseconds=1):
            raise NotFound(Code.NOT_FOUND, "unsubscribing")

    def _shown(self, known: _Token) -> Evidence:
        """What the person was shown when they agreed to what the link ended.

        Raises NotFound if they took it back themselves, before or since: whoever holds a link says no yes of theirs.
        """
        about = self._said_about(known)
        last, before = next(about, None), next(about, None)
        if before is None or last is None or not before.said.given or last.said.given or last.actor != BY_LINK.label:
            raise NotFound(Code.NOT_FOUND, "consent")
        shown = before.said.evidence
        return Evidence(notice=shown.notice, language=shown.language, surface="subscription", act="button")

    def _said_about(self, known: _Token) -> Iterator[Event]:
        """What the person agreed to and withdrew of what the link is about, the newest first."""
        before = 0
        while True:
            events, before = self._consents.newest(known.subject, before)
            for event in events:
                scope = event.said.scope
                if scope.purpose == known.purpose and scope.channel in ("", known.channel):
                    yield event
            if not before:
                return

    def _digest(self, channel: Channel, address: str) -> bytes:
        return self._index.digest(f"unsubscribed.{_TYPES[channel]}", address)

    def _token(self, token: _Token) -> str:
        """What stands in a link: ids and a keyed digest, signed; it opens nothing but this."""
        content = _VERSION + bytes.fromhex(token.subject) + token.digest + f"{token.channel}/{token.purpose}".encode()
        return _encoded(self._mac(content) + content)

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, "sha256")[:16]

    def _opened(self, token: str) -> _Token:
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            content = raw[16:]
            signed = hmac.compare_digest(raw[:16], self._mac(content)) and content[:1] == _VERSION
            if not signed or _encoded(raw) != token:  # two ways of writing one link are one too many
                raise NotFound(Code.NOT_FOUND, "link")
            channel, _, purpose = content[33:].decode().partition("/")
            return _Token(SubjectId(content[1:17].hex()), content[17:33], Channel(channel), purpose)
        except (ValueError, binascii.Error) as error:
            raise NotFound(Code.NOT_FOUND, "link") from error


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _field(promises: Promises, purpose: str, channel: str) -> str | None:
    """The field of a purpose that holds the address for a channel: the first that the policy names."""
    kind = _TYPES.get(Channel(channel)) if channel in set(Channel) else None
    fields = [name for name in promises.fields if name in promises.needed[purpose]]
    return next((name for name in fields if promises.fields[name].type is kind), None)
