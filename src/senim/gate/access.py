"""Who may come in by the doors: keys of the operator's systems, each bound to one of the policy's roles."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from typing import get_args

from senim.audit.live import RowsAgain
from senim.audit.records import Entry
from senim.errors import Code, Invalid, NotAllowed, NotFound
from senim.gate import store
from senim.gate.store import ApiKey
from senim.identity import RESPONSIBLE, Actor, ActorKind, new_id
from senim.languages import Hint
from senim.policy import Policies
from senim.policy.promises import Promises
from senim.policy.records import Role
from senim.policy.taxonomy import Verb
from senim.storage import Database
from senim.times import moment, stamp
from senim.work import Work

VERBS = frozenset[str](get_args(Verb))
"""What a role may be allowed to do at the doors."""

_TOKEN = re.compile(r"senim_([0-9a-f]{32})_([A-Za-z0-9_-]{43})\Z")
_LABEL = re.compile(r"[\w .,:/()-]{1,60}\Z")
_ACTS = frozenset(("key.added", "key.revoked"))
_TRUST_SECONDS = 1.0
"""How long a key that was just seen is not looked up again."""


class Access:
    """Keys and the actors that they stand for."""

    def __init__(self, database: Database, policies: Policies) -> None:
        self._database = database
        self._policies = policies
        self._seen: dict[str, tuple[float, Promises, Actor]] = {}

    def add(self, work: Work, label: str, *, role: str) -> tuple[ApiKey, str]:
        """A new key and its token, which is shown this once.

        Raises NotFound for a role the policy lacks, NotAllowed for one that may more than who acts.
        """
        work.attempt("key.added")
        work.need("policy")
        if not _LABEL.match(label):
            raise Invalid(Code.INVALID_VALUE, "label")
        if role not in self._policies.in_force(work.now).policy.roles:
            raise NotFound(Code.NOT_FOUND, f"role {role[:40]}", detail=_one_of(self._policies.in_force(work.now)))
        within(self._policies.in_force(work.now), work.actor, role)
        secret = secrets.token_urlsafe(32)
        key = ApiKey(new_id(), hashlib.sha256(secret.encode()).digest(), label, role, work.at, 0)
        store.add(work, key)
        work.record("key.added", ref=key.id, reason=role, digest=_mark(key))
        return key, f"senim_{key.id}_{secret}"

    def revoke(self, work: Work, key_id: str) -> None:
        """Revoke a key; it opens nothing from then on, in other processes within a second. Raises NotFound."""
        work.attempt("key.revoked")
        work.need("policy")
        key = store.find(work.database, key_id)
        if key is None or key.revoked_at:
            raise NotFound(Code.NOT_FOUND, "key")
        store.revoke(work, key)
        work.record("key.revoked", ref=key.id)
        self._seen.clear()

    def all(self, work: Work) -> list[ApiKey]:
        """All keys, without their secrets."""
        work.need("policy")
        return store.everything(work.database)

    def again(self) -> RowsAgain:
        """Makes the keys again from the log, to be held against their rows: one that Senim did not make is found."""
        return RowsAgain(_Keys(self._database), _ACTS)

    def actor(self, promises: Promises, token: str) -> Actor:
        """Whom a token stands for. Raises NotAllowed (not_signed_in) for any other text."""
        now = time.monotonic()
        seen = self._seen.get(token)
        if seen is not None and now - seen[0] < _TRUST_SECONDS and seen[1] is promises:
            return seen[2]
        actor = self._look_up(promises, token)
        if len(self._seen) > 1000:
            self._seen.clear()
        self._seen[token] = (now, promises, actor)
        return actor

    def _look_up(self, promises: Promises, token: str) -> Actor:
        match = _TOKEN.match(token)
        key = store.find(self._database, match[1]) if match else None
        if match is None or key is None or key.revoked_at:
            raise NotAllowed(Code.NOT_SIGNED_IN)
        if not hmac.compare_digest(hashlib.sha256(match[2].encode()).digest(), key.digest):
            raise NotAllowed(Code.NOT_SIGNED_IN)
        return actor_of(promises, key.role, f"key-{key.id}")


class _Keys:
    """Keys, held against their entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self) -> Mapping[str, Mapping[str, str]]:
        return {
            one.id: {
                "role": one.role,
                "mark": _mark(one),
                "added": stamp(moment(one.created_at)),
                "revoked": stamp(moment(one.revoked_at)) if one.revoked_at else "",
            }
            for one in store.everything(self._database)
        }

    def note(self, entry: Entry, told: dict[str, Mapping[str, str]]) -> None:
        key = entry.ref or ""
        if entry.act == "key.added" and key:
            mark = {"mark": entry.digest} if entry.digest else {}  # the entries of the first releases have none
            told[key] = {"role": entry.reason or "", "added": entry.at, "revoked": "", **mark}
        elif entry.act == "key.revoked" and key in told:
            told[key] = {**told[key], "revoked": entry.at}

    def wrong(self, name: str) -> Hint:
        return Hint("key-other", id=name)


def _one_of(promises: Promises, *more: str) -> str:
    return f"the policy's roles: {', '.join((*more, *promises.policy.roles))}"


def _mark(key: ApiKey) -> str:
    """What the log keeps of a key: a digest of its digest and all else, from which nothing opens."""
    told = f"senim key\n{key.id}\n{key.digest.hex()}\n{key.label}\n{key.role}"
    return hashlib.sha256(told.encode()).hexdigest()


def actor_of(promises: Promises, role: str, actor_id: str) -> Actor:
    """An actor in one of the policy's roles. Raises NotAllowed (role_not_allowed) if the policy has no such role."""
    if role == RESPONSIBLE:
        return Actor(kind=ActorKind.STAFF, id=actor_id, role=role, may=VERBS)
    declared = promises.policy.roles.get(role)
    if declared is None:
        raise NotAllowed(Code.ROLE_NOT_ALLOWED, role[:40], detail=_one_of(promises, RESPONSIBLE))
    return Actor(kind=ActorKind(declared.kind), id=actor_id, role=role, may=frozenset(declared.may))


def within(promises: Promises, actor: Actor, role: str) -> None:
    """Nobody hands out more than their own role may: its verbs, purposes, operations and what it sees.

    Who is responsible has it all. Raises NotAllowed (role_not_allowed).
    """
    if not reaches(promises, actor, role):
        raise NotAllowed(Code.ROLE_NOT_ALLOWED, role[:40])


def reaches(promises: Promises, actor: Actor, role: str) -> bool:
    """Whether an actor's role may all that another may: so far one hands out roles, and changes accounts of them."""
    own, other = promises.policy.roles.get(actor.role), promises.policy.roles.get(role)
    return actor.role == RESPONSIBLE or (own is not None and other is not None and _scope(other) <= _scope(own))


def _scope(role: Role) -> frozenset[tuple[str, str]]:
    return frozenset((name, one) for name in ("may", "purposes", "operations", "sees") for one in getattr(role, name))
