"""People who sign in: a code is asked for, the order sends it, it comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from senim.accounts import Entered, Signed
from senim.accounts.records import AT_DOOR
from senim.app import Senim
from senim.testing import Person, Stage
from senim.times import micros
from senim.work import Work
from tests.features.acting import senim_of
from tests.features.rights.scene import Letters

T = TypeVar("T")


class Visitor:
    """Somebody at the door of the portal, and the letters that leave the house."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.senim: Senim = senim_of(stage)
        self.letters = Letters(self.senim)

    def begin(self, contact: str, **more: Any) -> str:
        """Ask for a code; the order runs."""
        parts = {"asker": "", "language": "en", **more}
        token: str = self.senim.run(AT_DOOR, lambda work: self._door.begin(work, contact, **parts))
        self.work()
        return token

    def work(self) -> None:
        """Send the codes that were asked for."""
        self.senim.orders.run_due("account")

    @property
    def _door(self) -> Any:
        return self.senim.accounts.signing_in

    def enter(self, token: str, code: str) -> Entered:
        """Tell a code."""
        entered: Entered = self.senim.run(AT_DOOR, lambda work: self._door.enter(work, token, code))
        return entered

    def name(self, token: str, reference: str, value: str) -> Entered:
        """Say who of several one is."""
        entered: Entered = self.senim.run(AT_DOOR, lambda work: self._door.name(work, token, reference, value))
        return entered

    def open_bare(self, token: str) -> Entered:
        """Open what holds nothing but the address."""
        entered: Entered = self.senim.run(AT_DOOR, lambda work: self._door.open_bare(work, token))
        return entered

    def cookie(self, person: Person) -> str:
        """What the browser keeps of a person who signs in."""
        token = self.begin(person.values["contact.email"])
        entered = self.enter(token, self.letters.code)
        assert entered.session
        return entered.session

    def seen(self, cookie: str) -> Signed | None:
        """Who is signed in with it."""
        signed: Signed | None = self._door.signed(self.senim.database, cookie, micros(self.senim.works.clock.now()))
        return signed

    def signed_in(self, person: Person) -> Signed:
        """A person who is signed in."""
        signed = self.seen(self.cookie(person))
        assert signed is not None
        return signed

    def again(self, signed: Signed) -> Signed:
        """The same session as it stands now."""
        found = self.senim.subjects.find(self.senim.database, signed.subject)
        return Signed(session=signed.session, standing=found)

    def run(self, signed: Signed, verb: Callable[..., T], *about: Any, **more: Any) -> T:
        """A verb of the person: ``run(signed, accounts.confirm)``."""

        def act(work: Work) -> T:
            standing = self.senim.subjects.about(work, signed.subject)
            return verb(work, Signed(session=signed.session, standing=standing), *about, **more)

        return self.senim.run(signed.actor, act)
