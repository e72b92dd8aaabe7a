"""Forms on pages: what a point asks for as a form needs it, and an intake out of what a form sends. Pure.

A page can keep no secret, so it has no key: the policy says of a point which role pages act in (``by-pages``), and such
an intake may do nothing else. What proves that the notice was shown is its digest, as at every other door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from senim.collection.records import ConsentGiven, Intake
from senim.collection.rules import undeclared
from senim.errors import Code, NotAllowed, NotPromised, Reason
from senim.identity import Actor, ActorKind
from senim.languages import Language, wording
from senim.policy.notices import Notice, consent_ref, consent_sentence, field_name, notice
from senim.policy.promises import Promises
from senim.policy.taxonomy import FILES, Channel

CONSENT = "consent:"
"""What the name of a box begins with; then what is agreed to, as notices name it."""

_INPUTS = {
    "email": "email", "phone": "tel", "date": "date", "birth-date": "date", "url": "url", "text": "textarea",
    "boolean": "checkbox", "choice": "select",
}  # fmt: skip
_COMPLETE = {
    "family": "family-name", "given": "given-name", "patronymic": "additional-name", "email": "email", "phone": "tel",
    "birth-date": "bday",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskedField:
    """A field of a form: its reference, how people read it, why it is needed and what leaving it out means."""

    ref: str
    name: str
    required: bool
    why: str
    input: str
    """How it is entered: an input's type, ``textarea`` or ``select``."""
    complete: str
    """What browsers may fill in by themselves."""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedConsent:
    """A box of a form, never ticked beforehand."""

    ref: str
    says: str
    required: bool


@dataclass(frozen=True, slots=True)
class Form:
    """A point as a form."""

    point: str
    name: str
    notice: Notice
    fields: tuple[AskedField, ...]
    consents: tuple[AskedConsent, ...]


def sender(promises: Promises, point: str) -> Actor:
    """Whom pages act as at a point where people give data.

    Raises NotPromised (point_undeclared, point_kind_wrong), NotAllowed (role_not_allowed).
    """
    actor = _page(promises, point, frozenset({"intake", "consent"}))
    if promises.policy.points[point].visits is not None:
        raise NotPromised.because(promises.reason(Code.POINT_KIND_WRONG, point, f"points.{point}"))
    return actor


def counter(promises: Promises, point: str) -> Actor:
    """Whom pages act as at a point where devices tell by themselves. Raises as :func:`sender` does."""
    actor = _page(promises, point, frozenset({"intake"}))
    if promises.policy.points[point].visits is None:
        raise NotPromised.because(promises.reason(Code.POINT_KIND_WRONG, point, f"points.{point}"))
    return actor


def _page(promises: Promises, point: str, may: frozenset[str]) -> Actor:
    declared = promises.policy.points.get(point)
    if declared is None:
        raise undeclared(promises, point)
    if not declared.by_pages or Channel.WEB not in declared.channels:
        raise NotAllowed.because(promises.reason(Code.ROLE_NOT_ALLOWED, point, f"points.{point}"))
    return Actor(kind=ActorKind.SERVICE, id=f"page-{point}", role=declared.by_pages, may=may)


def form(promises: Promises, point: str, language: Language) -> Form:
    """A point as a form in a language. Files are left out: they come by the operator's own system."""
    declared = promises.policy.points[point]
    fields = []
    for ref in declared.asks:
        field, asked = promises.fields[ref], declared.asked(ref)
        if field.type in FILES:
            continue
        said = (asked.why, asked.refusal) if asked.ask == "required" else (declared.own(ref).why,)
        why = " ".join(filter(None, (" ".join(text.in_(language).split()) for text in said)))
        kind = _INPUTS.get(field.type.value, "text")
        name = field_name(promises, ref, language)
        complete = _COMPLETE.get(ref.partition(".")[2], "off")
        fields.append(AskedField(ref, name, asked.ask == "required", why, kind, complete, field.choices))
    consents = tuple(
        AskedConsent(consent_ref(ask), consent_sentence(promises, ask, language), ask.ask == "required")
        for ask in declared.consents
    )
    name = declared.name.in_(language)
    return Form(point, name, notice(promises, point, language), tuple(fields), consents)


def intake_of(promises: Promises, point: str, language: Language, sent: Mapping[str, str]) -> Intake:
    """An intake out of what a form sends: fields by their references, boxes as ``consent:…``, and the notice's digest.

    A box left empty is a no, unless something else is agreed to for the same purpose. What has no dot in its name is
    no field (buttons and the like).
    """
    asks = promises.policy.points[point].consents
    ticked = [ask for ask in asks if sent.get(f"{CONSENT}{consent_ref(ask)}")]
    agreed = {ask.purpose for ask in ticked}
    consents = tuple(
        ConsentGiven(
            purpose=ask.purpose,
            given=ask in ticked,
            recipient=ask.recipient,
            channel=ask.channel.value if ask.channel else "",
            country=ask.country or "",
        )
        for ask in asks
        if ask in ticked or ask.purpose not in agreed
    )
    values = {name: text for name, text in sent.items() if "." in name and not name.startswith(CONSENT) and text}
    return Intake(
        point=point, language=language, notice=sent.get("notice", ""), values=values, consents=consents, channel="web"
    )


def in_words(reasons: Iterable[Reason], language: Language) -> dict[str, str]:
    """Refusals to the person who fills in a form, by field or box; those of neither stand under the empty name."""
    words, told = wording("forms"), dict[str, str]()
    for one in reasons:
        text = words.get(one.code.value, words["other"]).in_(language)
        where = f"{CONSENT}{one.where}" if one.code is Code.CONSENT_MISSING else one.where if "." in one.where else ""
        told.setdefault(where, f"{text} {one.hint.sentences(language)}" if one.hint else text)
    return told
