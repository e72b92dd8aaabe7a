"""Nobody's data is looked at without a purpose: it is asked for once, and good for half an hour and that person.

The purpose is kept in the cookie of the session with the person's random id, so that it stands in no address.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Concatenate, ParamSpec

from flask import abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as Redirect

from senim.identity import RESPONSIBLE, SubjectId, is_id
from senim.policy import Promises
from senim.policy.taxonomy import Operation
from senim.subjects import Standing
from senim.times import micros
from senim.web.console.guard import Answer, look, member, platform
from senim.web.shared.switching import here

P = ParamSpec("P")
_KEY = "look"
_LASTS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A person who is looked at, and for what."""

    standing: Standing
    purpose: str

    @property
    def subject(self) -> SubjectId:
        """The person's id."""
        return self.standing.subject


def promises() -> Promises:
    """What holds now."""
    return platform().policies.in_force(platform().works.clock.now())


def purposes() -> list[str]:
    """The purposes for which who is signed in may look at people's data."""
    policy, me = promises().policy, member()
    declared = policy.roles.get(me.role)
    mine = policy.purposes if me.role == RESPONSIBLE or declared is None else declared.purposes
    return [one for one in mine if Operation.EXTRACT in policy.purposes[one].operations]


def begin(subject: str, purpose: str) -> None:
    """Remember for what a person is looked at from now on."""
    if is_id(subject) and purpose in purposes():
        session[_KEY] = [member().id, subject, purpose, micros(platform().works.clock.now())]


def _purpose(subject: str) -> str:
    """The purpose that was chosen for this person, if that was not too long ago and is still one to look for."""
    who, whom, purpose, at = session.get(_KEY) or ("", "", "", 0)
    young = micros(platform().works.clock.now()) - at < _LASTS // timedelta(microseconds=1)
    return purpose if (who, whom) == (member().id, subject) and young and purpose in purposes() else ""


def for_a_purpose(view: Callable[Concatenate[Look, P], Answer]) -> Callable[..., Answer]:
    """A view of one person: it gets the :class:`Look`; without a purpose yet the page asks for one, and goes on."""

    @functools.wraps(view)
    def looked(subject: str, *args: P.args, **kwargs: P.kwargs) -> Answer:
        standing = platform().subjects.look(look().database, SubjectId(subject))
        if standing is None:
            abort(404)
        purpose = _purpose(subject)
        if purpose:
            return view(Look(standing=standing, purpose=purpose), *args, **kwargs)
        back = here() if request.method == "GET" else url_for("people.show", subject=subject)
        return render_template("console/why.html", subject=subject, purposes=purposes(), policy=promises(), back=back)

    return looked


def to(subject: str) -> Redirect:
    """To the page of a person."""
    return redirect(url_for("people.show", subject=subject), 303)
