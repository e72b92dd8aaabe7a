"""Receivers: forms of page builders and CMSs that can only send to an address (Tilda, WordPress and the like).

``receivers.yaml`` in the operator's folder says which of their fields are which of ours. The sender is known by a key
of the store (``senim access add``) in the address, a header or a field of the form. A page builder cannot tell which
notice a person saw: the file says which text stands on that page, by its digest. When the notice changes, what comes is
refused until the page shows the new one and the file says so: nothing is taken on a text that nobody saw
(docs/decisions/0020-proof-of-visitors.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
import yaml

from senim.collection.pages import CONSENT, intake_of
from senim.collection.records import Intake
from senim.collection.rules import undeclared
from senim.errors import Code, Invalid, NotFound
from senim.languages import Language
from senim.policy.notices import consent_ref
from senim.policy.promises import Promises

FILE = "receivers.yaml"
"""Where the operator says what comes from where."""

KEY = "X-Senim-Key"
"""Name of the header, or of the field of the form, in which the key comes if it is not in the address."""
_YES = frozenset(("yes", "on", "true", "1", "да", "иә", "ия", "checked"))
MOST = 64 * 1024
"""Bytes of the file at most."""


class Receiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """One form elsewhere, and the point that it stands for."""

    kind: Literal["tilda", "form"] = "form"
    """``tilda`` answers Tilda's test and knows its marks; ``form`` takes any form post."""
    point: str
    """The collection point."""
    language: Language
    """The language of the page."""
    notice: str = ""
    """Digest of the notice that stands on the page; empty: the form has it in a hidden field ``notice``."""
    fields: dict[str, str]
    """Name of their field → ``category.field``."""
    consents: dict[str, str] = {}
    """Name of their checkbox → what is agreed to: ``purpose``, ``purpose@channel``, ``purpose/recipient``."""
    ignore: tuple[str, ...] = ()
    """Names that are not wanted and dropped unread. Any other name is refused."""
    mark: str = ""
    """Name of the field by which the same form is known again, for ``form``; Tilda's is ``tranid``."""


@dataclass(frozen=True, slots=True)
class Came:
    """What a receiver was sent: an intake, and the mark by which it is known if it comes again."""

    intake: Intake
    mark: str


_TILDA = ("tranid", "formid", "formname", "pageid", "projectid", "COOKIES", "tildaspec-cookie", "tildaspec-referer")
"""What Tilda adds by itself. Its cookies and the page's address are not asked for, and are dropped unread."""


def read(content: bytes) -> dict[str, Receiver]:
    """The receivers in a file. Raises Invalid (map_invalid)."""
    if len(content) > MOST:
        raise Invalid(Code.MAP_INVALID, FILE, detail="it is too large")
    try:
        return msgspec.convert(yaml.safe_load(content) or {}, dict[str, Receiver])
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date that is none is a ValueError
        raise Invalid(Code.MAP_INVALID, FILE, detail=str(error).partition("\n")[0]) from error


def check(receivers: Mapping[str, Receiver], promises: Promises) -> list[str]:
    """What the policy in force does not know of a file: sentences for whoever wrote it."""
    told = []
    for name, one in receivers.items():
        point = promises.policy.points.get(one.point)
        if point is None:
            told.append(f"{name}: the policy has no point “{one.point}”")
            continue
        asked = {ref: point.own(ref).ask for ref in point.asks} | {consent_ref(ask): ask.ask for ask in point.consents}
        named = (*one.fields.values(), *one.consents.values())
        told += [f"{name}: “{ref}” is not asked for at {one.point}" for ref in named if ref not in asked]
        lacking = (ref for ref, ask in asked.items() if ask == "required" and ref not in named)
        told += [f"{name}: “{ref}” is required at {one.point}, and no field or box stands for it" for ref in lacking]
    return told


def is_test(receiver: Receiver, sent: Mapping[str, str]) -> bool:
    """Whether it is only Tilda's question whether anybody is there, beside what is dropped of a form too."""
    asked = {name: text for name, text in sent.items() if name not in _ignored(receiver)}
    return receiver.kind == "tilda" and asked == {"test": "test"}


def came(promises: Promises, receiver: Receiver, sent: Mapping[str, str]) -> Came:
    """An intake out of what came.

    Raises NotPromised (point_undeclared), Invalid (category_undeclared, body_malformed).
    """
    if receiver.point not in promises.policy.points:
        raise undeclared(promises, receiver.point)
    ignored = {*_ignored(receiver), "notice", receiver.mark}
    fields: dict[str, str] = {"notice": receiver.notice or sent.get("notice", "")}
    strange = 0
    for name, text in sent.items():
        if name in receiver.fields:
            fields[receiver.fields[name]] = text
        elif name in receiver.consents:
            fields[f"{CONSENT}{receiver.consents[name]}"] = "yes" if text.strip().lower() in _YES else ""
        elif name not in ignored and text:
            strange += 1
    if strange:
        raise Invalid.because(promises.reason(Code.CATEGORY_UNDECLARED, "fields"))
    mark = sent.get("tranid" if receiver.kind == "tilda" else receiver.mark, "")
    if len(mark) > 100 or not mark.isascii():
        raise Invalid(Code.BODY_MALFORMED, "mark")
    return Came(intake_of(promises, receiver.point, receiver.language, fields), mark)


def _ignored(receiver: Receiver) -> frozenset[str]:
    """Names that are dropped unread."""
    return frozenset((*receiver.ignore, *(_TILDA if receiver.kind == "tilda" else ())))


def find(receivers: Mapping[str, Receiver], name: str) -> Receiver:
    """A receiver by name. Raises NotFound."""
    if name not in receivers:
        raise NotFound(Code.NOT_FOUND, "receiver")
    return receivers[name]
