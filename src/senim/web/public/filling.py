"""Forms of sites at the public door: what a point asks, and what a page sends in, with scripts or without.

A form that comes without the notice's digest, or with something to mend, is answered by a page that shows the notice,
the boxes, and what was written, beside what is wrong with it. Nothing of it is stored until all is in order. Then it
leads to a page of thanks, which can be read again, and in another language, without anything being sent twice.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

import msgspec
from flask import Blueprint, Response, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.collection.cookies import VISITOR
from senim.collection.pages import CONSENT, Form, form, in_words, intake_of, sender
from senim.collection.records import RandomId, Taken
from senim.errors import Code, Invalid, NotAllowed, NotFound, Reason, SenimError
from senim.identity import is_id
from senim.languages import LANGUAGES, Language, wording
from senim.policy.promises import Promises
from senim.web.public.choosing import let_in
from senim.web.public.limiting import Limit
from senim.web.shared.pages import FORMS, PRIVATE
from senim.web.shared.problems import problem, status_of
from senim.web.shared.switching import Wrong, brought, carried


class Sent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the script of a form sends."""

    id: RandomId
    """Made for this filling-in: sent twice, it is taken once."""
    language: Language
    fields: dict[str, str]
    """What a form would send by itself: fields, boxes, the notice's digest."""


_decode = msgspec.json.Decoder(Sent).decode


def filling(senim: Senim) -> Blueprint:
    """The routes under ``/forms``."""
    pages = Blueprint("filling", __name__)
    limit = Limit(20, 3000)

    def asked(point: str) -> Response:
        return let_in(_asked(senim, point), _origin(senim))

    def send(point: str) -> Response | Redirect:
        if request.method == "OPTIONS":
            return let_in(Response(status=204), _origin(senim))
        limit.count(request)
        if request.mimetype == "application/x-www-form-urlencoded":
            return _plain(senim, point)
        return let_in(_scripted(senim, point), _origin(senim))

    def thanks(point: str) -> Response:
        return _thanks(senim, point)

    pages.add_url_rule("/forms/<point>/thanks", view_func=thanks)
    pages.add_url_rule("/forms/<point>", view_func=asked, methods=["GET"], endpoint="asked")
    pages.add_url_rule("/forms/<point>", view_func=send, methods=["POST", "OPTIONS"], endpoint="send")
    return pages


def _origin(senim: Senim) -> str:
    return senim.cookies.allows(request.headers.get("Origin", ""), senim.works.begin(VISITOR))


def _own(senim: Senim) -> None:
    """Raise NotAllowed (origin_not_allowed) unless the form stands on a site of the policy, or on our own answer."""
    if request.headers.get("Sec-Fetch-Site") != "same-origin" and not _origin(senim):
        raise NotAllowed(Code.ORIGIN_NOT_ALLOWED, "Origin")


def _promises(senim: Senim) -> Promises:
    return senim.policies.in_force(senim.works.clock.now())


def _language(told: str) -> Language:
    found: Language | None = next((one for one in LANGUAGES if one == told), None)
    return found or g.language


def _asked(senim: Senim, point: str) -> Response:
    """What a point asks for, for the script."""
    promises, language = _promises(senim), _language(request.args.get("language", ""))
    sender(promises, point)
    made = form(promises, point, language)
    words = {name: text.in_(language) for name, text in wording("forms").items()}
    body = {
        "language": language,
        "digest": made.notice.digest,
        "lines": made.notice.lines,
        "fields": made.fields,
        "consents": made.consents,
        "words": words,
    }
    return Response(msgspec.json.encode(body), mimetype="application/json")


def _scripted(senim: Senim, point: str) -> Response:
    """Take in what a script sends; refusals come by field, in the person's words."""
    language, fields = g.language, dict[str, str]()
    try:
        _own(senim)
        try:
            sent = _decode(request.get_data())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid(Code.BODY_MALFORMED, "body") from error
        language, fields = sent.language, sent.fields
        return Response(_take(senim, point, language, fields, sent.id), 201, mimetype="application/json")
    except SenimError as error:
        made = _form(senim, point, language)
        told = problem(error, language) | {"fields": in_words(made, error.reasons, sent=fields, language=language)}
        answer = jsonify(told)
        answer.status_code, answer.mimetype = status_of(error), "application/problem+json"
        return answer


def _form(senim: Senim, point: str, language: Language) -> Form | None:
    """A point as a form, if pages may send to it."""
    promises = _promises(senim)
    try:
        sender(promises, point)
    except SenimError:
        return None
    return form(promises, point, language)


def _take(senim: Senim, point: str, language: Language, fields: dict[str, str], mark: str) -> bytes:
    """Take in a form: at most once. The answer is the receipts of what was agreed to."""
    promises = _promises(senim)
    actor = sender(promises, point)
    intake = intake_of(promises, point, language, fields)

    def act(work: Any) -> bytes:
        taken: Taken = senim.collection.intake(work, intake)
        return msgspec.json.encode({"receipts": taken.receipts})

    same = senim.fingerprint(msgspec.json.encode([point, intake]))
    answer, _ = senim.works.run_once(actor, f"form {mark}", same, act)
    return answer


def _plain(senim: Senim, point: str) -> Response | Redirect:
    """A form sent without scripts: thanks, or the same form again with what was written and what is to mend.

    Another language is asked for without the notice's digest, as it has a notice of its own; the faults come along.
    """
    _own(senim)
    promises = _promises(senim)
    sender(promises, point)
    sent = request.form.to_dict()
    language = g.language = _language(sent.get("language", ""))
    made = form(promises, point, language)
    reasons = [Reason(Code(one.word), one.where, hint=one.hint) for one in brought() if one.word in set(Code)]
    if sent.get("notice"):
        try:
            mark = sent.get("id", "")
            _take(senim, point, language, sent, mark if is_id(mark) else secrets.token_hex(16))
            return redirect(url_for("filling.thanks", point=point, language=language), 303)
        except SenimError as error:
            if error.code is not Code.OVERLOADED and status_of(error) >= 500:
                raise
            reasons = list(error.reasons)
    return _shown(made, sent, reasons)


def _thanks(senim: Senim, point: str) -> Response:
    """What a form that was taken in leads to; it tells nothing of who sent it. Raises NotFound where no form is."""
    promises = _promises(senim)
    try:
        sender(promises, point)
    except SenimError as error:
        raise NotFound(Code.NOT_FOUND, "point") from error
    language = g.language = _language(request.args.get("language", ""))
    site = _site(promises, point)
    body = render_template(
        "thanks.html",
        title=wording("forms")["thanks"].in_(language),
        back=wording("forms")["to-site"].in_(language),
        site=site,
        host=urlsplit(site).netloc,
        name=form(promises, point, language).name,
        thanks_in=lambda one: url_for("filling.thanks", point=point, language=one),
    )
    return Response(body, headers=PRIVATE)


def _site(promises: Promises, point: str) -> str:
    """Where a form stands, as the policy says: its own site, else the main one."""
    declared = promises.policy.points[point].site
    return declared or next((one.address for one in promises.policy.sites), "")


def _shown(made: Form, sent: dict[str, str], reasons: list[Reason]) -> Response:
    faults = in_words(made, reasons, sent=sent, language=g.language)
    words = {name: text.in_(g.language) for name, text in wording("forms").items()}
    shown = {one.ref for one in made.fields} | {f"{CONSENT}{one.ref}" for one in made.consents}
    title = words["mend"] if faults else words["before"]
    body = render_template(
        "form.html",
        title=title,
        form=made,
        sent=sent,
        faults=faults,
        faults_along=carried(Wrong(one.code, one.where, one.hint) for one in reasons),
        say=words,
        apart=[text for name, text in faults.items() if name and name not in shown],
        id=secrets.token_hex(16),
    )
    status = 422 if faults else 200
    return Response(body, status, {**PRIVATE, "Content-Security-Policy": FORMS})
