"""What is done with a request: who asks, the clock, the decision, the plan, letters and papers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from flask import flash, redirect, request, url_for

from senim.errors import Code, Invalid, NotFound, SenimError
from senim.rights import For, Refusal
from senim.rights.delivery import FORMS
from senim.rights.handling import ASKABLE
from senim.rights.records import AuthorityKind, ExtensionReason
from senim.rights.rules import SPEAKS, follows
from senim.web.console.again import fresh
from senim.web.console.guard import Answer, acted, ask, member, needs, platform, run, word
from senim.web.console.request_new import pages
from senim.web.console.requests import find, found_data, letting_go, overview, page, pauses
from senim.web.console.shown import told_with
from senim.web.console.uploads import Paper, handed, sent
from senim.web.shared.pages import refused, whole
from senim.web.shared.problems import status_of
from senim.web.shared.switching import repeats
from senim.work import Work

__all__ = ["pages"]

Act = Callable[[Work], object]


def _do(number: str, tab: str, act: Act, told: str = "") -> Answer:
    """One verb, and back to the page of the request; a refusal is told there."""
    return acted(act, told or "rq-done", url_for(f"requests.{tab}", number=number))


def _asked(number: str, what: str, act: Act, told: str, **shown: Any) -> Answer:
    """The form of an act, or the act; a refusal is told in the form, with what was written in it."""
    fault, status = "", 200
    if request.method == "POST":
        try:
            run(act)
        except NotFound:
            raise
        except SenimError as error:
            fault, status = refused(error), status_of(error)
        else:
            flash(word(told), "good")
            return redirect(url_for("requests.show", number=number), 303)
    return told_with(page(number, "form", what=what, fault=fault, given=request.form, **shown), status)


def _text(name: str = "text", most: int = 20_000) -> str:
    return request.form.get(name, "").replace("\r\n", "\n").strip()[:most]


# who has it, what it says


@pages.get("/<number>/read", endpoint="closed-read", defaults={"tab": "show"})
@pages.get("/<number>/messages/<_>", endpoint="closed-message", defaults={"tab": "messages"})
@pages.get("/<number>/tasks/<_>", endpoint="closed-task", defaults={"tab": "tasks"})
def closed(number: str, tab: str, _: str = "") -> Answer:
    """What was opened by a form is closed again by whatever leads back there: another language, a page loaded anew."""
    return redirect(url_for(f"requests.{tab}", number=number), 303)


@pages.post("/<number>/assign")
@needs("handle")
def assign(number: str) -> Answer:
    """Take it on, or let go of it."""
    account = member().id if "take" in request.form else ""
    return _do(number, "show", lambda work: platform().rights.listing.assign(work, number, account))


@pages.post("/<number>/read")
@needs("handle")
def read(number: str) -> Answer:
    """What was written in it; the look is logged."""
    written = run(lambda work: platform().rights.read(work, number))
    return overview(number, written=written)


@pages.post("/<number>/data")
@needs("handle")
@fresh
def excerpts(number: str) -> Answer:
    """What is on file of the person; only to who has just shown who they are, and logged."""
    return found_data(number, excerpts=run(lambda work: platform().rights.listing.excerpts(work, number)))


# decisions


@pages.route("/<number>/grant", methods=["GET", "POST"])
@needs("handle")
@fresh
def grant(number: str) -> Answer:
    """Grant it; what is granted is planned at once."""
    decide = platform().rights.handling.decide
    found = find(number)
    what, second = follows(platform().policies.in_force(platform().works.clock.now()), found)
    says = [word(f"rq-grant-{what}"), *((word(f"rq-second-{second}"),) if second else ())]
    return _asked(
        number,
        "grant",
        lambda work: decide(work, number, granted=True, text=_text()),
        "rq-granted",
        speaks=found.kind in SPEAKS,
        says=" ".join(says),
    )


@pages.route("/<number>/refuse", methods=["GET", "POST"])
@needs("handle")
@fresh
def refuse(number: str) -> Answer:
    """Refuse it, with reasons of the closed list that the person is told in words."""
    decide = platform().rights.handling.decide
    chosen = tuple(one for one in Refusal if one.value in request.form.getlist("reasons"))
    return _asked(
        number,
        "refuse",
        lambda work: decide(work, number, granted=False, reasons=chosen, text=_text()),
        "rq-refused",
        reasons=tuple(one for one in Refusal if one is not Refusal.DATA_DESTROYED),
        chosen=chosen,
    )


@pages.route("/<number>/withdraw", methods=["GET", "POST"])
@needs("handle")
def withdraw(number: str) -> Answer:
    """Let go of it, as the person wishes; or the operator, of its own."""
    if request.method == "GET":
        back, what = url_for("requests.show", number=number), letting_go(find(number))
        return ask(word(f"rq-{what}-question"), says=word(f"rq-{what}-says"), does=word(f"rq-act-{what}"), back=back)
    return _do(number, "show", lambda work: platform().rights.withdraw(work, number))


# the clock


@pages.route("/<number>/ask", methods=["GET", "POST"])
@needs("handle")
def clarify(number: str) -> Answer:
    """Ask the person for what is missing."""
    wanted = tuple(one for one in ASKABLE if one in request.form.getlist("wanted"))
    pause = request.form.get("pause", "")
    return _asked(
        number,
        "ask",
        lambda work: platform().rights.handling.ask(work, number, wanted, pause=pause),
        "rq-asked",
        askable=ASKABLE,
        chosen=wanted or find(number).missing,
        pauses=pauses(find(number)),
    )


@pages.route("/<number>/pause", methods=["GET", "POST"])
@needs("handle")
def pause(number: str) -> Answer:
    """Let the clock stand still, for a reason that the law knows."""
    reason = request.form.get("reason", "")
    return _asked(
        number,
        "pause",
        lambda work: platform().rights.handling.pause(work, number, reason),
        "rq-paused",
        pauses=pauses(find(number)),
    )


@pages.post("/<number>/resume")
@needs("handle")
def resume(number: str) -> Answer:
    """Let the clock go on."""
    return _do(number, "show", lambda work: platform().rights.handling.resume(work, number), "rq-resumed")


@pages.route("/<number>/extend", methods=["GET", "POST"])
@needs("handle")
def extend(number: str) -> Answer:
    """Take more time, and tell the person why."""
    reason = next((one.value for one in ExtensionReason if one.value == request.form.get("reason")), "")

    def act(work: Work) -> None:
        if not reason:
            raise Invalid(Code.REASON_NOT_CHOSEN, number)
        platform().rights.handling.extend(work, number, reason)

    return _asked(number, "extend", act, "rq-extended", reasons=tuple(ExtensionReason))


# who asks


@pages.post("/<number>/code")
@needs("handle")
def code(number: str) -> Answer:
    """Send a one-time code."""
    identities = platform().rights.identities
    return _do(number, "identity", lambda work: identities.send_code(work, number), "rq-code-sent")


@pages.post("/<number>/try")
@needs("handle")
def try_code(number: str) -> Answer:
    """Try the code that the person says; a wrong one is counted."""
    given = request.form.get("code", "")[:32]

    def act(work: Work) -> bool:
        return platform().rights.identities.check_code(work, number, given).ok

    right = run(act)
    flash(word("rq-code-right" if right else "rq-code-wrong"), "good" if right else "bad")
    return redirect(url_for("requests.identity", number=number), 303)


@pages.post("/<number>/document")
@needs("handle")
def document(number: str) -> Answer:
    """An identity document was seen; its number is not kept."""
    subject, born = request.form.get("subject", ""), request.form.get("born", "")

    def act(work: Work) -> None:
        if "seen" not in request.form:
            raise Invalid(Code.FIELD_MISSING, "seen")
        platform().rights.identities.by_document(work, number, subject=subject, born=born)

    return _do(number, "identity", act, "rq-identity-shown")


@pages.post("/<number>/signature")
@needs("handle")
def signature(number: str) -> Answer:
    """A qualified signature in a file."""
    files = sent("file", "signature")

    def act(work: Work) -> None:
        if not files:
            raise Invalid(Code.FIELD_MISSING, "file")
        platform().rights.identities.by_signature(work, number, files[0].content)

    return _do(number, "identity", act, "rq-identity-shown")


@pages.post("/<number>/represent")
@needs("handle")
def represent(number: str) -> Answer:
    """By what right somebody asks for another person was checked, with the paper that shows it."""
    by: Any = request.form.get("by", "")
    until, born = request.form.get("until", ""), request.form.get("born", "")

    def act(work: Work) -> None:
        if by not in get_args(AuthorityKind):
            raise Invalid(Code.INVALID_VALUE, "by")
        paper = request.form.get("paper", "")
        platform().rights.identities.represent(work, number, For(by=by, until=until, born=born), paper=paper)

    return _do(number, "identity", act, "rq-authority-checked")


@pages.post("/<number>/link")
@needs("handle")
@fresh
def link(number: str) -> Answer:
    """Two records are of one person, as a paper shows."""
    subject, paper = request.form.get("subject", ""), request.form.get("paper", "")
    identities = platform().rights.identities
    return _do(
        number, "identity", lambda work: identities.link(work, number, subject, paper=paper), "rq-records-linked"
    )


# the plan


@pages.post("/<number>/replan")
@needs("handle")
def replan(number: str) -> Answer:
    """Have the plan made anew."""
    return _do(number, "plan", lambda work: platform().rights.planning.plan(work, number), "rq-plan-ordered")


@pages.post("/<number>/choose")
@needs("handle")
def choose(number: str) -> Answer:
    """Say who is meant where several people match."""
    system, people = request.form.get("system", ""), tuple(request.form.getlist("people"))

    def act(work: Work) -> None:
        if not people:
            raise Invalid(Code.FIELD_MISSING, "people")
        platform().rights.planning.choose(work, number, system, people)

    return _do(number, "plan", act, "rq-plan-ordered")


@pages.post("/<number>/approve")
@needs("approve")
@fresh
def approve(number: str) -> Answer:
    """The second person's yes to the plan that they have seen: its digest says which."""
    digest = request.form.get("digest", "")
    return _do(
        number, "plan", lambda work: platform().rights.planning.approve(work, number, digest), "rq-plan-approved"
    )


@pages.post("/<number>/decline")
@needs("approve")
def decline(number: str) -> Answer:
    """The second person's no."""
    return _do(number, "plan", lambda work: platform().rights.planning.refuse_plan(work, number), "rq-plan-declined")


@pages.post("/<number>/again")
@needs("orders")
def again(number: str) -> Answer:
    """Run again what gave up, from the step that it reached."""
    order = find(number).order
    return _do(number, "plan", lambda work: platform().orders.rerun(work, order), "rq-run-again")


# letters, tasks, papers


@pages.route("/<number>/write", methods=["GET", "POST"])
@needs("handle")
def write(number: str) -> Answer:
    """Write to whoever asked."""
    return _asked(
        number, "write", lambda work: platform().rights.listing.write(work, number, _text()), "rq-letter-written"
    )


@pages.post("/<number>/messages/<message>")
@needs("handle")
@fresh
def message(number: str, message: str) -> Answer:
    """A letter as the person sees it; the look is logged."""
    if message not in {one.id for one in platform().rights.listing.traces(platform().database, number)}:
        raise NotFound(Code.NOT_FOUND, "message")
    try:
        row, written = run(lambda work: platform().messages.read(work, message))
    except SenimError as error:
        flash(refused(error), "bad")
        return redirect(url_for("requests.messages", number=number), 303)
    repeats()
    return page(number, "message", message=row, written=written)


@pages.post("/<number>/tasks/<task>")
@needs("handle")
def task(number: str, task: str) -> Answer:
    """Whom a task is about, for its role; logged."""
    one, about = run(lambda work: platform().tasks.read(work, task))
    repeats()
    return page(number, "tasks", theirs=[one], about=about)


@pages.post("/<number>/tasks/<task>/done")
@needs("handle")
def task_done(number: str, task: str) -> Answer:
    """A task is done: a scan shows it, or a paper that is told by its place in the archive."""
    archive, count = request.form.get("archive", "").strip(), whole(request.form.get("rows", ""))
    scans = sent("scan", "evidence")
    content, media = (scans[0].content, scans[0].media) if scans else (b"", "")
    done = platform().tasks.done
    return _do(
        number,
        "tasks",
        lambda work: done(work, task, archive=archive, scan=content, media=media, rows=count),
        "rq-task-done",
    )


@pages.post("/<number>/papers")
@needs("handle")
def attach(number: str) -> Answer:
    """Seal a file with the request."""
    what: Any = request.form.get("what", "")
    if what not in get_args(Paper):
        raise Invalid(Code.INVALID_VALUE, "what")
    files = sent("file", what)

    def act(work: Work) -> None:
        if not files:
            raise Invalid(Code.FIELD_MISSING, "file")
        for one in files:
            platform().rights.attach(work, number, one)

    return _do(number, "papers", act, "rq-paper-sealed")


@pages.post("/<number>/papers/<paper>")
@needs("handle")
@fresh
def paper(number: str, paper: str) -> Answer:
    """A sealed file, to be saved; the look is logged."""
    media, content = run(lambda work: platform().rights.paper(work, number, paper))
    return handed(content, media, f"{number}-{paper}")


@pages.post("/<number>/answer")
@needs("handle")
@fresh
def answer(number: str) -> Answer:
    """The answer for who hands it over, at the counter or by post; logged."""
    form = request.form.get("form", "")
    if form not in FORMS:
        raise NotFound(Code.NOT_FOUND, "answer")

    def act(work: Work) -> tuple[str, bytes]:
        media, parts = platform().rights.delivery.hand(work, number, form)
        return media, b"".join(parts)

    media, content = run(act)
    return handed(content, media, f"{number}.{'html' if form == 'page' else form}")


@pages.post("/<number>/renew")
@needs("handle")
def renew(number: str) -> Answer:
    """Send the link to the answer anew."""
    return _do(number, "papers", lambda work: platform().rights.delivery.renew(work, number), "rq-link-renewed")
