"""What people's accounts need of the other features."""

from __future__ import annotations

from dataclasses import dataclass

from senim.audit.actions import Log
from senim.collection import Collection
from senim.consent import Consents
from senim.disclosure import Disclosures
from senim.gate import Gate
from senim.orders import Orders
from senim.policy import Policies
from senim.rights import Rights
from senim.rights.codes import Codes
from senim.rights.desk import Post
from senim.rights.limits import Limits
from senim.subjects import Subjects
from senim.vault import Boxes, Documents, Vault
from senim.work import Works


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What people's accounts need of the other features."""

    works: Works
    policies: Policies
    subjects: Subjects
    consents: Consents
    gate: Gate
    vault: Vault
    documents: Documents
    disclosures: Disclosures
    collection: Collection
    log: Log
    boxes: Boxes
    orders: Orders
    post: Post
    rights: Rights
    limits: Limits
    codes: Codes
    url: str
    """Where people reach the service, without a slash at the end: links in letters begin with it."""
    secret: bytes
    """What links in letters are signed with."""
