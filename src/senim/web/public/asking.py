"""Your rights and how to use them; and the form for whoever has no account and needs none.

The form asks only for what locates the person and what the policy wants a request to state. What is answered is the
same whether or not anybody is on file.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.errors import Code, Invalid, SenimError
from senim.identity import Actor, ActorKind
from senim.languages import Language, wording
from senim.messaging.mail import is_address
from senim.policy import Promises
from senim.policy.notices import field_name
from senim.policy.taxonomy import FILES, FieldType
from senim.rights import Ground, Kind, Opening, Way
from senim.rights.clock import opening_deadlines, right_of
from senim.rights.rules import AT_ONCE, CORRECTS, GROUNDED, kind_of
from senim.rights.words import term_words, told
from senim.web.public.showing import in_force, language_of, shown
from senim.web.shared.askers import asker
from senim.web.shared.pages import FORMS, PRIVATE, fault, fault_of_page, refused
from senim.web.shared.problems import status_of

CARDS = (
    Kind.COPY,
    Kind.RECIPIENTS,
    Kind.CORRECT,
    Kind.BLOCK,
    Kind.ERASE,
    Kind.WITHDRAW,
    Kind.STOP_MAILINGS,
    Kind.COMPLAINT,
)
"""What most people come for, each with a card; these rights are everybody's by law, whatever the text names."""

MORE = (
    Kind.CONFIRM,
    Kind.ACCESS,
    Kind.COMPLETE,
    Kind.OBJECT,
    Kind.CLAIM,
    Kind.COMPENSATION,
    Kind.CONCERN,
    Kind.VISIBILITY,
)
"""What else may be asked for; of these only what the policy names."""

MOST_TEXT = 4_000
"""Longest text in the form, in characters."""

GOOD_FOR = timedelta(hours=2)
"""How long a form may lie open before it is sent."""

_BY_FORM = Actor(kind=ActorKind.PERSON, id="request-form", role="form", may=frozenset({"request"}))
_NAMES = ("family", "given", "patronymic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A right as a card shows it."""

    kind: Kind
    name: str
    says: str
    answer: str
    at_once: bool
    act: str
    channels: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the form of a kind asks for."""

    kind: Kind
    name: str
    says: str
    names: tuple[str, ...]
    """Parts of the name that the policy wants a request to state."""
    others: dict[str, str]
    """Further identifiers by which people are found, and their names."""
    changes: dict[str, str]
    """Fields that can be corrected, and their names."""
    grounds: dict[str, str]
    purposes: dict[str, str]
    """What a consent can be withdrawn for, and its name."""
    text_needed: bool


class Tokens:
    """Proof that a form came from here and not long ago. No cookie, no session: nobody is signed in."""

    def __init__(self, secret: bytes, now: Callable[[], datetime]) -> None:
        self._secret, self._now = secret, now

    def issue(self) -> str:
        """A token for a form that is shown now."""
        at = int(self._now().timestamp())
        return f"{at}.{self._mark(at)}"

    def check(self, token: str) -> None:
        """Raise Invalid (form_outdated) unless the token was issued here within the last hours."""
        at, _, mark = token[:100].partition(".")
        if not (at.isascii() and at.isdigit() and hmac.compare_digest(mark.encode(), self._mark(int(at)).encode())):
            raise Invalid(Code.FORM_OUTDATED)
        if not 0 <= self._now().timestamp() - int(at) <= GOOD_FOR.total_seconds():
            raise Invalid(Code.FORM_OUTDATED)

    def _mark(self, at: int) -> str:
        return hmac.digest(self._secret, str(at).encode(), "sha256").hex()[:40]


def asking(senim: Senim) -> Blueprint:
    """The routes of the rights and of the form."""
    pages, tokens = Blueprint("asking", __name__), Tokens(senim.derived("request form"), senim.works.clock.now)

    def rights(language: str) -> Response:
        read, promises = language_of(language), in_force(senim)
        now = senim.works.clock.now()
        named = promises.policy.rights.kinds
        more = [kind for kind in MORE if right_of(kind) in named]
        return shown(
            senim,
            "rights.html",
            cards=[_card(promises, kind, read, now=now) for kind in CARDS],
            more=[_card(promises, kind, read, now=now) for kind in more],
            authority=promises.law.pack.authority,
            act=promises.law.pack.act.in_(read),
            post=promises.policy.operator.contacts.post.in_(read) or promises.policy.operator.address.in_(read),
            free=promises.policy.rights.fee == "none",
            ways={one.value for one in promises.policy.rights.channels},
        )

    def blank(language: str) -> Response:
        return _asked(senim, tokens, language_of(language), kind=_kind(request.args.get("kind", Kind.COPY.value)))

    def send(language: str) -> Response | Redirect:
        return _sent(senim, tokens, language_of(language))

    pages.add_url_rule("/privacy/<language>/rights", view_func=rights)
    pages.add_url_rule("/privacy/<language>/requests/new", view_func=blank, methods=["GET"], endpoint="blank")
    pages.add_url_rule("/privacy/<language>/requests/new", view_func=send, methods=["POST"], endpoint="send")
    return pages


def _kind(word: str) -> Kind:
    try:
        kind = kind_of(word)
    except Invalid:
        abort(404)
    if kind not in (*CARDS, *MORE):
        abort(404)
    return kind


def _card(promises: Promises, kind: Kind, language: Language, *, now: datetime) -> Card:
    deadlines = {one.stage: one.limits[0].term for one in opening_deadlines(promises, kind, now)}
    right = promises.policy.rights.kinds.get(right_of(kind))
    channels = (right.channels if right else ()) or promises.policy.rights.channels
    words = wording("pages")
    return Card(
        kind=kind,
        name=_name(kind, language),
        says=words[f"right-{kind}"].in_(language),
        answer=term_words(deadlines["answer"], language),
        at_once=kind in AT_ONCE,
        act=term_words(deadlines["act"], language) if "act" in deadlines else "",
        channels=", ".join(wording("notices")[f"channel-{one.value}"].in_(language) for one in channels),
    )


def _name(kind: Kind, language: Language) -> str:
    own = wording("pages").get(f"right-{kind}-name")
    return own.in_(language) if own else told(f"kind-{kind}", language)


def _form(promises: Promises, kind: Kind, language: Language) -> Form:
    right = promises.policy.rights.kinds.get(right_of(kind))
    contains = right.contains if right else ()
    fields = promises.fields
    others = [
        ref for ref, one in fields.items() if one.identifier and one.type not in (FieldType.EMAIL, FieldType.PHONE)
    ]
    correctable = [ref for ref, one in fields.items() if one.type not in (*FILES, FieldType.CARD)]
    consented = {name: one for name, one in promises.policy.purposes.items() if one.basis == "consent"}
    mailing = {name: one for name, one in consented.items() if one.kind == "marketing" or one.channels}
    chosen = {Kind.WITHDRAW: consented, Kind.STOP_MAILINGS: mailing}.get(kind, {})
    grounds = [one for one in Ground if one is not Ground.NONE] if kind in GROUNDED else []
    return Form(
        kind=kind,
        name=_name(kind, language),
        says=wording("pages")[f"right-{kind}"].in_(language),
        names=tuple(one for one in _NAMES if one in contains),
        others={ref: field_name(promises, ref, language) for ref in others},
        changes={ref: field_name(promises, ref, language) for ref in correctable} if kind in CORRECTS else {},
        grounds={one.value: told(f"ground-{one}", language) for one in grounds},
        purposes={name: " ".join(one.name.in_(language).split()) for name, one in chosen.items()},
        text_needed="content" in contains
        or kind in (Kind.COMPLAINT, Kind.CLAIM, Kind.COMPENSATION, Kind.CONCERN, Kind.OBJECT),
    )


def _asked(senim: Senim, tokens: Tokens, language: Language, *, kind: Kind, status: int = 200) -> Response:
    """The form, blank or as it was sent. Nobody keeps it, and a text that was sent comes back to its sender alone."""
    g.language = language
    body = render_template(
        "ask.html",
        form=_form(in_force(senim), kind, language),
        token=tokens.issue(),
        fault=fault_of_page(),
        sent=request.form,
        most=MOST_TEXT,
        ask_in=lambda one: url_for("asking.blank", language=one, kind=kind.value),
    )
    return Response(body, status, headers={**PRIVATE, "Content-Security-Policy": FORMS})


def _sent(senim: Senim, tokens: Tokens, language: Language) -> Response | Redirect:
    kind = _kind(request.form.get("kind", ""))
    try:
        tokens.check(request.form.get("form", ""))
        opening = _opening(_form(in_force(senim), kind, language), language)
        came_from = asker(request)
        opened = senim.run(_BY_FORM, lambda work: senim.rights.open(work, opening, came_from=came_from))
    except _Lacking as lacking:
        fault(lacking.word, lacking.where)
        return _asked(senim, tokens, language, kind=kind, status=422)
    except SenimError as refusal:
        refused(refusal)
        return _asked(senim, tokens, language, kind=kind, status=status_of(refusal))
    return redirect(url_for("requesting.status", number=opened.number, token=opened.token), 303)


class _Lacking(Exception):  # it is told on the form, and goes no further
    def __init__(self, word: str, where: str = "") -> None:
        self.word, self.where = word, where


def _opening(form: Form, language: Language) -> Opening:
    """What was sent as a request. Raises _Lacking if nobody can be found, or nobody answered, by it."""
    sent: Callable[..., Any] = request.form.get
    email, phone = _line(sent("email", "")), _line(sent("phone", ""))
    if email and not is_address(email):
        raise _Lacking("ask-email-wrong", "email")
    identifiers = {"email": email, "phone": phone, **{ref: _line(sent(ref, "")) for ref in form.others}}
    identifiers = {name: value for name, value in identifiers.items() if value}
    if not identifiers:
        raise _Lacking("ask-nobody")
    post = _line(sent("post", ""))
    if not email and not post and not phone:
        raise _Lacking("ask-nowhere")
    text = sent("text", "").strip()
    if form.text_needed and not text:
        raise _Lacking("ask-no-text", "text")
    field, value = sent("field", ""), _line(sent("value", ""))
    return Opening(
        kind=form.kind.value,
        way=Way.PORTAL,
        language=language,
        identifiers=identifiers,
        name={part: name for part in form.names if (name := _line(sent(part, "")))},
        reply_to=email or post,
        text=text[:MOST_TEXT],
        ground=Ground(ground) if (ground := sent("ground", "")) in form.grounds else Ground.NONE,
        purposes=tuple(one for one in request.form.getlist("purpose") if one in form.purposes),
        changes={field: value} if field in form.changes and value else {},
    )


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
