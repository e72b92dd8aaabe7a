"""Forms on pages: what a point asks for as a form needs it, and an intake out of what a form sends. Pure.

A page can keep no secret, so it has no key: the policy says of a point which role pages act in (``by-pages``), and such
an intake may do nothing else. What proves that the notice was shown is its digest, as at every other door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from senim.collection.records import ConsentGiven, Intake
from senim.collection.rules import least_card, undeclared
from senim.errors import Code, NotAllowed, NotPromised, Reason
from senim.identity import Actor, ActorKind
from senim.languages import Language, wording
from senim.policy.notices import Notice, consent_ref, consent_sentence, field_name, notice
from senim.policy.promises import Promises
from senim.policy.records import ConsentAsked
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
    choices: tuple[str, ...]
    boxes: tuple[str, ...]
    """Boxes that serve it: where it rests on consent, one of them has to be ticked."""
    cards: int
    """From how many digits on a card number is looked for in it; 0 for not at all."""


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
        fields.append(
            AskedField(
                ref, name, asked.ask == "required", why, kind, complete, field.choices,
                boxes=tuple(consent_ref(ask) for ask in declared.consents if _serves(promises, ask, ref)),
                cards=least_card(field.type),
            )
        )  # fmt: skip
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
    values = {name: text for name, text in sent.items() if _is_field(name) and text}
    return Intake(
        point=point, language=language, notice=sent.get("notice", ""), values=values, consents=consents, channel="web"
    )


def _is_field(name: str) -> bool:
    return "." in name and not name.startswith(CONSENT)


def _serves(promises: Promises, ask: ConsentAsked, ref: str) -> bool:
    """Whether a field may be kept with such a yes; one to a recipient or a country lets nothing in."""
    return ref in promises.needed[ask.purpose] and not (ask.recipient or ask.country)


_UNAGREED = frozenset((Code.CONSENT_MISSING, Code.CONSENT_WITHDRAWN))
_LATER = frozenset((
    Code.OVERLOADED, Code.STORAGE_BUSY, Code.STORAGE_FULL, Code.STORAGE_FAILED, Code.STORAGE_UNREACHABLE,
    Code.CHANGED_MEANWHILE,
))  # fmt: skip
"""What passes by itself."""


def in_words(
    made: Form | None, reasons: Iterable[Reason], *, sent: Mapping[str, str], language: Language
) -> dict[str, str]:
    """Refusals to the person who fills in a form, by field or box; those of neither stand under the empty name.

    Of a field that no box is ticked for it is told which box would do, whatever else speaks against it. Without a form
    nobody can be told where. No name of a field, a box or a code is in the words.
    """
    told: dict[str, str] = {}
    for one in sorted(reasons, key=lambda one: one.code not in _UNAGREED):
        where = _place(made, one, sent)
        boxes = _boxes_told(made, where, sent, language) if one.code in _UNAGREED else ""
        told.setdefault(where, boxes or _said(one, where, language))
    return told


def _place(made: Form | None, one: Reason, sent: Mapping[str, str]) -> str:
    """Where a refusal is told: the field or box that it is about, if the form has it or sent it."""
    fields = {field.ref for field in (made.fields if made else ())} | {name for name in sent if _is_field(name)}
    boxes = {f"{CONSENT}{box.ref}" for box in (made.consents if made else ())}
    box = f"{CONSENT}{one.where}"
    if one.code is Code.CONSENT_MISSING and box in boxes:
        return box
    return one.where if one.where in fields else ""


def _said(one: Reason, where: str, language: Language) -> str:
    """A refusal in words: what to mend, or whether it passes or is not the person's to mend."""
    words = wording("forms")
    mine = one.code not in _UNAGREED or where.startswith(CONSENT)
    known = words.get(one.code.value) if mine else None
    text = (known or words["other" if one.code in _LATER else "ours"]).in_(language)
    return f"{text} {one.hint.sentences(language)}" if one.hint else text


def _boxes_told(made: Form | None, where: str, sent: Mapping[str, str], language: Language) -> str:
    """Which boxes would do for a field that rests on consent; nothing if one of them is ticked, or none would."""
    field = next((field for field in made.fields if field.ref == where), None) if made else None
    if made is None or field is None or any(sent.get(f"{CONSENT}{ref}") for ref in field.boxes):
        return ""
    words = wording("forms")
    says = [box.says for box in made.consents if box.ref in field.boxes]
    empty = [] if field.required else [words["or-empty"].in_(language)]
    return " ".join([words["consent-needed"].in_(language), *says, *empty]) if says else ""
