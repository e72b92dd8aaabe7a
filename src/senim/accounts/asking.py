"""What people ask for from their account, and how far it is."""

from __future__ import annotations

from collections.abc import Iterator

from senim.accounts.parts import Parts
from senim.accounts.records import Signed
from senim.accounts.signing_in import check_fresh
from senim.errors import Code, NotFound
from senim.identity import SubjectId
from senim.languages import Language
from senim.policy.taxonomy import FieldType
from senim.rights import Attached, Ground, Kind, Opened, Opening, Request, Way
from senim.storage import Database
from senim.work import Work

_NEEDS_CODE = (Kind.ERASE, Kind.WITHDRAW, Kind.COPY)
"""What needs a fresh code: what cannot be undone, and what carries everything away. Withdrawing is so if all goes."""

_NAMES = ("family", "given", "patronymic")


class Asking:
    """Requests of people who are signed in."""

    def __init__(self, parts: Parts) -> None:
        self._rights = parts.rights
        self._policies = parts.policies
        self._vault = parts.vault

    def open(
        self,
        work: Work,
        signed: Signed,
        kind: Kind,
        *,
        language: Language,
        text: str = "",
        ground: Ground = Ground.NONE,
        purposes: tuple[str, ...] = (),
        changes: dict[str, str] | None = None,
        attached: tuple[Attached, ...] = (),
    ) -> Opened:
        """Ask for something. Raises NotAllowed (code_needed, too_many_attempts), Invalid with every reason."""
        if kind in _NEEDS_CODE and not purposes:
            work.attempt("request.opened", subject=signed.subject)
            check_fresh(signed, work.at)
        opening = Opening(
            kind=kind.value,
            way=Way.PORTAL,
            language=language,
            subject=signed.subject,
            name=self._name(work, signed),
            text=text,
            ground=ground,
            purposes=purposes,
            changes=changes or {},
            attached=attached,
        )
        return self._rights.open(work, opening)

    def _name(self, work: Work, signed: Signed) -> dict[str, str]:
        """The person's name as on file, for requests that have to state it (foundation-33)."""
        fields = self._policies.in_force(work.now).fields
        wanted = {
            one.rpartition(".")[2]: one
            for one, spec in fields.items()
            if spec.type is FieldType.NAME and one.rpartition(".")[2] in _NAMES
        }
        categories = frozenset(one.partition(".")[0] for one in wanted.values())
        known = self._vault.everything(work, signed.standing, categories=categories)
        return {part: known[one].value for part, one in wanted.items() if one in known}

    def all(self, database: Database, signed: Signed) -> list[Request]:
        """The person's requests, the newest first."""
        mine = (one for one in self._rights.of(database, signed.subject) if _is_theirs(one, signed.subject))
        return sorted(mine, key=lambda one: one.opened_at, reverse=True)

    def find(self, database: Database, signed: Signed, number: str) -> Request:
        """A request of the person. Raises NotFound alike for somebody else's and for none."""
        found = next((one for one in self._rights.of(database, signed.subject) if one.number == number), None)
        if found is None or not _is_theirs(found, signed.subject):
            raise NotFound(Code.NOT_FOUND, "request")
        return found

    def written(self, work: Work, signed: Signed, number: str) -> Opening:
        """What was written in a request of one's own; in the log before it is told. Raises NotFound."""
        self.find(work.database, signed, number)
        return self._rights.own(work, number)

    def paper(self, work: Work, signed: Signed, number: str, *, paper: str) -> tuple[str, bytes]:
        """Media type and content of a file sent with one's own request. Raises NotFound, NotAllowed (code_needed)."""
        self.find(work.database, signed, number)
        work.attempt("request.read", ref=number)
        check_fresh(signed, work.at)
        return self._rights.own_paper(work, number, paper)

    def give_up(self, work: Work, signed: Signed, number: str) -> Request:
        """Let go of a request of one's own. Raises NotFound, Held (request_state)."""
        self.find(work.database, signed, number)
        return self._rights.withdraw(work, number)

    def attach(self, work: Work, signed: Signed, number: str, *, attached: Attached) -> Request:
        """Add a file to a request of one's own. Raises NotFound, Invalid."""
        self.find(work.database, signed, number)
        return self._rights.attach(work, number, attached)

    def supply(self, work: Work, signed: Signed, number: str, *, text: str) -> Request:
        """Add words to a request of one's own. Raises NotFound, Invalid."""
        request = self.find(work.database, signed, number)
        return self._rights.supply(work, number, Opening(kind=request.kind.value, way=Way.PORTAL, text=text))

    def answer(self, work: Work, signed: Signed, number: str, *, form: str) -> tuple[str, Iterator[bytes]]:
        """Media type and content of the answer to a request of one's own. Raises NotFound, NotAllowed (code_needed)."""
        self.find(work.database, signed, number)
        work.attempt("answer.opened", ref=number)
        check_fresh(signed, work.at)
        return self._rights.delivery.own(work, number, form)


def _is_theirs(request: Request, subject: SubjectId) -> bool:
    """Whether it was shown that this person asked; who is only named sees nothing, and nobody the operator's own."""
    return request.way is not Way.OPERATOR and (subject == request.subject or subject in request.linked)
