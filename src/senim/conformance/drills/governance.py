"""Drills of staff and their appointments."""

from __future__ import annotations

from typing import Any

import pyotp

from senim.conformance.stage import Stage
from senim.errors import Code
from senim.gate.access import actor_of
from senim.governance import Seat
from senim.governance.signing import AT_THE_DOOR
from senim.identity import RESPONSIBLE, Actor, ActorKind
from senim.languages import Hint

_PASSWORD = "an-evening-of-drills-and-tea"  # noqa: S105  # of an account that is gone with its platform


def appointments(stage: Stage) -> None:
    """Whoever is responsible was appointed on a day that the log tells; their rights come and go with the role."""
    desk = _Desk(stage)
    first, token = desk.appoint("responsible-one")
    seat = desk.seat(token)
    stage.expect(seat is not None and seat.step is None, Hint("appointed-shut-out"))
    me = actor_of(stage.promises, RESPONSIBLE, first)
    stage.platform.run(me, lambda work: desk.staff.add(work, "responsible-two", role=RESPONSIBLE))
    nobody = Actor(kind=ActorKind.STAFF, id=first, role="drill", may=frozenset())
    stage.refused(
        Code.ROLE_NOT_ALLOWED,
        lambda: stage.platform.run(nobody, lambda work: desk.staff.add(work, "friend", role=RESPONSIBLE)),
        Hint("appointed-by-other"),
    )
    stage.refused(
        Code.NOT_FOUND,
        lambda: stage.platform.run(stage.actor, lambda work: desk.staff.add(work, "friend", role="of-no-policy")),
        Hint("role-not-in-policy"),
    )
    stage.platform.run(stage.actor, lambda work: desk.staff.disable(work, first))
    stage.expect(desk.seat(token) is None, Hint("dismissed-signed-in"))
    stage.expect(not desk.enter("responsible-one", _PASSWORD).token, Hint("dismissed-enters"))
    stage.platform.tick()
    told = [(one.act, one.reason, bool(one.at)) for _, one in stage.platform.log.entries() if one.ref == first]
    for act in ("staff.added", "staff.disabled"):
        stage.expect((act, RESPONSIBLE, True) in told, Hint("when-untold", act=act))
    stage.expect(stage.platform.log.verify().ok, Hint("accounts-other"))


class _Desk:
    """Accounts of the stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.staff = stage.platform.staff

    def appoint(self, name: str) -> tuple[str, str]:
        """An account that is ready, and the token of its session."""
        run, staff = self._stage.platform.run, self.staff
        made, password = run(self._stage.actor, lambda work: staff.add(work, name, role=RESPONSIBLE))
        own = Actor(kind=ActorKind.STAFF, id=made.id, role=RESPONSIBLE)
        token = self.enter(name, password).token
        seat = self.seat(token)
        assert seat is not None
        session = seat.session
        run(own, lambda work: staff.factors.change_password(work, session, old=password, new=_PASSWORD))
        secret = run(own, lambda work: staff.factors.propose(work, session))
        code = pyotp.TOTP(secret).at(self._stage.platform.works.clock.now())
        run(own, lambda work: staff.factors.set_up(work, session, code))
        return made.id, token

    def enter(self, name: str, password: str) -> Any:
        """Try a name and a password."""
        return self._stage.platform.run(
            AT_THE_DOOR, lambda work: self.staff.signing.enter(work, name, password, address="drill")
        )

    def seat(self, token: str) -> Seat | None:
        """Who sits there."""
        found: Seat | None = self._stage.platform.run(AT_THE_DOOR, lambda work: self.staff.signing.seat(work, token))
        return found
