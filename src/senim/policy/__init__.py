"""The policy file: load, check, version, publish, compare."""

from senim.policy.actions import Checked, Policies, Version, check
from senim.policy.clashes import Clash
from senim.policy.differences import Change
from senim.policy.drafting import Drafts
from senim.policy.drafting_records import Draft
from senim.policy.file import Fault, read_file
from senim.policy.notices import Line, Notice
from senim.policy.promises import Promises
from senim.policy.records import Policy
from senim.policy.shape import json_schema
from senim.policy.taxonomy import Operation

__all__ = [
    "Change",
    "Checked",
    "Clash",
    "Draft",
    "Drafts",
    "Fault",
    "Line",
    "Notice",
    "Operation",
    "Policies",
    "Policy",
    "Promises",
    "Version",
    "check",
    "json_schema",
    "read_file",
]
