"""The certificate of destruction: what was destroyed, what stays and why, what was not reached. No value is in it."""

from __future__ import annotations

from typing import Any

import msgspec

from senim.audit.statements import StatementSigner
from senim.connectors.records import Act
from senim.rights.answers.records import Outcome, SystemDone
from senim.times import moment, stamp

KIND = "destruction-certificate+jws"


def certify(signer: StatementSigner, outcome: Outcome) -> str:
    """The certificate of an erasure as a signed statement; ``senim verify`` checks it with the public key alone."""
    return signer.sign(KIND, payload(outcome))


def payload(outcome: Outcome) -> dict[str, Any]:
    """What the certificate says. ``complete`` is said only where everything was searched again and nothing was left."""
    erasure = outcome.erasure
    systems = [_system(one) for one in outcome.systems]
    return {
        "request": outcome.number,
        "subject": outcome.subject,
        "made_at": stamp(outcome.made),
        "policy": {
            "id": outcome.promises.policy.id,
            "version": outcome.promises.version,
            "digest": outcome.promises.digest,
        },
        "vault": None
        if erasure is None
        else {
            "erased_at": stamp(moment(erasure.at)),
            "key": True,
            "categories": erasure.values,
            "documents": erasure.documents,
            "identifiers": erasure.identifiers,
            "log_entry": erasure.entry,
            "proof": erasure.proof,
        },
        "systems": systems,
        "stays": [
            {
                "what": list(one.what),
                "because": one.because.in_("en"),
                "until": one.until.isoformat() if one.until else None,
            }
            for one in outcome.stays
        ],
        "complete": erasure is not None and all(one["complete"] for one in systems),
    }


def _system(done: SystemDone) -> dict[str, Any]:
    receipt, rescan = done.receipt, done.rescan
    return {
        "system": receipt.system,
        "order": receipt.order,
        "state": receipt.state.value,
        "steps": [msgspec.to_builtins(one) for one in receipt.steps if one.act is not Act.KEEP],
        "stays": [msgspec.to_builtins(one) for one in receipt.steps if one.act is Act.KEEP],
        "searched_again": None
        if rescan is None
        else {
            "tables": rescan.searched,
            "left": [msgspec.to_builtins(one) for one in rescan.left],
            "not_reached": [msgspec.to_builtins(one) for one in rescan.not_reached],
        },
        "complete": rescan is not None and rescan.complete,
    }
