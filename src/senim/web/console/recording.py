"""Word that a person gave on paper, by telephone or by letter: recorded with what proves it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage

from senim.consent import Evidence, Scope, states_of
from senim.errors import Code, Invalid, SenimError
from senim.policy import Promises
from senim.policy.notices import consent_ref
from senim.policy.taxonomy import FILES, Operation
from senim.times import stamp
from senim.vault.documents import MAGIC, MOST_BYTES
from senim.web.console import naming
from senim.web.console.guard import Answer, needs, platform, run
from senim.web.console.looking import Look, for_a_purpose, promises
from senim.web.shared.pages import fault

MOST_FILE = MOST_BYTES + 64 * 1024
WAYS = {
    "document": ("signature", "paper"),
    "letter": ("signature", "post"),
    "counter": ("signature", "counter"),
    "telephone": ("spoken", "telephone"),
    "email": ("reply", "email"),
}
"""Where a person's word came from: what they did there, and by which channel."""

_EDITIONS = 4
"""Earlier editions of the policy whose notices may stand on a paper that comes late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A notice that may have been shown to the person: its digest, and how it is called."""

    digest: str
    name: str


def larger(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """A scan is larger than a form; it has to be said before anything of it is read."""
    if endpoint == "consents.record":
        request.max_content_length = MOST_FILE


def scopes(now: Promises, one: Look) -> list[Scope]:
    """What consent can be about: what points ask for, what rests on consent, and what this person spoke of."""
    asked = [consent_ref(ask) for point in now.policy.points.values() for ask in point.consents]
    resting = [name for name, purpose in now.policy.purposes.items() if purpose.basis == "consent"]
    spoken = [state.scope.purpose + state.scope.key for state in states_of(one.standing)]
    order = list(now.policy.purposes)
    found = {name: Scope.parse(name) for name in (*asked, *resting, *spoken)}
    known = (one for one in found.values() if one.purpose in order)
    return sorted(known, key=lambda scope: (order.index(scope.purpose), scope.key))


def notices() -> Iterator[Shown]:
    """The notices of this edition and of a few earlier ones, each text once."""
    policies, now = platform().policies, promises()
    bound = [one for one in policies.timeline() if one.effective <= platform().works.clock.now()]
    seen: set[str] = set()
    for version in reversed(bound[-_EDITIONS - 1 :]):
        edition = policies.promises(version.number, platform().works.clock.now().date())
        for digest, notice in policies.notices(edition).items():
            if digest in seen:
                continue
            seen.add(digest)
            point = edition.policy.points[notice.point].name.in_(g.language)
            language = naming.say(f"language-{notice.language}")
            old = "" if version.number == now.version else naming.say("record-edition", number=version.number)
            yield Shown(digest=digest, name=" · ".join(filter(None, (point, language, old))))


def scan_field(now: Promises, purpose: str) -> tuple[str, str] | None:
    """The field that a scan comes into and the purpose that it is for: this purpose if it takes files, else any."""
    for name in (purpose, *now.policy.purposes):
        declared = now.policy.purposes.get(name)
        takes = declared is not None and Operation.COLLECT in declared.operations
        field = next((one for one in now.fields if takes and one in now.needed[name] and _is_file(now, one)), None)
        if field:
            return field, name
    return None


def _is_file(now: Promises, reference: str) -> bool:
    return now.fields[reference].type in FILES


@needs("consent")
@for_a_purpose
def record(one: Look) -> Answer:
    """Record a consent or a withdrawal that came by another way than the person's own screen."""
    now, faults = promises(), list[str]()
    if request.method == "POST":
        try:
            proven = _record(one)
        except SenimError as refusal:
            if refusal.code is Code.MEDIA_TYPE_WRONG:
                fault("record-scan-wrong", "scan")
            else:
                faults = naming.reasons(refusal)
        else:
            flash(naming.say("record-done" if proven else "record-unproven"), "good" if proven else "warn")
            return redirect(url_for("consents.timeline", subject=one.subject), 303)
    return render_template(
        "console/consent_record.html",
        one=one,
        faults=faults,
        scopes=[(scope.purpose + scope.key, naming.scope(now, scope)) for scope in scopes(now, one)],
        notices=[("", naming.say("record-notice-none")), *((shown.digest, shown.name) for shown in notices())],
        ways=[(name, naming.say(f"surface-{name}")) for name in WAYS],
        scans=scan_field(now, "") is not None,
        chosen=request.form,
    )


def _record(one: Look) -> bool:
    """Keep the scan if there is one, then the word; whether it proves anything."""
    form, senim = request.form, platform()
    scope = next((it for it in scopes(promises(), one) if it.purpose + it.key == form.get("scope")), None)
    if scope is None:
        raise Invalid(Code.INVALID_VALUE, "scope")
    evidence = _evidence(one, scope)

    def act(work: Any) -> bool:
        who = senim.subjects.about(work, one.subject)
        if form.get("said") == "given":
            return senim.consents.give(work, who, scope, evidence=evidence).event.said.proven
        return all(done.event.said.proven for done in senim.consents.withdraw(work, who, scope, evidence=evidence))

    return run(act)


def _evidence(one: Look, scope: Scope) -> Evidence:
    form = request.form
    surface = form.get("surface", "")
    if surface not in WAYS:
        raise Invalid(Code.INVALID_VALUE, "surface")
    act, channel = WAYS[surface]
    notice = form.get("notice", "")
    file = request.files.get("scan")
    document = _scan(one, scope, file) if file and file.filename else ""
    told = {
        "notice": notice,
        "language": _language(notice),
        "surface": surface,
        "act": act,
        "channel": channel,
        "at": _at(form.get("at", "")),
        "document": document,
        "archive": form.get("archive", "").strip(),
        "read_to_caller": "read_to_caller" in form,
    }
    return msgspec.convert(told, Evidence)


def _language(notice: str) -> str:
    """The language of a notice, from its frozen text or from those of the version in force."""
    found = platform().policies.notices(promises()).get(notice)
    if found is None and notice:
        return platform().policies.notice_shown(notice).language
    return found.language if found else ""


def _at(day: str) -> str:
    """Noon of the day that was written, in the operator's zone; empty for today."""
    if not day:
        return ""
    now = platform().works.clock.now()
    zone = ZoneInfo(promises().calendar.zone)
    try:
        noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=zone)
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE, "at") from error
    return "" if noon.date() == now.astimezone(zone).date() else stamp(noon)


def _scan(one: Look, scope: Scope, file: FileStorage) -> str:
    """Seal a scan among the person's files; its id."""
    senim = platform()
    place = scan_field(promises(), scope.purpose)
    media = (file.mimetype or "").lower()
    if place is None or media not in MAGIC:
        raise Invalid(Code.MEDIA_TYPE_WRONG, "scan")
    field, purpose = place
    content = io.BytesIO(file.read())
    return run(
        lambda work: (
            senim.collection.receive(
                work, senim.subjects.about(work, one.subject), field, media=media, content=content, purpose=purpose
            ).id
        )
    )
