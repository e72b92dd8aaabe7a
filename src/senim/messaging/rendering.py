"""Messages from templates: one wording for each language, shown as text and as HTML. Pure.

``templates/<name>.toml`` has for each language a subject and the blocks of the body; ``letter.txt`` and ``letter.html``
show the same blocks in the two forms, so that both say the same. A block is a paragraph, or one of ``{link, to}``,
``{list}``, ``{paragraphs}``, ``{code}`` over facts; a paragraph that comes out empty is left out. Nothing is loaded
from anywhere when a message is opened: no picture, no font, no script, no trace of who read it.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from senim.errors import Code, Invalid
from senim.languages import LOCALES, Language, Text
from senim.messaging.facts import STAFF, TEMPLATES, Facts

if TYPE_CHECKING:  # they are loaded with the first message: a command that writes none starts sooner
    from jinja2 import Environment, Template

_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Who writes, as every message says it."""

    operator: str
    contacts: str
    authority: str
    authority_where: str
    zone: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in both forms."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the body, ready to be shown."""

    kind: str
    words: tuple[str, ...] = ()
    label: str = ""
    to: str = ""


def facts_of(template: str, given: Mapping[str, Any]) -> Facts:
    """The facts of a template, checked. Raises Invalid (invalid_value) naming the fact, never its value."""
    kind = TEMPLATES.get(template)
    if kind is None:
        raise Invalid(Code.INVALID_VALUE, "template")
    try:
        return msgspec.convert(dict(given), kind)
    except msgspec.ValidationError as error:
        place = re.search(r"`\$\.?([\w.\[\]]*)`|field `(\w+)`", str(error))
        named = (place[1] or place[2] or "") if place else ""
        raise Invalid(Code.INVALID_VALUE, f"{template}.{named}".rstrip(".")) from None


def render(template: str, language: Language, facts: Facts, house: House, *, unsubscribe: str = "") -> Rendered:
    """A message in a language, as text and as HTML."""
    wording, around = wording_of(template)[language], wording_of("house")[language]
    values = {**{name: _worded(getattr(facts, name), language) for name in facts.__struct_fields__}, "house": house}
    subject = _clean(_filled(wording["subject"], values, language, house.zone, html=False))
    staff = template in STAFF
    shown = {}
    for form in ("txt", "html"):
        html = form == "html"
        fill = functools.partial(_filled, values=values, language=language, zone=house.zone, html=html)
        shown[form] = _layout(form).render(
            blocks=list(_blocks(wording["body"], values, fill)),
            around={name: fill(text) for name, text in around.items()},
            staff=staff,
            unsubscribe=unsubscribe,
            language=language,
            subject=subject,
        )
    return Rendered(subject, re.sub(r"\n{3,}", "\n\n", shown["txt"]).strip() + "\n", shown["html"])


def _blocks(body: list[Any], values: Mapping[str, Any], fill: Any) -> Iterator[Block]:
    for one in body:
        if isinstance(one, str):
            text = fill(one)
            if text.strip():
                yield Block("paragraph", (text,))
        elif "link" in one:
            if values[one["to"]]:
                yield Block("link", label=fill(one["link"]), to=values[one["to"]])
        elif "list" in one:
            if values[one["list"]]:
                yield Block("list", values[one["list"]])
        elif "paragraphs" in one:
            for text in values[one["paragraphs"]]:
                yield Block("paragraph", (text,))
        else:
            yield Block("code", (values[one["code"]],))


def _worded(value: Any, language: Language) -> Any:
    """A fact in the message's language, without characters that break a line or turn the direction of writing."""
    if isinstance(value, Text):
        value = value.in_(language)
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, tuple):
        return tuple(_worded(one, language) for one in value)
    return value


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


@functools.cache
def wording_of(template: str) -> dict[str, dict[str, Any]]:
    """The wording of a template: language → subject and body."""
    source = resources.files("senim.messaging").joinpath("templates", f"{template}.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


def _filled(wording: str, values: Mapping[str, Any], language: Language, zone: str, *, html: bool) -> str:
    from markupsafe import Markup

    filled = _template(wording, language, zone, html=html).render(values)
    return Markup(filled) if html else filled  # noqa: S704  # what was filled in is escaped already


@functools.lru_cache(maxsize=2048)
def _template(wording: str, language: Language, zone: str, *, html: bool) -> Template:
    return _environment(language, zone, html=html).from_string(wording)


@functools.cache
def _environment(language: Language, zone: str, *, html: bool) -> Environment:
    from jinja2 import Environment, StrictUndefined

    # Text has nothing to escape; HTML always is.
    made = Environment(autoescape=html, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    made.filters["day"] = functools.partial(day, language=language)
    made.filters["moment"] = functools.partial(moment, language=language, zone=zone)
    return made


@functools.cache
def _layout(form: str) -> Template:
    source = resources.files("senim.messaging").joinpath("templates", f"letter.{form}").read_text(encoding="utf-8")
    return _environment("en", "UTC", html=form == "html").from_string(source)


def day(value: date, *, language: Language) -> str:
    """A day as people write it: «2027 ж. 22 сәуір», «22 апреля 2027 г.», “22 April 2027”."""
    from babel.dates import format_date

    # The narrow space that does not break is missing in many fonts that mail is read with.
    return format_date(value, "long", locale=LOCALES[language]).replace("\u202f", "\u00a0")


def moment(value: datetime, *, language: Language, zone: str) -> str:
    """A time as people of the operator's zone write it."""
    from babel.dates import format_time

    local = value.astimezone(ZoneInfo(zone))
    return f"{day(local.date(), language=language)}, {format_time(local, 'HH:mm', locale=LOCALES[language])}"
