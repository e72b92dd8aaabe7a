"""What anybody is answered with at the public pages."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from senim.errors import SenimError
from tests.answers.doors import Answer, Doors, edited
from tests.features.acting import about
from tests.features.rights.scene import by, decide, run

POINT = "newsletter"


def _form(doors: Doors) -> TestResponse:
    """A form of the site, sent without scripts."""
    return doors.post(f"/forms/{POINT}", {"language": "en", "contact.email": "iya@people.example"})


def _mend(doors: Doors) -> TestResponse:
    """The same with something to mend."""
    notice = re.search(r'name="notice" value="([^"]+)"', _form(doors).text)
    assert notice
    wrong = {"language": "en", "notice": notice[1], "contact.email": "iya at people", "contact.phone": "12"}
    return doors.post(f"/forms/{POINT}", wrong)


def _thanks(doors: Doors) -> TestResponse:
    return doors.get(f"/forms/{POINT}/thanks?language=en")


def _request(doors: Doors) -> TestResponse:
    """The state of a request made without an account, which waits for a code."""
    blank = "/privacy/en/requests/new"
    token = re.search(r'name="form" value="([^"]+)"', doors.get(f"{blank}?kind=copy").text)
    assert token
    sent = {"kind": "copy", "form": token[1], "email": doors.made.people[5].values["contact.email"]}
    return doors.get(doors.post(blank, sent).headers["Location"])


def _answer(doors: Doors) -> TestResponse:
    """The answer to a request, by the link of its letter."""
    number = by(doors.stage, doors.made.people[3], "copy").number
    decide(doors.stage, number, granted=True)
    run(doors.stage)
    link = urlsplit(str(doors.letters.of("answer_ready")[-1][1]["link"]))
    return doors.get(f"{link.path}?{link.query}")


def _unsubscribe(doors: Doors) -> str:
    """Where a mailing that somebody gets can be ended."""
    senim = doors.senim
    senim.marketing._url = "https://privacy.qonyrau.example"
    for one in doors.made.people:
        try:
            about(
                senim,
                one.subject,
                lambda work, who: senim.marketing.write(
                    work, who, "advertising", language="en", title="Winter", text=("The programme is here.",)
                ),
            )
        except SenimError:  # never agreed to it, or not any more
            continue
        return urlsplit(str(doors.letters.of("mailing")[-1][1]["unsubscribe"])).path
    raise AssertionError("nobody agreed to mailings")


def _ended(doors: Doors) -> TestResponse:
    return doors.post(f"{_unsubscribe(doors)}?language=en", {})


def _undone(doors: Doors) -> TestResponse:
    path = _unsubscribe(doors)
    doors.post(path, {})
    return doors.post(f"{path}/undo?language=en", {})


def _beside(doors: Doors) -> TestResponse:
    """Two editions side by side."""
    changed = edited(doors)
    doors.senim.run(doors.senim.actor(), lambda work: doors.senim.policies.publish(work, changed))
    return doors.get("/privacy/en/changes/1/2")


def _problem(doors: Doors) -> TestResponse:
    """An address that leads nowhere."""
    return doors.get("/privacy/en/no-such-page")


PUBLIC: dict[str, Answer] = {
    "problem": _problem,
    "filling-form": _form,
    "filling-mend": _mend,
    "filling-thanks": _thanks,
    "requesting-request": _request,
    "requesting-answer": _answer,
    "unsubscribing-undone": _undone,
    "unsubscribing-ended": _ended,
}
LAST: dict[str, Answer] = {"changing-beside": _beside}
"""What leaves another edition of the policy behind."""
