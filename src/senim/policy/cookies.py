"""What a visitor is shown about cookies: the banner, the page of choices, the place of something blocked. Pure.

The browser fingerprints the very text that stands on the screen: SHA-256 (hex) of all its pieces, a line each. Here
the same pieces are made from the policy, so that the server knows which texts could have been shown (travel-5).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from senim.languages import LANGUAGES, Language, Text, wording
from senim.law import parse_term
from senim.law.clocks import Unit
from senim.policy.notices import time_in_words
from senim.policy.promises import Promises
from senim.policy.records import CookieKind, Cookies

PLACE = "cookies"
"""What a text about cookies is kept under, where notices have their point."""

_SIGNALS = {
    "marketing": ("ad_storage", "ad_user_data", "ad_personalization"),
    "statistics": ("analytics_storage",),
    "security": ("security_storage",),
}
"""Signals of Google Consent Mode v2 by the kind of the purpose; of all others ``_OTHER``."""

_OTHER = ("functionality_storage", "personalization_storage")
_DAYS = {Unit.WORKING_DAYS: 1.4, Unit.CALENDAR_DAYS: 1.0, Unit.MONTHS: 30.0, Unit.YEARS: 365.0, Unit.HOURS: 1 / 24}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of cookies as people and browsers are told of it."""

    id: str
    essential: bool
    name: str
    about: str
    """What for, how long, which."""
    names: tuple[str, ...]
    signals: tuple[str, ...]
    mark: str
    """Changes when what people agreed to is no longer what the kind does: then they are asked again."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A text about cookies in one language. ``digest`` is the SHA-256 (hex) of ``text``."""

    version: int
    variant: str
    """``banner``, ``banner-gpc``, ``page``, or ``frame:`` and the kind."""
    language: Language
    text: str

    @property
    def point(self) -> str:
        """What it is kept under."""
        return PLACE

    @property
    def digest(self) -> str:
        """Its fingerprint."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def days(term: str) -> int:
    """A term as whole days, at least one: how long a browser remembers."""
    parsed = parse_term(term)
    return max(1, int(parsed.count * _DAYS[parsed.unit]))


def kinds(promises: Promises, language: Language) -> tuple[Kind, ...]:
    """The kinds of cookies that the policy declares."""
    cookies = promises.policy.cookies
    return tuple(_kind(promises, name, one, language) for name, one in cookies.kinds.items()) if cookies else ()


def _kind(promises: Promises, name: str, kind: CookieKind, language: Language) -> Kind:
    purpose = promises.policy.purposes.get(kind.purpose)
    signals = _SIGNALS.get(purpose.kind, _OTHER) if purpose else _OTHER
    parts = [_say("always", language)] if kind.essential else []
    if purpose:
        parts.append(_say("for", language, purpose=_in(purpose.name, language)))
    if kind.lasts:
        parts.append(_say("kept", language, time=time_in_words(kind.lasts, language)))
    if kind.names:
        parts.append(_say("names", language, names=", ".join(kind.names)))
    return Kind(
        id=name,
        essential=kind.essential,
        name=_in(kind.name, language),
        about=" ".join(parts),
        names=kind.names,
        signals=signals,
        mark=_mark(promises, name, kind),
    )


def _mark(promises: Promises, name: str, kind: CookieKind) -> str:
    """A digest of what an agreement to a kind rests on: its purpose with all that it may do, and how long it lasts.

    Where it lets in what devices tell, that too: what it is, how long it is kept and how long one pseudonym holds.
    """
    floor = promises.floors.get(kind.purpose, 0)
    lost = sorted(promises.lost.get(kind.purpose, ()))
    visits = [
        [point, kept.lasts, one.visits.renews, sorted(one.visits.tells.items())]
        for point, one in promises.policy.points.items()
        for kept in (one.visits.keeps.values() if one.visits else ())
        if one.visits and kept.choice == name
    ]
    told = json.dumps([name, kind.essential, kind.purpose, kind.lasts, floor, lost, *([visits] if visits else ())])
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def words(language: Language) -> dict[str, str]:
    """The words of the banner."""
    return {name: text.in_(language) for name, text in wording("banner").items()}


def _say(key: str, language: Language, **filled: str) -> str:
    return wording("banner")[key].in_(language).format(**filled)


def _in(text: Text, language: Language) -> str:
    return " ".join(text.in_(language).split())


def told(cookies: Cookies, language: Language) -> tuple[str, ...]:
    """What the notice says: about cookies, about switching them off, and when we ask again."""
    again = _say("again", language, time=time_in_words(cookies.asks_again, language))
    return (*filter(None, (_in(cookies.notice, language), _in(cookies.refusal, language))), again)


def shown(promises: Promises, language: Language) -> Iterator[Shown]:
    """Every text that a visitor can be shown in a language, as the browser puts it together."""
    cookies, say = promises.policy.cookies, words(language)
    if cookies is None:
        return
    known = kinds(promises, language)
    listed = [text for kind in known for text in (kind.name, kind.about)]
    buttons = [say[name] for name in ("accept", "refuse", "choose")]

    def made(variant: str, pieces: list[str]) -> Shown:
        return Shown(promises.version, variant, language, "\n".join(pieces))

    notice = list(told(cookies, language))
    yield made("banner", [say["title"], *notice, say["policy"], *buttons, *listed, say["save"]])
    yield made("banner-gpc", [say["title"], *notice, say["gpc"], say["policy"], *buttons, *listed, say["save"]])
    yield made("page", [say["title"], *notice, *listed, say["save"], say["accept"], say["refuse"]])
    for kind in known:
        if not kind.essential:
            yield made(f"frame:{kind.id}", [kind.name, say["frame"], kind.about, say["allow"], say["choose"]])


def all_shown(promises: Promises) -> dict[str, Shown]:
    """Every text of a version, by fingerprint."""
    return {one.digest: one for language in LANGUAGES for one in shown(promises, language)}


def configuration(promises: Promises, home: str = "") -> dict[str, object]:
    """What the script needs: kinds, the texts in three languages, and the host whose cookie the choice is."""
    cookies = promises.policy.cookies
    if cookies is None:
        return {"version": promises.version, "home": home, "days": 0, "kinds": [], "texts": {}}
    return {
        "version": promises.version,
        "home": home,
        "days": days(cookies.asks_again),
        "kinds": [
            [one.id, int(one.essential), one.mark, list(one.names), list(one.signals)] for one in kinds(promises, "en")
        ],
        "texts": {language: _texts(promises, cookies, language) for language in LANGUAGES},
    }


_SCRIPT = (
    "title", "accept", "refuse", "choose", "save", "gpc", "policy", "frame", "allow", "reopen", "proof", "close",
)  # fmt: skip
"""Words that the script shows."""


def _texts(promises: Promises, cookies: Cookies, language: Language) -> dict[str, object]:
    say = words(language)
    return {
        **{name: say[name] for name in _SCRIPT},
        "told": told(cookies, language),
        "kinds": [[one.name, one.about] for one in kinds(promises, language)],
    }
