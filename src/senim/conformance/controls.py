"""The controls that a clause may name in ``kept-by``, and the rooms that they belong to.

A control without a drill belongs to a room that is not built yet: clauses that rest on it are shown as
*cannot be told*. What each control does is said in three languages in ``locales/controls.toml``.
"""

from __future__ import annotations

from senim.conformance.drills import (
    accounts,
    audit,
    collection,
    connectors,
    consent,
    cookies,
    disclosure,
    gate,
    governance,
    messaging,
    policy,
    rights,
    technical,
    vault,
)
from senim.conformance.records import Control

CONTROLS: tuple[Control, ...] = (
    # the text itself
    Control("policy.statement", policy.statement),
    Control("policy.published", policy.published, ("policy.published",)),
    Control("policy.versions", policy.versions, ("policy.published",)),
    Control("policy.scope", policy.scope, ("data.collected",)),
    Control("policy.contract", policy.contract, ("consent.given",)),
    Control("policy.law", policy.law),
    Control("policy.operations", policy.operations, ("check.refused:operation_undeclared",)),
    Control("policy.purposes", policy.purposes, ("check.refused:purpose_undeclared",)),
    Control("policy.contacts", policy.contacts),
    Control("policy.authorised-change", policy.authorised_change, ("policy.published",)),
    Control("policy.change-at-posting", policy.change_at_posting, ("policy.published",)),
    Control("policy.clashes", policy.clashes),
    # consent
    Control("consent.proof", consent.proof, ("consent.given", "check.refused:consent_unproven")),
    Control("consent.receipts", consent.receipts, ("consent.given",)),
    Control("consent.per-purpose", consent.per_purpose, ("consent.given", "check.refused:consent_missing")),
    Control("consent.per-recipient", consent.per_recipient, ("consent.given",)),
    Control("consent.per-channel", consent.per_channel, ("consent.given",)),
    Control("consent.operations", consent.operations, ("consent.given",)),
    Control("consent.free", consent.free),
    Control("consent.withdrawal", consent.withdrawal, ("consent.withdrawn", "check.refused:consent_withdrawn")),
    Control("consent.renewal", consent.renewal, ("check.refused:consent_outdated",)),
    Control("consent.ways", consent.ways, ("consent.given",)),
    # the way in
    Control("collection.notice", collection.notice, ("data.collected", "data.collected:notice_missing")),
    Control("collection.notice-by-telephone", collection.notice_by_telephone, ("data.collected",)),
    Control("collection.declared-only", collection.declared_only, ("data.collected:category_undeclared",)),
    Control("collection.needed-only", collection.needed_only, ("data.collected:field_not_needed",)),
    Control("collection.explained", collection.explained, ("data.collected:field_missing",)),
    Control("collection.points", collection.points, ("data.collected",)),
    Control(
        "collection.attestation", collection.attestation, ("subject.attested", "data.collected:attestation_missing")
    ),
    Control("collection.documents-of-others", collection.documents_of_others, ("subject.attested",)),
    Control("collection.source", collection.source, ("data.collected",)),
    Control("collection.stated", collection.stated, ("data.collected",)),
    Control("collection.card-refused", collection.card_refused, ("data.collected:card_number",)),
    Control("collection.special-refused", collection.special_refused, ("data.collected:special_category",)),
    Control("collection.cookies", cookies.cookies, ("cookies.chosen", "cookies.chosen:notice_outdated")),
    Control("collection.technical", technical.technical, ("technical.taken", "technical.ended")),
    # the vault
    Control("vault.sealed", vault.sealed, ("data.collected",)),
    Control("vault.keys-apart", vault.keys_apart),
    Control("vault.erasure", vault.erasure, ("subject.erased",)),
    Control("vault.found", vault.found, ("subject.found",)),
    Control("vault.documents", vault.documents, ("document.stored", "document.read")),
    # the gate
    Control("gate.purpose", gate.purpose, ("check.allowed", "check.refused")),
    Control("gate.recipient", gate.recipient, ("check.refused:recipient_undeclared",)),
    Control("gate.entrusted", gate.entrusted, ("check.refused:operation_not_entrusted",)),
    Control("gate.border", gate.border, ("check.refused:country_not_allowed",)),
    Control("gate.roles", gate.roles, ("check.refused:role_not_allowed", "data.read:role_not_allowed")),
    Control("gate.people-never", gate.people_never, ("data.read:human_read_forbidden",)),
    Control("gate.block", gate.block, ("subject.blocked", "check.refused:subject_blocked")),
    Control("gate.stop", gate.stop, ("subject.stopped", "check.refused:subject_stopped")),
    Control("gate.term", gate.term, ("subject.event", "check.refused:term_over")),
    Control("gate.default-sealed", gate.default_sealed, ("check.refused",)),
    # disclosure
    Control("disclosure.register", disclosure.register, ("data.disclosed",)),
    Control("disclosure.transfer-register", disclosure.transfer_register, ("data.disclosed",)),
    Control("disclosure.choice", disclosure.choice, ("data.disclosed",)),
    Control("disclosure.visibility", disclosure.visibility, ("consent.given", "consent.withdrawn")),
    # messages
    Control("messaging.address-bound", messaging.address_bound, ("message.sent",)),
    Control("messaging.by-channel", messaging.by_channel, ("message.sent",)),
    Control("messaging.notice", messaging.notice, ("message.sent",)),
    Control("messaging.service", messaging.service, ("message.sent",)),
    Control("messaging.unsubscribe", messaging.unsubscribe, ("message.sent", "consent.withdrawn")),
    # rights
    Control("rights.access", rights.access, ("request.opened", "request.answered")),
    Control("rights.block", rights.block, ("subject.blocked", "subject.unblocked")),
    Control("rights.claim", rights.claim, ("request.opened", "request.answered")),
    Control("rights.complaint", rights.complaint, ("request.opened",)),
    Control("rights.concern", rights.concern, ("request.opened",)),
    Control("rights.correct", rights.correct, ("data.corrected",)),
    Control("rights.email", rights.email, ("letter.read", "request.opened")),
    Control("rights.erase", rights.erase, ("request.done", "subject.erased")),
    Control("rights.guide", rights.guide, ("request.answered",)),
    Control("rights.inbox", rights.inbox, ("request.opened",)),
    Control("rights.letter", rights.letter, ("request.opened",)),
    Control("rights.notice", rights.notice, ("request.answered", "message.sent")),
    Control("rights.self-service", rights.self_service, ("request.opened",)),
    Control("rights.withdraw", rights.withdraw, ("consent.withdrawn",)),
    # accounts
    Control("accounts.sign-in", accounts.sign_in, ("account.entered", "account.unproven:identity_unproven")),
    Control("accounts.own-data", accounts.own_data, ("account.shown",)),
    Control("accounts.confirmed", accounts.confirmed, ("account.confirmed",)),
    Control("accounts.acceptance", accounts.acceptance, ("account.accepted",)),
    # connected systems
    Control("connectors.erase", connectors.erase, ("request.done", "request.rescanned")),
    # the log
    Control("audit.every-act", audit.every_act, ("data.collected", "data.read", "check.allowed", "check.refused")),
    Control("audit.tamper-evident", audit.tamper_evident),
    # staff
    Control(
        "governance.appointments", governance.appointments, ("staff.added", "staff.role_changed", "staff.disabled")
    ),
    # rooms that come with later work
    Control("connectors.bulk"),
    Control("disclosure.approval"),
    Control("disclosure.bulk"),
    Control("disclosure.official"),
    Control("disclosure.secrecy"),
    Control("governance.control-runs"),
    Control("governance.doctor"),
    Control("governance.documents"),
    Control("governance.measures"),
    Control("governance.residency"),
    Control("governance.tls"),
    Control("governance.training"),
    Control("incidents.concern"),
    Control("incidents.detect"),
    Control("incidents.recurrence"),
    Control("recovery.integrity"),
    Control("recovery.restore"),
    Control("retention.end"),
    Control("retention.hold"),
    Control("retention.schedule"),
    Control("statistics.release"),
    Control("statistics.technical"),
)

BY_NAME = {control.name: control for control in CONTROLS}


def control_names() -> frozenset[str]:
    """The names that a clause may use."""
    return frozenset(BY_NAME)
