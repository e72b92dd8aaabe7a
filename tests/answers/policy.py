"""A draft of the policy at the console, from its first line to the vote of a second person."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from tests.answers.doors import Answer, Doors, edited

_NAME = "Winter edition"


def _draft(doors: Doors) -> str:
    """Where the draft is; it is begun and changed a little if there is none."""
    known = re.search(r'href="(/console/policy/drafts/[0-9a-f]+)"', doors.me.get("/console/policy/").text)
    if known:
        return known[1]
    where = str(doors.me.post("/console/policy/drafts", {"name": _NAME, "base": "1"}).headers["Location"])
    draft = doors.senim.drafts.find(doors.senim.works.begin(doors.senim.actor()), where.rsplit("/", 1)[1])
    doors.me.post(where, {"name": _NAME, "revision": str(draft.revision), "source": edited(doors).decode()})
    return where


def _view(name: str) -> Answer:
    def shown(doors: Doors) -> TestResponse:
        return doors.me.get(f"{_draft(doors)}{name}")

    return shown


DRAFTS: dict[str, Answer] = {
    "policy-edit": _view(""),
    "policy-clauses": _view("/clauses"),
    "policy-structure": _view("/structure"),
    "policy-changes": _view("/changes"),
    "policy-publish": _view("/publish"),
}
