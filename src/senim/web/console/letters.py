"""Letters by e-mail that a person has to look at: what each asks for, and what becomes of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from senim.errors import Code, Invalid, NotFound, SenimError
from senim.languages import wording
from senim.messaging.inbox_records import Outcome
from senim.rights import Kind
from senim.rights.letters import LetterReceiver
from senim.rights.rules import is_number, kind_of
from senim.web.console.guard import Answer, look, needs, platform, run
from senim.web.console.shown import say
from senim.web.shared.pages import refused, words
from senim.web.shared.switching import repeats

pages = Blueprint("letters", __name__, url_prefix="/letters")

SHOWN = ("open", *Outcome)


def _say(word: str) -> str:
    return wording("letters")[word].in_(g.language)


@pages.context_processor
def _words() -> dict[str, Any]:
    return {"say": say, "letter_word": _say}


@pages.get("/")
def index() -> Answer:
    """Letters, the newest first: those that wait for a person, or others."""
    asked = request.args.get("outcome", "open")
    outcome = asked if asked in SHOWN else "open"
    found = platform().inbox.list(platform().database, outcome=outcome)
    return render_template("console/letters.html", found=found, outcome=outcome, outcomes=SHOWN)


@pages.get("/<letter>")
def show(letter: str) -> Answer:
    """What is known of a letter without opening it."""
    row = platform().inbox.find(look().database, letter)
    return render_template("console/letter.html", row=row, said=None, meant=None, kinds=tuple(Kind))


@pages.post("/<letter>")
@needs("handle")
def read(letter: str) -> Answer:
    """What it says; the look is logged."""
    row, said, meant = run(lambda work: platform().inbox.open(work, letter))
    repeats()
    return render_template("console/letter.html", row=row, said=said, meant=meant, kinds=tuple(Kind))


@pages.post("/<letter>/take")
@needs("handle")
def take(letter: str) -> Answer:
    """It asks for something: a request is opened from it."""
    receiver = platform().inbox.receiver
    assert isinstance(receiver, LetterReceiver)
    try:
        kind = kind_of(request.form.get("kind", "")).value
        number = run(lambda work: receiver.take(work, letter, kind, inbox=platform().inbox))
    except NotFound:
        raise
    except SenimError as error:
        flash(refused(error), "bad")
        return redirect(url_for("letters.show", letter=letter), 303)
    flash(words(g.door, g.language)["lt-taken"], "good")
    return redirect(url_for("requests.show", number=number), 303)


@pages.post("/<letter>/decide")
@needs("handle")
def decide(letter: str) -> Answer:
    """It belongs to a request that is there, or a person dealt with it otherwise."""
    about = request.form.get("about", "").strip()[:40]
    try:
        if about and not is_number(about):
            raise Invalid(Code.INVALID_VALUE, "about")
        if about:
            platform().rights.find(platform().database, about)
        run(lambda work: platform().inbox.decide(work, letter, about=about))
    except SenimError as error:
        flash(refused(error), "bad")
        return redirect(url_for("letters.show", letter=letter), 303)
    flash(words(g.door, g.language)["lt-dealt-with"], "good")
    return redirect(url_for("letters.index"), 303)
