"""Drills can tell: with a control's mechanism broken its drill says so. Some controls have several breaks."""

from __future__ import annotations

import hmac
import importlib
import re
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from senim.collection import rules
from senim.collection.reception import Reception
from senim.collection.records import Intake, Taken
from senim.collection.technical_records import Device
from senim.conformance import Status
from senim.conformance.controls import CONTROLS
from senim.conformance.records import ControlResult, Evidence
from senim.consent import Said
from senim.errors import Code, Reason
from senim.identity import new_id, new_subject
from senim.languages import Hint
from senim.law import Law
from senim.messaging.mail import composed
from senim.messaging.records import Written
from senim.policy import Policies, Promises
from senim.policy.visits import Told
from senim.subjects.records import Standing
from senim.testing import platform
from senim.vault.records import Kept
from senim.work import Work
from tests.features.acting import senim_of
from tests.features.breaking import ALWAYS, Break, a_foreign_key, forgets_a_no, gives, instead
from tests.features.rights.breaks import RIGHTS
from tests.visits import with_visits

DRILLED = [control.name for control in CONTROLS if control.drill is not None]
NOTHING_HERE = {"policy.clashes", "disclosure.choice"}
"""Controls for which the small policy declares nothing to be shown on."""


def takes_everything(self: Reception, values: dict[str, Any]) -> Taken:
    """A reception that lets everything in."""
    return Taken(subject=new_subject(), stored=tuple(values), receipts=(), entry=new_id())


def unchanged(self: object, work: Work, standing: Standing, *_: object, **__: object) -> Standing:
    """A change of a standing that does not happen."""
    return standing


def no_refusal_of(code: str, target: str) -> Break:
    """A rule that no longer yields one of its reasons."""

    def patched(patch: pytest.MonkeyPatch) -> None:
        module, _, name = target.rpartition(".")
        rule = getattr(importlib.import_module(module), name)
        patch.setattr(target, lambda *given: [one for one in rule(*given) if one.code != code])

    return patched


def any_purpose_will_do(patch: pytest.MonkeyPatch) -> None:
    """Technical data may be looked at for whatever is said."""
    patch.setattr("senim.collection.technical.looked_at", lambda *_: ())
    patch.setattr("senim.gate.actions.Gate.require_of_nobody", lambda *_: None)


def anybody_may(patch: pytest.MonkeyPatch) -> None:
    """Neither what a role may, nor what it may hand out, is looked at."""
    patch.setattr(Work, "need", lambda *_: None)
    patch.setattr("senim.governance.actions.within", lambda *_: None)


def everything_is_tied(patch: pytest.MonkeyPatch) -> None:
    """A point that wants a yes to all that it asks."""

    def missing(promises: Promises, intake: Intake, values: object) -> list[Reason]:
        given = {(one.purpose, one.recipient, one.channel, one.country) for one in intake.consents if one.given}
        asked = len(promises.policy.points[intake.point].consents)
        return [Reason(Code.CONSENT_MISSING)] if len(given) < asked else []

    patch.setattr("senim.collection.reception.missing", missing)


def plain_values(patch: pytest.MonkeyPatch) -> None:
    """Values kept as they came."""
    patch.setattr("senim.vault.actions.seal", lambda key, content, bound: content)


def plain_files(patch: pytest.MonkeyPatch) -> None:
    """Files kept as they came."""
    patch.setattr("senim.vault.documents.seal", lambda key, content, bound: content)
    patch.setattr("senim.vault.documents.unseal", lambda key, sealed, bound: sealed)


def a_value_in_the_log(patch: pytest.MonkeyPatch) -> None:
    """An intake that tells the log what it took in."""
    take = Reception.take

    def talkative(self: Reception, values: dict[str, Any]) -> Taken:
        self._work.record("data.collected", reason=" ".join(str(value) for value in values.values()))
        return take(self, values)

    patch.setattr(Reception, "take", talkative)


def a_drop_of_the_undeclared(patch: pytest.MonkeyPatch) -> None:
    """Undeclared fields are left out silently."""
    look = rules.look

    def lenient(promises: Any, values: dict[str, Any], asked: Any) -> Any:
        return look(promises, {name: value for name, value in values.items() if name in promises.fields}, asked)

    patch.setattr("senim.collection.reception.look", lenient)


def anybody_s_word(patch: pytest.MonkeyPatch) -> None:
    """Who speaks for another is not looked up."""
    patch.setattr(Reception, "_attest", lambda self, standing, behalf: None)


def checked_already(patch: pytest.MonkeyPatch) -> None:
    """What people state counts as verified."""
    made = Kept

    def verified(value: str, source: str, at: int, status: str = "stated", place: str = "") -> Kept:
        return made(value, source, at, "verified", place)

    patch.setattr("senim.collection.reception.Kept", verified)


def at_once(patch: pytest.MonkeyPatch) -> None:
    """A version binds when it is published, whatever its date."""
    patch.setattr(Policies, "in_force", lambda self, now: self.promises(self.versions()[-1].number, now.date()))


def without_publication_rules(patch: pytest.MonkeyPatch) -> None:
    """Anything may be published."""
    patch.setattr("senim.policy.actions.faults_of", lambda *_: [])


def no_receipt_names_operations(patch: pytest.MonkeyPatch) -> None:
    """Receipts that do not say what is agreed to."""
    patch.setattr("senim.consent.receipts._covered", lambda promises, purpose: [])


def a_law_without_articles(patch: pytest.MonkeyPatch) -> None:
    """Refusals that name no article."""
    patch.setattr(Law, "article", lambda self, code: "")


def an_index_that_forgets_nothing(patch: pytest.MonkeyPatch) -> None:
    """Erased people stay in the blind index."""
    patch.setattr("senim.vault.store._drop_mark", lambda unit, mark, subject: None)


def half_a_consent(patch: pytest.MonkeyPatch) -> None:
    """Consents that keep another version than the one that was shown."""
    patch.setattr("senim.consent.actions.Said", lambda **parts: Said(**{**parts, "version": 0}))


def a_mail_without_end(message: str, written: Written, files: Any, **how: Any) -> bytes:
    """A mailing that goes out without the link that ends it."""
    return composed(message, replace(written, unsubscribe=""), files, **how)


def shown_to_nobody(patch: pytest.MonkeyPatch) -> None:
    """The text that was shown is lost."""
    from senim.policy.notices import StoredNotice

    found = Policies.notice_shown
    patch.setattr(
        Policies,
        "notice_shown",
        lambda self, digest: StoredNotice(digest, found(self, digest).point, "ru", 1, ""),
    )


BREAKS: tuple[tuple[str, str, Break], ...] = (
    ("policy.statement", "a language is missing", without_publication_rules),
    ("policy.published", "a language is missing", without_publication_rules),
    ("policy.versions", "no difference is told", gives("senim.policy.differences._compare", ())),
    ("policy.scope", "everything comes in", instead("senim.collection.reception.Reception.take", takes_everything)),
    ("policy.contract", "consents lose their version", half_a_consent),
    ("policy.law", "no article is cited", a_law_without_articles),
    ("policy.operations", "the gate is open", ALWAYS),
    ("policy.operations", "operations are not looked at", gives("senim.gate.rules._operation", ())),
    ("policy.purposes", "the gate is open", ALWAYS),
    ("policy.contacts", "a language is missing", without_publication_rules),
    ("policy.authorised-change", "everybody may", gives("senim.work.Work.need", None)),
    ("policy.authorised-change", "tries are not logged", gives("senim.work.Works._record_refusal", None)),
    ("policy.change-at-posting", "the date is not looked at", at_once),
    ("consent.proof", "everything is a proof", gives("senim.consent.actions.is_proven", True)),
    ("consent.proof", "the text is lost", shown_to_nobody),
    ("consent.proof", "what was said is lost", gives("senim.consent.actions.Consents.history", ([], None))),
    ("consent.receipts", "another's signature", a_foreign_key),
    ("consent.per-purpose", "consents are not looked at", gives("senim.gate.rules._lacking", None)),
    ("consent.per-recipient", "recipients need none", gives("senim.gate.rules._needs_permission", False)),
    ("consent.per-channel", "consents are not looked at", gives("senim.gate.rules._lacking", None)),
    ("consent.operations", "receipts name none", no_receipt_names_operations),
    ("consent.free", "everything is tied", everything_is_tied),
    ("consent.withdrawal", "a no is forgotten", forgets_a_no),
    ("consent.withdrawal", "the gate is open", ALWAYS),
    ("consent.renewal", "growth is not seen", gives("senim.policy.actions.widened", ())),
    ("consent.ways", "everything is a proof", gives("senim.consent.actions.is_proven", True)),
    ("consent.ways", "nothing is a proof", gives("senim.consent.actions.is_proven", False)),
    ("collection.notice", "the way in is not looked at", gives("senim.collection.reception.check_way", [])),
    ("collection.notice", "old notices will do", no_refusal_of("notice_outdated", "senim.collection.rules._way")),
    ("collection.notice-by-telephone", "nobody asks whether it was read", no_refusal_of(
        "notice_missing", "senim.collection.rules._way")),
    ("collection.cookies", "choices are not looked at", gives("senim.collection.cookies.faults", ())),
    ("collection.cookies", "any site may send", gives("senim.collection.cookies.origins", ("https://elsewhere.example", "https://mini.example"))),
    ("collection.cookies", "the text is lost", gives("senim.policy.actions.Policies.freeze", None)),
    ("collection.cookies", "another's signature", a_foreign_key),
    ("collection.technical", "addresses are kept", instead(
        "senim.collection.technical_rules.pseudonym", lambda key, place, value: value)),
    ("collection.technical", "one key for ever", gives("senim.collection.technical_rules.pseudonym", b"1" * 16)),
    ("collection.technical", "one name for all purposes", instead(
        "senim.collection.technical_rules.pseudonym", lambda key, place, value: hmac.digest(key, value, "sha256"))),
    ("collection.technical", "what is not declared is kept", instead(
        "senim.collection.technical_rules.fields_of", lambda *_: dict.fromkeys(get_args(Told), ""))),
    ("collection.technical", "choices are not looked at", instead(
        "senim.collection.technical_rules.chosen", lambda told, visit: tuple(told.keeps))),
    ("collection.technical", "pages are kept whole", instead(
        "senim.collection.technical_rules.path_of", lambda address: address)),
    ("collection.technical", "referrers are kept whole", instead(
        "senim.collection.technical_rules.referrer_of", lambda address, own: address)),
    ("collection.technical", "browsers are kept whole", instead(
        "senim.collection.technical_rules.device_of", lambda browser: Device(browser, browser, browser))),
    ("collection.technical", "terms are not counted", gives("senim.collection.technical_rules._ends", 2**60)),
    ("collection.technical", "nothing is removed", gives("senim.collection.technical_store.take_over", 0)),
    ("collection.technical", "keys stay", gives("senim.collection.technical.Technical._end_keys", 0)),
    ("collection.technical", "keys of the store stay", gives("senim.vault.boxes.Boxes.destroy", None)),
    ("collection.technical", "any purpose will do", any_purpose_will_do),
    ("collection.technical", "people's data comes in too", no_refusal_of(
        "point_kind_wrong", "senim.collection.rules._way")),
    ("collection.declared-only", "the undeclared is dropped silently", a_drop_of_the_undeclared),
    ("collection.needed-only", "purposes are not asked", gives("senim.collection.reception.unserved", [])),
    ("collection.explained", "required fields may be left out", gives("senim.collection.reception.missing", [])),
    ("collection.points", "nothing is kept", gives("senim.vault.actions.Vault.put", None)),
    ("collection.attestation", "anybody's word will do", anybody_s_word),
    ("collection.documents-of-others", "no document is asked", gives("senim.collection.reception.check_way", [])),
    ("collection.documents-of-others", "any document will do", gives(
        "senim.vault.documents.Documents.kept", True)),
    ("collection.source", "the source is lost", gives(
        "senim.collection.reception.Reception._source", ("person", ""))),
    ("collection.stated", "everything counts as checked", checked_already),
    ("collection.card-refused", "numbers are not looked at", gives("senim.collection.rules.has_card", False)),
    ("collection.card-refused", "files are not looked at", gives("senim.collection.actions.unwanted", [])),
    ("collection.special-refused", "words are not looked at", gives("senim.collection.rules.special", "")),
    ("vault.sealed", "values are not sealed", plain_values),
    ("vault.sealed", "the log tells values", a_value_in_the_log),
    ("vault.keys-apart", "people have no keys", gives("senim.vault.keystore.add_key", None)),
    ("vault.erasure", "the key stays", gives("senim.vault.keystore.destroy_key", None)),
    ("vault.erasure", "the rows stay", gives("senim.vault.store.destroy", None)),
    ("vault.erasure", "the index stays", an_index_that_forgets_nothing),
    ("vault.erasure", "the person is not marked", instead("senim.subjects.actions.Subjects.erased", unchanged)),
    ("vault.found", "ways of writing differ", instead("senim.vault.actions.normalise", lambda value, field: value)),
    ("vault.documents", "files are not sealed", plain_files),
    ("vault.documents", "looks are not logged", gives("senim.work.Work.record", "")),
    ("gate.purpose", "the gate is open", ALWAYS),
    ("gate.purpose", "categories are not looked at", gives("senim.gate.rules._categories", ())),
    ("gate.recipient", "recipients are not looked at", gives("senim.gate.rules._recipient", ())),
    ("gate.entrusted", "recipients are not looked at", gives("senim.gate.rules._recipient", ())),
    ("gate.border", "borders are not looked at", gives("senim.gate.rules._border", ())),
    ("gate.border", "crossing needs no consent", gives("senim.gate.rules._needs", ())),
    ("governance.appointments", "who is dismissed comes in again", gives("senim.governance.signing._open", True)),
    ("governance.appointments", "anybody may appoint", anybody_may),
    ("governance.appointments", "nothing is on record", gives("senim.work.Work.record", "")),
    ("gate.roles", "roles are not looked at", gives("senim.gate.rules._role", ())),
    ("gate.people-never", "people may ask", gives("senim.gate.rules._role", ())),
    ("gate.people-never", "people are told", gives("senim.vault.rules.visible", True)),
    ("gate.people-never", "tries are not logged", gives("senim.work.Works._record_refusal", None)),
    ("gate.block", "a block is not set", instead("senim.subjects.actions.Subjects.block", unchanged)),
    ("gate.block", "a block is never lifted", instead("senim.subjects.actions.Subjects.unblock", unchanged)),
    ("gate.stop", "a stop is not set", instead("senim.subjects.actions.Subjects.stop", unchanged)),
    ("gate.stop", "a stop is never lifted", instead("senim.subjects.actions.Subjects.resume", unchanged)),
    ("gate.term", "terms do not end", gives("senim.gate.rules.term_over", False)),
    ("gate.default-sealed", "recipients are not looked at", gives("senim.gate.rules._recipient", ())),
    ("gate.default-sealed", "categories are not looked at", gives("senim.gate.rules._categories", ())),
    ("disclosure.register", "nothing is on record", gives("senim.work.Work.record", "")),
    ("disclosure.register", "recipients are not looked at", gives("senim.gate.rules._recipient", ())),
    ("disclosure.transfer-register", "the country is lost", gives("senim.policy.promises.Promises.told", {})),
    ("disclosure.visibility", "what is open is not looked at", gives("senim.gate.rules._lacking", None)),
    ("disclosure.visibility", "a no is forgotten", forgets_a_no),
    ("messaging.address-bound", "the first address will do", gives(
        "senim.messaging.marketing._field", "contact.order")),
    ("messaging.address-bound", "fields are not looked at", gives("senim.gate.rules._categories", ())),
    ("messaging.by-channel", "consents are not looked at", gives("senim.gate.rules._lacking", None)),
    ("messaging.by-channel", "a no is forgotten", forgets_a_no),
    ("messaging.notice", "files are left behind", gives("senim.messaging.store.files_of", [])),
    ("messaging.service", "purposes are not looked at", gives("senim.messaging.actions._check", None)),
    ("messaging.unsubscribe", "a no is forgotten", forgets_a_no),
    ("messaging.unsubscribe", "addresses are forgotten", gives("senim.messaging.store.unsubscribe", None)),
    ("messaging.unsubscribe", "mailings have no end", instead(
        "senim.messaging.actions.composed", a_mail_without_end)),
    *RIGHTS,
    ("accounts.sign-in", "any code will do", gives("senim.rights.codes.Codes.fits", True)),
    ("accounts.sign-in", "codes work for ever", gives("senim.accounts.store.drop_attempt", None)),
    ("accounts.own-data", "looks are not logged", gives("senim.work.Work.record", "")),
    ("accounts.own-data", "a no is forgotten", forgets_a_no),
    ("accounts.confirmed", "it is not kept", gives("senim.accounts.store.put_account", None)),
    ("accounts.acceptance", "it is not kept", gives("senim.accounts.store.put_account", None)),
    ("audit.every-act", "refusals are not logged", gives("senim.work.Works._record_refusal", None)),
    ("audit.every-act", "allowances are not logged", gives("senim.work.Works.flush", 0)),
    ("audit.every-act", "the log tells values", a_value_in_the_log),
    ("audit.tamper-evident", "a verification finds nothing", gives(
        "senim.audit.verification._Verification._found", None)),
)  # fmt: skip


WITHOUT_A_LANGUAGE = {
    "policy.statement": ("Политика действует на сайте.", '""'),
    "policy.published": ("выполнение заказа", '""'),
    "policy.contacts": ("ТОО «Мини»", '""'),
}


def only(control: str, mini: bytes) -> bytes:
    """The small policy with every clause resting on one control."""
    policy = re.sub(rb"kept-by: \[.*?\]", b"kept-by: [%s]" % control.encode(), mini)
    if control == "collection.documents-of-others":
        policy = policy.replace(b"subject: either", b"subject: either\n    proof: document")
    if control == "collection.technical":
        policy = with_visits(policy)
    if control == "disclosure.visibility":
        circle = b"countries: [TR]\n    needs-choice: true\n    form: give-access"
        policy = policy.replace(b"countries: [TR]", circle)
    return policy


def drilled(policy: bytes) -> ControlResult:
    """What the board says of the one control of a policy after its drill."""
    with platform(policy) as stage:
        board = senim_of(stage).conformance.drill()
    statuses = {clause.status for clause in board.clauses}
    (control,) = {control for clause in board.clauses for control in clause.controls}
    assert statuses == {control.status}
    return control


@pytest.mark.parametrize("name", DRILLED)
def test_a_drill_of_what_works_says_kept(mini: bytes, name: str) -> None:
    """On a platform that does what it says every drill finds so, or says that there is nothing to show it on."""
    found = drilled(only(name, mini))
    expected = Evidence.NOTHING_DECLARED if name in NOTHING_HERE else Evidence.DRILLED
    assert found.evidence is expected, found.detail
    assert found.status is (Status.CANNOT_TELL if name in NOTHING_HERE else Status.KEPT)
    assert found.at is not None


@pytest.mark.parametrize(("name", "what", "broken"), BREAKS, ids=[f"{name}: {what}" for name, what, _ in BREAKS])
def test_a_drill_of_what_is_broken_says_broken(
    mini: bytes, monkeypatch: pytest.MonkeyPatch, name: str, what: str, broken: Break
) -> None:
    """With its mechanism out of order a control's drill fails, and every clause that rests on it is shown broken."""
    policy = only(name, mini)
    if name in WITHOUT_A_LANGUAGE:
        old, new = WITHOUT_A_LANGUAGE[name]
        assert old.encode() in policy
        policy = policy.replace(old.encode(), new.encode(), 1)
    broken(monkeypatch)
    found = drilled(policy)
    assert found.status is Status.BROKEN, f"{name} does not notice: {what}"
    assert found.evidence is Evidence.DRILL_FAILED
    assert isinstance(found.detail, Hint), "what was found has words in every language, and may be kept"
    assert found.at is not None


def test_every_drill_is_shown_to_notice_something() -> None:
    """No drill that cannot fail: each has a break above."""
    assert {name for name, _, _ in BREAKS} | NOTHING_HERE == set(DRILLED)
