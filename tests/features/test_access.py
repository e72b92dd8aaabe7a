"""Access: keys of the operator's systems, and what each role of the policy may do with every verb."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from senim.app import Senim
from senim.consent import Scope
from senim.errors import Code, NotAllowed
from senim.gate import Question
from senim.gate.access import VERBS, actor_of
from senim.identity import Actor, ActorKind
from senim.subjects import Standing
from senim.testing import FixedClock, Person, Stage
from senim.work import Work
from tests.features import acting
from tests.features.acting import about, another, recorded, refused, senim_of, stranger

Verb = Callable[[Stage, Person, Actor], object]
DELIVERY = Scope(purpose="delivery")


def key_of(senim: Senim, role: str) -> tuple[str, str]:
    """A new key for a role: its id and token."""
    key, token = senim.run(senim.actor(), lambda work: senim.access.add(work, f"{role} system", role=role))
    return key.id, token


def signed_in(senim: Senim, token: str) -> Actor:
    """Whom a token stands for."""
    return senim.access.actor(senim.policies.in_force(senim.works.clock.now()), token)


def test_a_key_stands_for_one_role_and_its_secret_is_kept_nowhere(stage: Stage, clock: FixedClock) -> None:
    """A system signs in with a key that only it has; the operator keeps a digest (airline-9)."""
    senim = senim_of(stage)
    entries = recorded(senim, lambda: key_of(senim, "till"))
    assert [(one.act, one.reason) for one in entries] == [("key.added", "till")]
    key, token = key_of(senim, "shop")
    actor = signed_in(senim, token)
    assert (actor.kind, actor.role, actor.id) == (ActorKind.SERVICE, "shop", f"key-{key}")
    assert actor.may == set(stage.policy.roles["shop"].may)
    kept = senim.run(senim.actor(), senim.access.all)
    assert [(one.role, one.label) for one in kept] == [("till", "till system"), ("shop", "shop system")]
    secret = token[-43:]  # it may hold underscores itself
    assert secret not in str(kept)
    wrong = ("", "senim", token[:-1], f"{token}x", token.replace(key, "0" * 32), token[:-43] + "A" * 43, f" {token}")
    for text in wrong:
        refused(Code.NOT_SIGNED_IN, partial(signed_in, senim, text))
    assert signed_in(senim, token) == actor


def test_a_revoked_key_opens_nothing_in_any_process(
    stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost key is closed at once where it is revoked, and in other processes within a second."""
    watch = acting.Stopwatch()
    monkeypatch.setattr("senim.gate.access.time", watch)
    senim = senim_of(stage)
    key, token = key_of(senim, "shop")
    with another(stage, clock) as second:
        assert signed_in(second, token) == signed_in(senim, token)
        revoke = partial(senim.run, senim.actor(), lambda work: senim.access.revoke(work, key))
        assert [(one.act, one.ref) for one in recorded(senim, revoke)] == [("key.revoked", key)]
        refused(Code.NOT_SIGNED_IN, lambda: signed_in(senim, token))
        watch.seconds += 1.01
        refused(Code.NOT_SIGNED_IN, lambda: signed_in(second, token))
    entries = recorded(senim, revoke, refusal=Code.NOT_FOUND)
    assert [(one.act, one.outcome) for one in entries] == [("key.revoked", "refused")]
    assert [one.revoked_at > 0 for one in senim.run(senim.actor(), senim.access.all)] == [True]


def test_keys_are_given_only_by_who_may_and_only_to_roles_that_exist(stage: Stage) -> None:
    """No key for a role that the policy lacks, above all none that stands for the responsible person."""
    senim = senim_of(stage)
    for role in ("responsible", "system", "nobody", ""):
        entries = recorded(senim, partial(key_of, senim, role), refusal=Code.NOT_FOUND)
        assert [(one.act, one.outcome) for one in entries] == [("key.added", "refused")]
    add = senim.access.add
    for label in ("", "x" * 61, "line\nbreak", "<b>"):
        act = partial(add, label=label, role="shop")
        recorded(senim, partial(senim.run, senim.actor(), act), refusal=Code.INVALID_VALUE)
    clerk = stranger(*(VERBS - {"policy"}))
    verbs: list[Callable[[Work], object]] = [
        lambda work: add(work, "mine", role="shop"),
        lambda work: senim.access.revoke(work, "0" * 32),
        senim.access.all,
    ]
    for verb in verbs:
        entries = recorded(senim, partial(senim.run, clerk, verb), refusal=Code.ROLE_NOT_ALLOWED)
        assert [(one.actor, one.outcome, one.codes) for one in entries] == [
            (clerk.label, "refused", ("role_not_allowed",))
        ]
    assert senim.run(senim.actor(), senim.access.all) == []


def test_a_key_follows_the_policy_when_its_role_loses_grants(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """What a new version takes from a role, its keys have lost with the next request; a role that is gone is out."""
    senim = senim_of(stage)
    _, token = key_of(senim, "desk")
    assert "find" in signed_in(senim, token).may
    fewer = mini.replace(b"may: [find, read, check]\n    purposes: [orders]", b"may: [check]\n    purposes: [orders]")
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, fewer))
    assert signed_in(senim, token).may == {"check"}
    begin, end = mini.index(b"  desk:\n"), mini.index(b"purposes:\n  orders:")
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini[:begin] + mini[end:]))
    refused(Code.ROLE_NOT_ALLOWED, lambda: signed_in(senim, token))


def verb(grant: str, of: Callable[[Senim, Work, Standing], object]) -> tuple[str, Verb]:
    """A verb about a person that needs a grant."""

    def act(stage: Stage, person: Person, actor: Actor) -> object:
        senim = senim_of(stage)
        return about(senim, person.subject, lambda work, who: of(senim, work, who), actor=actor)

    return grant, act


EVERY_VERB: dict[str, tuple[str, Verb]] = {
    "give": verb("consent", lambda s, w, who: s.consents.give(w, who, DELIVERY, evidence=acting.ACCOUNT)),
    "withdraw": verb("consent", lambda s, w, who: s.consents.withdraw(w, who, DELIVERY, evidence=acting.ACCOUNT)),
    "withdraw_all": verb("consent", lambda s, w, who: s.consents.withdraw_all(w, who, evidence=acting.ACCOUNT)),
    "prove": verb("read", lambda s, w, who: s.consents.prove(w, who.subject, s.consents.history(who.subject)[0][0].id)),
    "read": verb("read", lambda s, w, who: s.vault.read(w, who, "orders")),
    "list files": verb("read", lambda s, w, who: s.documents.list(w, who)),
    "open a file": verb("read", lambda s, w, who: s.documents.open(w, who, "0" * 32, "newsletter")),
    "find": verb("find", lambda s, w, who: s.vault.find(w, "email", "nobody@people.example")),
    "correct": verb("correct", lambda s, w, who: s.collection.correct(w, who, "orders", values={"contact.note": "x"})),
    "receive": verb("intake", lambda s, w, who: s.collection.receive(
        w, who, "profile.scan", media="application/pdf", content=io.BytesIO(b"%PDF-"), purpose="newsletter")),
    "block": verb("block", lambda s, w, who: s.gate.block(w, who, reason="legal-duty")),
    "unblock": verb("block", lambda s, w, who: s.gate.unblock(w, who, reason="legal-duty")),
    "stop": verb("block", lambda s, w, who: s.gate.stop(w, who, "delivery", reason="legal-duty")),
    "resume": verb("block", lambda s, w, who: s.gate.resume(w, who, "delivery", reason="legal-duty")),
    "happened": verb("event", lambda s, w, who: s.gate.happened(w, who, "order-completed", w.at)),
    "erase": verb("erase", lambda s, w, who: s.vault.erase(w, who, reason="request")),
    "check": ("check", lambda stage, person, actor: stage.ask(Question("use", "orders", person.subject), actor=actor)),
    "intake": ("intake", lambda stage, person, actor: senim_of(stage).run(
        actor, lambda work: stage.platform.collection.intake(work, stage.request("registration")))),
    "publish": ("policy", lambda stage, person, actor: senim_of(stage).run(
        actor, lambda work: stage.platform.policies.publish(work, b"senim: 1"))),
    "add a key": ("policy", lambda stage, person, actor: senim_of(stage).run(
        actor, lambda work: senim_of(stage).access.add(work, "x", role="nobody"))),
    "keys": ("policy", lambda stage, person, actor: senim_of(stage).run(actor, senim_of(stage).access.all)),
    "revoke": ("policy", lambda stage, person, actor: senim_of(stage).run(
        actor, lambda work: senim_of(stage).access.revoke(work, "0" * 32))),
}  # fmt: skip


def lacks_the_grant(act: Callable[[], object]) -> bool:
    """Whether an act is refused because the role may not do it at all."""
    try:
        act()
    except NotAllowed as error:
        return error.where.endswith(tuple(f": {grant}" for grant in VERBS))
    except Exception as error:
        if not hasattr(error, "reasons"):
            raise
    return False


@pytest.mark.parametrize("role", ["shop", "till", "desk", "responsible", "stranger"])
def test_no_role_gets_more_than_its_grants(stage: Stage, role: str) -> None:
    """Every verb is open to a role exactly if the policy grants it; every try without is in the log (tickets-12)."""
    senim = senim_of(stage)
    promises = stage.promises
    actor = stranger() if role == "stranger" else actor_of(promises, role, "test")
    for name, (grant, act) in EVERY_VERB.items():
        person = stage.person()
        senim.tick()
        size = senim.log.size
        assert lacks_the_grant(partial(act, stage, person, actor)) == (grant not in actor.may), name
        senim.tick()
        own = [entry for _, entry in senim.log.entries(size) if entry.actor == actor.label]
        if grant not in actor.may:
            assert [(entry.outcome, entry.codes) for entry in own] == [("refused", ("role_not_allowed",))], name
            standing = senim.subjects.find(senim.database, person.subject)
            assert standing.epoch == 1, f"{name} left something behind"
            assert senim.run(senim.actor(), partial(senim.vault.held, standing=standing)), name


SEES: dict[str, tuple[set[str], set[str], set[str]]] = {
    "shop": ({"identity.family", "contact.email", "contact.phone"}, set(), {"payment-card"}),
    "till": (set(), {"identity.family", "contact.email"}, set()),
    "desk": ({"identity.family"}, {"contact.email", "contact.phone"}, {"payment-card"}),
    "responsible": ({"identity.family", "contact.email"}, set(), {"payment-card"}),
}
"""Of reading for orders: what a role is told in clear, what masked, which categories not at all."""


@pytest.mark.parametrize("role", SEES)
def test_a_role_is_told_what_it_may_see_and_the_rest_masked_or_not_at_all(stage: Stage, role: str) -> None:
    """Reading names a purpose; values that a role may not see come masked, a card reaches no human (mini-3)."""
    senim, person = senim_of(stage), stage.person()
    clear, masked, withheld = SEES[role]
    told = acting.read(senim, person.subject, actor=senim.actor(role))
    values = {name: kept.value for name, kept in told.values.items()}
    assert all(values[name] == person.values[name] for name in clear), values
    assert masked <= set(told.masked)
    assert not clear & set(told.masked)
    assert all(person.values[name] not in values[name] for name in masked)
    assert set(told.withheld) == withheld
    if role == "till":
        assert values["payment-card.pan"] == person.values["payment-card.pan"]
    else:
        assert not any(name.startswith("payment-card") for name in values)
    assert not any(name.startswith("profile") for name in values), "another purpose's data"


def test_a_role_acts_for_its_own_purposes_and_operations_alone(stage: Stage) -> None:
    """A grant to read opens only the purposes and operations that the policy gives the role."""
    senim, person = senim_of(stage), stage.person()
    cases: list[tuple[str, str, str, dict[str, Any]]] = [
        ("desk", "extract", "newsletter", {}),
        ("desk", "store", "orders", {}),
        ("till", "extract", "bookkeeping", {}),
        ("shop", "extract", "orders", {"categories": ("payment-card",)}),
    ]
    for role, operation, purpose, more in cases:
        actor = senim.actor(role)
        decision = senim.gate.check(actor, Question(operation, purpose, person.subject, **more))
        assert acting.codes(decision) == {Code.ROLE_NOT_ALLOWED}, (role, operation, purpose)
        if operation == "extract":
            categories = more.get("categories", ())
            look = partial(acting.read, senim, person.subject, purpose, actor=actor, categories=categories)
            entries = recorded(senim, look, refusal=Code.ROLE_NOT_ALLOWED)
            assert [(one.act, one.outcome) for one in entries] == [("data.read", "refused")]
