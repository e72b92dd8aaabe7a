"""What is held, what for, how long, who received it, what was written (travel-31 to travel-38)."""

from __future__ import annotations

from flask import Blueprint, g, url_for

from senim.accounts.actions import changes_at_once
from senim.accounts.rules import CONFIRM_EVERY, choices
from senim.app import Senim
from senim.rights.answers.records import Answer, Section
from senim.rights.rules import is_open
from senim.rights.words import state_told, told
from senim.times import micros
from senim.web.portal.visit import act, before, look, page, signed

_OLDEST_ACCOUNT = 24 * 3600 * 1_000_000
"""Nobody is asked whether data is right on the day on which they gave it. Microseconds."""


def seeing(senim: Senim) -> Blueprint:
    """The routes of pages that show."""
    pages = Blueprint("seeing", __name__)
    add = pages.add_url_rule
    add("/", view_func=lambda: _start(senim), endpoint="start")
    add("/data", view_func=lambda: _data(senim), endpoint="data")
    add("/data/<category>", view_func=lambda category: _category(senim, category), endpoint="category")
    add("/use", view_func=lambda: _use(senim), endpoint="use")
    add("/received", view_func=lambda: _received(senim), endpoint="received")
    add("/messages", view_func=lambda: _messages(senim), endpoint="messages")
    add("/guide", view_func=lambda: _guide(senim), endpoint="guide")
    return pages


def _start(senim: Senim) -> str:
    now, who, promises = micros(senim.works.clock.now()), signed(), senim.accounts.promises()
    account = senim.accounts.account(who)
    last = account.confirmed_at or who.standing.created_at
    every = CONFIRM_EVERY if account.confirmed_at else _OLDEST_ACCOUNT
    requests = senim.accounts.asking.all(senim.database, who)
    return page(
        senim,
        "start.html",
        held=look(senim, senim.accounts.held),
        on=[one for one in choices(promises, who.standing, now) if one.on],
        requests=[one for one in requests if is_open(one)],
        request_words=told,
        state_words=state_told,
        account=account,
        confirm=now - last >= every,
        new_version=account.version < promises.version,
    )


def _data(senim: Senim) -> str:
    return page(senim, "data.html", held=look(senim, senim.accounts.held), categories=_categories(senim))


def _categories(senim: Senim) -> object:
    return senim.accounts.promises().policy.categories


def _category(senim: Senim, category: str) -> str:
    g.back = url_for("seeing.data")
    shown, promises = act(senim, senim.accounts.show, category), senim.accounts.promises()
    purposes = look(senim, senim.accounts.told, g.language).purposes
    serving = {reference: [one for one in purposes if reference in one.fields] for reference in shown.values}
    at_once = {
        reference
        for reference, kept in shown.values.items()
        if kept.status == "stated" and changes_at_once(promises, reference)
    }
    return page(senim, "category.html", shown=shown, serving=serving, at_once=at_once, sources=promises.policy.sources)


def _sections(answer: Answer) -> dict[str, Section]:
    return {one.id: one for one in answer.sections}


def _use(senim: Senim) -> str:
    sections = _sections(look(senim, senim.accounts.told, g.language))
    purposes, terms = sections["purposes"], sections["terms"]
    return page(senim, "use.html", purposes=list(zip(purposes.rows, terms.rows, strict=True)))


def _received(senim: Senim) -> str:
    told, onwards = look(senim, senim.accounts.received, g.language, before())
    sections = _sections(told)
    return page(
        senim,
        "received.html",
        disclosures=sections["disclosures"],
        access=sections["access"],
        processors=sections["processors"],
        onwards=onwards,
    )


def _messages(senim: Senim) -> str:
    entries, onwards = senim.accounts.messages(signed(), before())
    sent = [(one.reason or "", micros_of(one.at)) for one in entries]
    return page(senim, "messages.html", sent=sent, onwards=onwards)


def micros_of(at: str) -> int:
    """An RFC 3339 time as stored times are."""
    from datetime import datetime

    return micros(datetime.fromisoformat(at))


def _guide(senim: Senim) -> str:
    sections = _sections(look(senim, senim.accounts.told, g.language))
    return page(senim, "guide.html", rights=sections["rights"])
