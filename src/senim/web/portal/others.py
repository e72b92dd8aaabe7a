"""People for whom somebody gave data; and the page behind the link in the letter that asks for their own word."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.accounts.others import Represented
from senim.accounts.records import BY_LINK
from senim.app import Senim
from senim.collection.records import Word
from senim.errors import Code, Held, NotFound
from senim.rights.answers.words import Words
from senim.web.portal.visit import act, look, page, say
from senim.web.shared.pages import refused

Page = str | Redirect
_WORDS: dict[str, Word] = {"yes": "confirmed", "no": "refused"}


def others(senim: Senim) -> Blueprint:
    """The routes of people for whom others spoke."""
    pages = Blueprint("others", __name__)
    add = pages.add_url_rule
    add("/people", view_func=lambda: _people(senim), methods=["GET"], endpoint="people")
    add("/people", view_func=lambda: _ask(senim), methods=["POST"], endpoint="ask")
    add("/word/<token>", view_func=lambda token: _word(senim, token), methods=["GET"], endpoint="word")
    add("/word/<token>", view_func=lambda token: _said(senim, token), methods=["POST"], endpoint="word_done")
    return pages


def _people(senim: Senim, fault: str = "") -> str:
    return page(senim, "people.html", people=look(senim, senim.accounts.others.all), fault=fault)


def _ask(senim: Senim) -> Page:
    subject = request.form.get("person", "")
    try:
        act(senim, senim.accounts.others.ask, subject, language=g.language)
    except Held as refusal:
        return _people(senim, refused(refusal))
    say("asked-them", "good")
    return redirect(url_for("others.people"), 303)


def _word(senim: Senim, token: str) -> str:
    asked: Represented = senim.accounts.others.look(senim.works.begin(BY_LINK), token)
    said = Words(senim.accounts.promises(), g.language)
    return render_template("portal/word.html", asked=asked, token_=token, said=said)


def _said(senim: Senim, token: str) -> Page:
    word, language = _WORDS.get(request.form.get("word", "")), g.language
    if word is None:
        raise NotFound(Code.NOT_FOUND, "word")
    senim.run(BY_LINK, lambda work: senim.accounts.others.say(work, token, word=word, language=language))
    return redirect(url_for("others.word", token=token), 303)
