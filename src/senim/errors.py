"""The kinds of refusal. Every error that Senim raises on purpose is one of these seven.

    SenimError
    ├── NotFound      what was asked for is not here, or no longer
    ├── NotAllowed    this actor may not do it
    ├── NotPromised   the policy, a consent or the law does not allow it
    ├── Invalid       the input is wrong; it says where and what to do
    ├── Held          it clashes with something that stands or happens at the same time
    ├── Tampered      what was stored is not what was written
    └── Unavailable   the machine cannot do it now; nothing was lost

Each error has a stable ``code`` (a word of :class:`Code`) whose text in three languages is in
``locales/codes.toml``. An error carries ids, field names and codes, never a value of a person. What it says
besides is a hint, which has words in three languages, or a detail: names, or what only the machine says.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from senim.languages import Hint, Language, Said, explain, in_words


class Code(StrEnum):
    """The stable words of refusal. Outsiders rely on them: add, never rename."""

    __hash__ = str.__hash__  # an enum's own is many times slower, and codes are in the keys of what is remembered

    # why something is allowed
    GRANTED_BY_CONSENT = "granted_by_consent"
    GRANTED_BY_LAW = "granted_by_law"
    # what the policy does not declare
    CATEGORY_UNDECLARED = "category_undeclared"
    FIELD_NOT_NEEDED = "field_not_needed"
    FIELD_MISSING = "field_missing"
    PURPOSE_UNDECLARED = "purpose_undeclared"
    OPERATION_UNDECLARED = "operation_undeclared"
    CHANNEL_UNDECLARED = "channel_undeclared"
    CHANNEL_MISSING = "channel_missing"
    POINT_UNDECLARED = "point_undeclared"
    POINT_KIND_WRONG = "point_kind_wrong"
    SOURCE_UNDECLARED = "source_undeclared"
    # consent
    CONSENT_MISSING = "consent_missing"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_UNPROVEN = "consent_unproven"
    CONSENT_OUTDATED = "consent_outdated"
    NOTICE_MISSING = "notice_missing"
    NOTICE_OUTDATED = "notice_outdated"
    # recipients and borders
    RECIPIENT_UNDECLARED = "recipient_undeclared"
    RECIPIENT_MISSING = "recipient_missing"
    OPERATION_NOT_ENTRUSTED = "operation_not_entrusted"
    CATEGORY_NOT_ENTRUSTED = "category_not_entrusted"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    COUNTRY_MISSING = "country_missing"
    STORE_OUTSIDE_COUNTRY = "store_outside_country"
    REASON_MISSING = "reason_missing"
    # the person
    SUBJECT_MISSING = "subject_missing"
    SUBJECT_BLOCKED = "subject_blocked"
    SUBJECT_STOPPED = "subject_stopped"
    SUBJECT_ERASED = "subject_erased"
    TERM_OVER = "term_over"
    # who acts
    ROLE_NOT_ALLOWED = "role_not_allowed"
    HUMAN_READ_FORBIDDEN = "human_read_forbidden"
    NOT_SIGNED_IN = "not_signed_in"
    SIGN_IN_WRONG = "sign_in_wrong"
    PROVIDER_FAILED = "provider_failed"
    SIGN_IN_NAME_TAKEN = "sign_in_name_taken"
    PASSWORD_WEAK = "password_weak"  # noqa: S105  # the name of a refusal
    LAST_RESPONSIBLE = "last_responsible"
    CODE_NEEDED = "code_needed"
    CHANGE_BY_REQUEST = "change_by_request"
    # intake
    ATTESTATION_MISSING = "attestation_missing"
    OTHERS_NOT_TAKEN = "others_not_taken"
    DOCUMENT_UNKNOWN = "document_unknown"
    SPECIAL_CATEGORY = "special_category"
    CARD_NUMBER = "card_number"
    INVALID_VALUE = "invalid_value"
    MIXED_SCRIPT = "mixed_script"
    CONSENT_TWICE = "consent_twice"
    # the policy file
    POLICY_UNREADABLE = "policy_unreadable"
    POLICY_TOO_LARGE = "policy_too_large"
    POLICY_NOT_PUBLISHED = "policy_not_published"
    POLICY_INVALID = "policy_invalid"
    KEY_UNKNOWN = "key_unknown"
    KEY_MISSING = "key_missing"
    KEY_DUPLICATE = "key_duplicate"
    TYPE_WRONG = "type_wrong"
    ID_WRONG = "id_wrong"
    ID_DUPLICATE = "id_duplicate"
    REFERENCE_DANGLING = "reference_dangling"
    REFERENCE_CYCLIC = "reference_cyclic"
    LANGUAGE_MISSING = "language_missing"
    BASIS_UNKNOWN = "basis_unknown"
    NUMBER_WRONG = "number_wrong"
    FIELD_WITHOUT_PURPOSE = "field_without_purpose"
    EXPLANATION_MISSING = "explanation_missing"
    CONSENT_BUNDLED = "consent_bundled"
    CONTROL_UNKNOWN = "control_unknown"
    EFFECTIVE_DATE_WRONG = "effective_date_wrong"
    UNCHANGED = "unchanged"
    PLACEHOLDER = "placeholder"
    VERSION_BOUND = "version_bound"
    # requests of people
    REQUEST_STATE = "request_state"
    CLAIM_OPEN = "claim_open"
    IDENTITY_UNPROVEN = "identity_unproven"
    AUTHORITY_UNPROVEN = "authority_unproven"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    PAUSE_NOT_ALLOWED = "pause_not_allowed"
    EXTENSION_NOT_ALLOWED = "extension_not_allowed"
    DOCUMENTS_MISSING = "documents_missing"
    REASON_NOT_CHOSEN = "reason_not_chosen"
    SECOND_PERSON_NEEDED = "second_person_needed"
    PLAN_CHANGED = "plan_changed"
    PLAN_PROBLEM = "plan_problem"
    STILL_FOUND = "still_found"
    SIGNER_MISMATCH = "signer_mismatch"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    ALGORITHM_UNSUPPORTED = "algorithm_unsupported"
    # doors
    LINK_EXPIRED = "link_expired"
    NOT_FOUND = "not_found"
    SEVERAL_FOUND = "several_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    FORM_OUTDATED = "form_outdated"
    FORM_FOREIGN = "form_foreign"
    BODY_TOO_LARGE = "body_too_large"
    BODY_MALFORMED = "body_malformed"
    MEDIA_TYPE_WRONG = "media_type_wrong"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    CHANGED_MEANWHILE = "changed_meanwhile"
    CURSOR_WRONG = "cursor_wrong"
    IMPORT_DONE = "import_done"
    IMPORT_CHANGED = "import_changed"
    # orders and messages
    ORDER_TAKEN = "order_taken"
    ORDER_STATE = "order_state"
    MAIL_NOT_CONFIGURED = "mail_not_configured"
    MAIL_UNREACHABLE = "mail_unreachable"
    MAIL_DEFERRED = "mail_deferred"
    MAIL_REFUSED = "mail_refused"
    MAIL_IN_DOUBT = "mail_in_doubt"
    MAIL_SIGN_IN = "mail_sign_in"
    MAILBOX_UNREACHABLE = "mailbox_unreachable"
    MAILBOX_SIGN_IN = "mailbox_sign_in"
    MAILBOX_MISSING = "mailbox_missing"
    MAIL_LISTENING = "mail_listening"
    LETTER_TOO_LARGE = "letter_too_large"
    LETTER_UNREAD = "letter_unread"
    # the machine
    CLOCK_WENT_BACK = "clock_went_back"
    STORAGE_FULL = "storage_full"
    STORAGE_BUSY = "storage_busy"
    STORAGE_CORRUPT = "storage_corrupt"
    STORAGE_FAILED = "storage_failed"
    STORAGE_UNREACHABLE = "storage_unreachable"
    STORAGE_OUTDATED = "storage_outdated"
    OVERLOADED = "overloaded"
    FOLDER_WRONG = "folder_wrong"
    SETTING_WRONG = "setting_wrong"
    MAP_INVALID = "map_invalid"
    SYSTEM_UNREACHABLE = "system_unreachable"
    ANSWER_WRONG = "answer_wrong"
    SECRET_WRONG = "secret_wrong"  # noqa: S105  # the name of a refusal
    EVIDENCE_MISSING = "evidence_missing"
    KEY_FILE_WRONG = "key_file_wrong"
    KEY_FILE_MISSING = "key_file_missing"
    KEY_FILE_EXPOSED = "key_file_exposed"
    KEY_STORE_MISSING = "key_store_missing"
    PERSON_KEY_MISSING = "person_key_missing"
    SEAL_BROKEN = "seal_broken"
    LOG_BROKEN = "log_broken"
    SIGNATURE_WRONG = "signature_wrong"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a decision: the code, the policy's clause and the law's article behind it.

    ``where`` names the thing it is about: a field (``contact.email``), a category, a recipient id;
    never a value. ``hint`` tells how it would be right, where that is known.
    """

    code: Code
    where: str = ""
    clause: str = ""
    article: str = ""
    hint: Hint | None = None

    def says(self, language: Language) -> str:
        """What it means and what to do, in ``language``."""
        meant = explain(self.code.value, language)
        return f"{meant} {self.hint.sentences(language)}" if self.hint else meant


class SenimError(Exception):
    """Base of all refusals; ``reasons`` holds every ground, the first one gives the ``code``."""

    def __init__(
        self,
        code: Code,
        where: str = "",
        *,
        detail: str = "",
        hint: Hint | None = None,
        reasons: Iterable[Reason] = (),
    ) -> None:
        self.reasons: tuple[Reason, ...] = tuple(reasons) or (Reason(code, where),)
        self.code = code
        self.where = where
        self.detail = detail
        self.hint = hint
        super().__init__(f"{code}: {where}" if where else str(code))

    @property
    def besides(self) -> Said:
        """What is said beside code and place: the hint, or else the detail."""
        return self.hint or self.detail

    def says(self, language: Language) -> str:
        """The same in ``language``: the detail stays as it is."""
        return in_words(self.besides, language)

    @classmethod
    def because(cls, *reasons: Reason) -> Self:
        """A refusal for these grounds: code and place are those of the first."""
        return cls(reasons[0].code, reasons[0].where, reasons=reasons)


class NotFound(SenimError):
    """What was asked for is not here, or no longer."""


class NotAllowed(SenimError):
    """This actor may not do it."""


class NotPromised(SenimError):
    """The policy, a consent or the law does not allow it."""


class Invalid(SenimError):
    """The input is wrong; ``where`` says which part."""


class Held(SenimError):
    """It clashes with something that stands, or that happened at the same time."""


class Tampered(SenimError):
    """What was stored is not what was written."""


class Unavailable(SenimError):
    """The machine cannot do it now; nothing was lost and nothing is half done."""


def of_disk(error: OSError, where: str = "") -> Unavailable:
    """An error of the file system as one of ours; the text of the machine stays in the cause, out of answers."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    code = Code.STORAGE_FULL if full else Code.STORAGE_FAILED
    converted = Unavailable(code, where, detail=error.strerror or "")
    converted.__cause__ = error
    return converted


class Stale(Held):
    """A fact read for the decision changed before the commit; the act is decided anew."""

    def __init__(self) -> None:
        super().__init__(Code.CHANGED_MEANWHILE)


def places(error: BaseException) -> str:
    """Where an unexpected error happened, innermost first. Its message is left out: it may hold anything."""
    import traceback

    frames = reversed(traceback.extract_tb(error.__traceback__)[-6:])
    return " < ".join(f"{one.name} ({one.filename.rpartition('/')[2]}:{one.lineno})" for one in frames)
