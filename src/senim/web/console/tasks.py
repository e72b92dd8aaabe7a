"""Tasks by hand: what people do in systems that no program reaches, for their role alone, with what shows it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from senim.connectors import Task
from senim.errors import Code, NotAllowed, SenimError
from senim.identity import RESPONSIBLE
from senim.web.console.again import fresh, with_status
from senim.web.console.guard import Answer, look, member, platform, run, word
from senim.web.shared.pages import refused
from senim.web.shared.switching import repeats

pages = Blueprint("tasks", __name__, url_prefix="/tasks")


@pages.get("/")
def index() -> Answer:
    """The tasks of one's role; whom they are about is told on a task's own page, when it is asked for."""
    done = request.args.get("show") == "all"
    found = [one for one in platform().tasks.list(look().database, done=done) if _mine(one)]
    return render_template("console/tasks.html", found=found, done=done, roles=_roles())


@pages.get("/<task>")
def show(task: str) -> Answer:
    """One task, without whom it is about."""
    return _page(_found(task))


@pages.post("/<task>")
@fresh
def read(task: str) -> Answer:
    """One task with whom it is about: that somebody looked is in the log."""
    found, about = run(lambda work: platform().tasks.read(work, task))
    repeats()
    return _page(found, about=about)


@pages.post("/<task>/done")
@fresh
def done(task: str) -> Answer:
    """Say that it is done: a scan, or where the paper lies, shows it."""
    found, form, scan = _found(task), request.form, request.files.get("scan")
    content = scan.read() if scan else b""
    rows = form.get("rows", "0").strip() or "0"
    try:
        run(
            lambda work: platform().tasks.done(
                work,
                task,
                archive=form.get("archive", "").strip()[:100],
                scan=content,
                media=scan.mimetype if scan and content else "",
                rows=int(rows) if rows.isdecimal() and len(rows) < 10 else -1,
            )
        )
    except SenimError as error:
        if isinstance(error, NotAllowed):
            raise
        return with_status(str(_page(found, fault=refused(error))), 400)
    flash(word("task-done-told"), "good")
    return redirect(url_for("tasks.show", task=task), 303)


def _page(found: Task, **more: Any) -> Answer:
    g.place = url_for("tasks.show", task=found.id)
    return render_template(
        "console/task.html", found=found, says=_words(found), roles=_roles(), by=_by(found), **{"fault": "", **more}
    )


def _mine(task: Task) -> bool:
    return member().role in (task.role, RESPONSIBLE)


def _found(task: str) -> Task:
    found = platform().tasks.find(look().database, task)
    if not _mine(found):
        raise NotAllowed(Code.ROLE_NOT_ALLOWED, f"{member().role}: {found.role}")
    return found


def _words(task: Task) -> str:
    """What the map says there is to do; nothing if the system has no map any more."""
    systems = platform().systems
    found = systems.check(task.system).map if task.system in systems.names() else None
    text = found.system.tasks.get(task.wish) if found else None
    return text.in_(g.language) if text else ""


def _by(task: Task) -> str:
    kind, _, account = task.done_by.partition(":")
    names = platform().staff.names(look(), account) if kind == "staff" else None
    return names.shown if names else task.done_by


def _roles() -> dict[str, str]:
    roles = platform().policies.in_force(platform().works.clock.now()).policy.roles
    named = {name: one.name.in_(g.language) for name, one in roles.items()}
    return {RESPONSIBLE: word("role-responsible"), **named}
