"""A press on a language, as a browser without scripts does it: on a page that answers a form."""

from __future__ import annotations

import re
from html import unescape

from werkzeug.test import Client, TestResponse

_FORM = re.compile(r'<form id="switching" method="post" hidden>(.*?)</form>', re.DOTALL)
_FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def along(shown: TestResponse) -> dict[str, list[str]]:
    """What goes along in the form of the switch."""
    form = _FORM.search(shown.text)
    assert form, shown.text[:2000]
    sent: dict[str, list[str]] = {}
    for name, text in _FIELD.findall(form[1]):
        sent.setdefault(unescape(name), []).append(unescape(text))
    return sent


def switched(client: Client, shown: TestResponse, language: str) -> TestResponse:
    """The page in another language."""
    button = rf'<button form="switching" formaction="([^"]*)" name="switch-language" value="{language}"'
    place = re.search(button, shown.text)
    assert place, shown.text[:2000]
    return client.post(unescape(place[1]), data={**along(shown), "switch-language": language})
