"""The promises board at the console: what is shown of it, drills in the background, exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from senim.audit.records import Problem, ProblemKind, Report
from senim.conformance import Status, control_names
from senim.conformance.proving import DRILLS, LOG, found_in, receipt_of
from senim.conformance.records import Run
from senim.errors import Code
from senim.identity import SYSTEM, new_subject
from senim.languages import LANGUAGES, Hint, Language, wording
from senim.orders import State
from senim.orders.rules import personal
from tests.console import Colleague
from tests.features.acting import recorded, refused, stranger
from tests.features.test_policies import publish


def drilled(me: Colleague) -> None:
    """Run the drills as the service does, in the background."""
    assert me.post("/console/promises/drills").status_code == 303
    assert me.senim.orders.run_due("proof") == 1
    me.senim.tick()


def test_the_board_tells_what_nobody_looked_at_and_then_what_was_shown(console: Callable[..., Colleague]) -> None:
    """Before the drills nothing is kept; they are ordered here, run in the background, and the board dates them."""
    me = console()
    before = me.get("/console/promises").text
    assert "cannot be told" in before
    assert "not all of it" in before
    entries = recorded(me.senim, lambda: drilled(me))
    assert [one.act for one in entries[:1]] == ["proof.ordered"]
    assert {one.act for one in entries[1:]} == {"control.drilled", "order.done"}
    after = me.get("/console/promises").text
    assert "not all of it" not in after
    assert me.get("/console/promises?state=broken").text.count("data-label") == 0
    page = me.get("/console/promises/clauses/mini-1").text
    assert "Everything that keeps it has passed" in page
    assert me.get("/console/promises/clauses/mini-99").status_code == 404
    order = me.senim.proving.newest(me.senim.works.begin(SYSTEM), DRILLS)
    assert order is not None
    assert order.receipt == {"version": 1, "kept": 4, "broken": 0, "cannot_tell": 0}
    assert "The drills ended" in me.get("/console/promises/drills").text


def test_a_broken_promise_stands_first_with_its_reason(
    console: Callable[..., Colleague], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is broken comes first, and its page says what the drill saw."""
    me = console()
    with monkeypatch.context() as patched:
        patched.setattr("senim.vault.actions.Vault.read", lambda *_, **__: (_ for _ in ()).throw(RuntimeError))
        drilled(me)
    board = me.senim.conformance.known()
    broken = next(one for one in board.clauses if one.status is Status.BROKEN)
    page = me.get("/console/promises").text
    assert page.index(f"/clauses/{broken.id}") == min(page.index(f"/clauses/{one.id}") for one in board.clauses)
    assert "broke off with RuntimeError" in me.get(f"/console/promises/clauses/{broken.id}").text


BLOCKED = {
    "kk": "бұғатталған деректерді пайдалану: рұқсат берілді",
    "ru": "использование заблокированных данных: разрешено",
    "en": "using blocked data: was allowed",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_drill_found_is_told_in_the_reader_s_language(
    console: Callable[..., Colleague], mini: bytes, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    """On the page of the promise, on the pages to print and in both exports; no other language stands among it."""
    me = console(language=language)
    publish(me.senim, mini.replace(b"kept-by: [policy.scope]", b"kept-by: [gate.block]"))()
    with monkeypatch.context() as patched:
        patched.setattr("senim.subjects.actions.Subjects.block", lambda self, work, standing, reason: standing)
        drilled(me)
    told = BLOCKED[language]
    for path in ("clauses/mini-1", "evidence"):
        page = me.get(f"/console/promises/{path}").text
        assert told in page
        assert 'lang="en">' not in page.partition("<main")[2]
    board = me.get("/console/promises/board.json").json
    assert board is not None
    assert board["clauses"][0]["controls"][0]["evidence"]["detail"] == told
    assert told in me.get("/console/promises/board.csv").data.decode("utf-8-sig")


def test_what_was_found_before_findings_had_words_is_still_shown(console: Callable[..., Colleague]) -> None:
    """As it stood then, in English, and marked as that for who listens to the page."""
    me = console(language="kk")
    drilled(me)
    me.senim.database.engine.execute(
        "UPDATE control_run SET evidence = 'drill_failed', detail = 'using <blocked> data: was allowed'"
    )
    for path in ("clauses/mini-1", "evidence"):
        page = me.get(f"/console/promises/{path}").text
        assert '<span lang="en">using &lt;blocked&gt; data: was allowed</span>' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wrong_with_the_log_is_told_in_the_reader_s_language(
    console: Callable[..., Colleague], language: Language
) -> None:
    """The whole verification and the quick look say it in one language, and so does the page of the order."""
    me = console(language=language)
    me.senim.tick()
    me.senim.database.engine.execute("UPDATE log_tile SET hashes = leaves FROM log_bundle WHERE log_tile.level = 0")
    me.post("/console/log/verify")
    assert me.senim.orders.run_due("proof") == 1
    order = me.senim.proving.newest(me.senim.works.begin(SYSTEM), LOG)
    assert order is not None
    page, about = me.get("/console/log/verify").text, me.get(f"/console/orders/{order.id}").text
    for found in (Hint("entry-other"), Hint("first-entries-other", count=order.receipt["size"])):
        assert found.in_(language) in page
    assert Hint("entry-other").in_(language) in about
    assert 'lang="en">' not in page.partition("<main")[2]


def test_a_receipt_of_before_is_still_shown(console: Callable[..., Colleague]) -> None:
    """Its sentences stand as they did."""
    older = {"found": [{"kind": "removed", "index": 8, "detail": "the sealed entry is gone"}]}
    assert found_in(older) == (Problem(ProblemKind.REMOVED, 8, "the sealed entry is gone"),)
    assert found_in({}) == ()


def test_drills_go_on_where_they_were_cut_off(
    console: Callable[..., Colleague], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is drilled is kept at once: after a fault the order goes on behind it, and the page tells how far it is."""
    me = console()
    names, seen = me.senim.conformance.to_drill(), list[str]()
    real = me.senim.conformance.drill_one

    def third_fails(name: str) -> Run:
        seen.append(name)
        if len(seen) == 3:
            raise RuntimeError
        return real(name)

    monkeypatch.setattr(me.senim.conformance, "drill_one", third_fails)
    me.post("/console/promises/drills")
    me.senim.orders.run_due("proof")
    told = me.get("/console/promises/drills/progress").json
    assert told is not None
    assert (told["done"], told["of"], told["ended"]) == (2, len(names), False)
    work = me.senim.works.begin(SYSTEM)
    order = me.senim.proving.newest(work, DRILLS)
    assert order is not None
    assert me.senim.run(SYSTEM, lambda _: order.state) is State.WAITING
    me.senim.run(me.senim.actor(), lambda work: me.senim.orders.rerun(work, order.id))
    me.senim.orders.run_due("proof")
    assert seen == [*names[:3], *names[2:]]


def test_one_order_at_a_time(console: Callable[..., Colleague]) -> None:
    """Whoever asks while drills wait gets those; a role without the grant is refused, and that is in the log."""
    me = console()
    me.post("/console/promises/drills")
    first = me.senim.proving.newest(me.senim.works.begin(SYSTEM), DRILLS)
    me.post("/console/promises/drills")
    second = me.senim.proving.newest(me.senim.works.begin(SYSTEM), DRILLS)
    assert first == second
    desk = console(role="desk")
    assert desk.get("/console/promises").status_code == 200
    assert "Run the drills" not in desk.get("/console/promises").text
    entries = recorded(me.senim, lambda: desk.post("/console/promises/drills"))
    assert [(one.act, one.outcome, one.reason) for one in entries] == [("access.sought", "refused", "log")]
    senim = me.senim
    refused(Code.ROLE_NOT_ALLOWED, lambda: senim.run(stranger(), lambda work: senim.proving.ask(work, LOG)))
    refused(Code.NOT_FOUND, lambda: senim.run(senim.actor(), lambda work: senim.proving.ask(work, "proof.else")))


def test_the_board_is_taken_along(console: Callable[..., Colleague]) -> None:
    """As JSON, as CSV, and as pages to print with the version, the checkpoint and what is not covered."""
    me = console(language="ru")
    me.senim.tick()
    told = me.get("/console/promises/board.json").json
    assert told is not None
    assert (told["policy"], told["version"]) == ("mini", 1)
    assert told["checkpoint"] == me.senim.log.checkpoint()
    assert {one["status"] for one in told["clauses"]} == {"cannot_tell"}
    rows = list(csv.DictReader(io.StringIO(me.get("/console/promises/board.csv").data.decode("utf-8-sig"))))
    assert {row["clause"] for row in rows} == {one["id"] for one in told["clauses"]}
    assert {row["evidence"] for row in rows} == {"not_drilled"}
    page = me.get("/console/promises/evidence").text
    promises = me.senim.policies.in_force(me.senim.works.clock.now())
    assert promises.digest in page
    assert "Что не подтверждено" in page
    assert me.senim.log.vkey.split("+")[0] in page


def test_a_receipt_of_a_broken_log_holds_no_value() -> None:
    """Kind and place of each problem; a detail that may be somebody's is left out."""
    problems = (Problem(ProblemKind.CHANGED, 7, "tile 0/1"), Problem(ProblemKind.REMOVED, 8, "of ann@example.com"))
    told = receipt_of(Report(9, "ab" * 32, problems))
    assert told["found"] == [
        {"kind": "changed", "index": 7, "detail": "tile 0/1"},
        {"kind": "removed", "index": 8, "detail": ""},
    ]
    assert (told["ok"], told["problems"]) == (False, 2)
    row = Hint("row-not-from-log", Hint("row-block"), subject=new_subject())
    told = receipt_of(Report(9, "ab" * 32, (Problem(ProblemKind.STANDING_CHANGED, -1, row),)))
    assert not [*personal(told)]
    assert found_in(told) == (Problem(ProblemKind.STANDING_CHANGED, -1, row),)


def test_every_room_has_its_name() -> None:
    """A policy may rest on a control of any room: the board can be filtered by each."""
    rooms = {one.partition(".")[0] for one in control_names()}
    assert not [room for room in rooms if f"room-{room}" not in wording("console")]
