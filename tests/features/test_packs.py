"""The evidence pack of a period: what is in it, what is not, and that its part of the log holds by the public key."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from senim.audit.checkpoint import LogVerifier
from senim.audit.statements import open_statement
from senim.conformance import Pack
from senim.conformance.pack import KIND, Sealed, sealed_in
from senim.disclosure import Handing
from senim.errors import Code, NotAllowed
from senim.rights import Opening, Way
from senim.testing import FixedClock, Stage
from tests.features.acting import senim_of


def make(stage: Stage, name: str = "", since: str = "", until: str = "", role: str = "responsible") -> Pack:
    """The pack of a period."""
    senim = senim_of(stage)
    of = senim.packs.period(name, since, until)
    made: Pack = senim.run(senim.actor(role), lambda work: senim.packs.make(work, of))
    return made


def live(stage: Stage, *, erase: bool = False) -> str:
    """A person comes in, is handed over to the courier, and asks; the number of the request."""
    senim: Any = senim_of(stage)
    person = stage.person()
    handing = Handing(recipient="courier", purpose="delivery")
    senim.run(stage.actor, lambda work: senim.disclosures.make(work, (person.subject,), handing))
    asked = Opening(kind="access", way=Way.EMAIL, language="ru", identifiers={"email": person.values["contact.email"]})
    number: str = senim.run(senim.actor(), lambda work: senim.rights.open(work, asked)).number
    if erase:
        act = lambda work: senim.vault.erase(work, senim.subjects.about(work, person.subject), reason="request")  # noqa: E731  # one act
        senim.run(stage.actor, act)
    senim.tick()
    return number


@pytest.fixture
def months(stage: Stage, clock: FixedClock) -> list[str]:
    """Something in November, something in December, and a day in January; the requests' numbers."""
    first = live(stage, erase=True)
    clock.move(days=30)
    second = live(stage)
    clock.move(days=20)
    senim_of(stage).tick()
    return [first, second]


@pytest.mark.usefixtures("months")
def test_a_pack_tells_what_happened_in_its_period_alone(stage: Stage) -> None:
    """Consents, handings-over, erasures and entries of November are not those of December."""
    november, december = make(stage, "2026-11"), make(stage, "2026-12")
    for pack, erased in ((november, [("request", 1)]), (december, [])):
        assert {one.purpose: (one.given, one.withdrawn) for one in pack.consents}["delivery"][0] == 2
        assert (pack.disclosures, [one.recipient for one in pack.handed]) == (1, ["courier"])
        assert pack.handed[0].people == 1
        assert [(one.reason, one.count) for one in pack.erased] == erased
        assert [one.number for one in pack.versions] == [1]
        assert pack.requests.received == 1
    assert november.entries + december.entries + make(stage, "2027-01").entries == senim_of(stage).log.size
    assert {one.act: one.count for one in november.acts if one.outcome == "done"}["data.collected"] == 1


def test_requests_come_with_their_terms(stage: Stage, months: list[str]) -> None:
    """One of November is still open and late in December, and is in that pack too; in its own it was not yet late."""
    november, december = make(stage, "2026-11").requests, make(stage, "2026-12").requests
    assert [one.number for one in november.lines] == months[:1]
    assert [one.number for one in december.lines] == months
    assert (november.waiting, november.answered, december.waiting) == (1, 0, 2)
    assert december.lines[0].late
    assert december.overdue >= 1
    assert all(one.due for one in december.lines)


@pytest.mark.usefixtures("months")
def test_its_part_of_the_log_holds_by_the_public_key_alone(stage: Stage) -> None:
    """The signed states before and after enclose the entries; what was tampered with is found."""
    log = senim_of(stage).log
    pack = make(stage, "2026-12")
    told = msgspec.json.decode(msgspec.json.encode(pack))
    part, verifier = sealed_in(told), LogVerifier(log.vkey)
    assert part.problems(verifier) == []
    assert part.earlier
    assert part.proof
    assert 0 < part.first < part.end
    first, last = log.entry(part.first), log.entry(part.end - 1)
    assert (first.at[:7], last.at[:7]) == ("2026-12", "2026-12")
    for wrong in (
        {"proof": (*part.proof[:-1], "A" * 43 + "=")},
        {"proof": ("?",)},
        {"first": 0},
        {"end": part.end + 10_000},
        {"earlier": part.later},
        {"later": part.later.replace("log", "dog", 1)},
    ):
        assert msgspec.structs.replace(part, **wrong).problems(verifier), wrong
    first_month = make(stage, "2026-11").log
    assert (first_month.earlier, first_month.problems(verifier)) == ("", [])


@pytest.mark.usefixtures("months")
def test_a_signed_pack_is_a_statement_and_tells_when_the_standing_is_of(stage: Stage) -> None:
    """Whoever has the public key knows that nobody changed a number in it; incidents are said not to be told."""
    senim = senim_of(stage)
    pack = make(stage, since="2026-11-22", until="2026-12-22")
    kind, payload = open_statement(senim.packs.sign(pack), senim.jwk)
    assert kind == KIND
    assert Sealed.__struct_fields__ == tuple(payload["log"])
    assert payload["period"] == {"since": "2026-11-22", "until": "2026-12-22", "zone": "Asia/Almaty"}
    assert payload["incidents"] == {"status": "cannot_tell", "evidence": "room_later"}
    assert payload["made"].startswith("2027-01-11")
    assert {one["id"] for one in payload["standing"]} == {one.id for one in stage.policy.clauses}
    assert {one["status"] for one in payload["standing"]} == {"cannot_tell"}


def test_before_anything_happened_it_is_empty_and_holds(stage: Stage, clock: FixedClock) -> None:
    """A month without people has a pack too."""
    clock.move(days=45)
    pack = make(stage, "2026-12")
    assert (pack.disclosures, pack.requests.received, pack.consents) == (0, 0, ())
    assert [one.number for one in pack.versions] == [1]
    before = make(stage, since="2026-11-02", until="2026-11-03")
    assert (before.versions, before.entries) == ((), 0)
    for one in (pack, before):
        assert one.log.problems(LogVerifier(senim_of(stage).log.vkey)) == []


def test_it_is_for_who_may_read_the_log(stage: Stage) -> None:
    """No door gives a role more than the policy's grants."""
    with pytest.raises(NotAllowed) as refused:
        make(stage, "2026-11", role="desk")
    assert refused.value.code is Code.ROLE_NOT_ALLOWED
