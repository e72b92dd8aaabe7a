"""One run tells everything: faults of form and of content together, in order, and nothing that only follows."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from senim.errors import Code
from senim.languages import Hint
from senim.policy.gaps import Gaps
from tests.unit.made import GONE, MINI, looked_at, varied

TEXT = MINI.decode()
TREE = json.loads(json.dumps(yaml.load(MINI, Loader=yaml.CBaseLoader)))
"""The file, with what it says once and uses twice written out."""


def told(source: bytes) -> list[tuple[Code, str]]:
    """What is wrong with a file, in the order in which it is told."""
    return [(fault.code, fault.where) for fault in looked_at(source).faults]


def test_form_and_content_are_told_in_one_run_in_the_order_of_the_file() -> None:
    """A slip in a key does not hide a wrong check digit, a missing language or a reference that leads nowhere."""
    changed = TEXT
    for old, new in (
        ("bin: 691240000010", "bin: 691240000011"),
        ("sensitive: true", "sensitive: perhaps"),
        ("    channels: [email, sms]", "    channels: [email, smoke]"),
        ("group: couriers", "groop: couriers"),
        ("consents:\n      - {purpose: orders, ask: required}", "consents:\n      - {purpose: oders, ask: required}"),
        (", en: Consent may be withdrawn.}", "}"),
    ):
        assert old in changed
        changed = changed.replace(old, new, 1)
    faults = looked_at(changed.encode()).faults
    assert [(fault.code, fault.where) for fault in faults] == [
        (Code.NUMBER_WRONG, "operator.bin"),
        (Code.TYPE_WRONG, "categories.payment-card.sensitive"),
        (Code.TYPE_WRONG, "purposes.newsletter.channels[1]"),
        (Code.KEY_UNKNOWN, "recipients.courier.groop"),
        (Code.REFERENCE_DANGLING, "points.registration.consents[0].purpose"),
        (Code.LANGUAGE_MISSING, "clauses[3].says"),
    ]
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)


SUGGESTIONS = (
    ({"purposes.delivery.uses": ["identity.givven", "contact.phone"]}, "purposes.delivery.uses",
     "did you mean “identity.given”?"),
    ({"roles.desk.purposes": ["order"]}, "roles.desk.purposes", "did you mean “orders”?"),
    ({"categories.payment-card.readers": ["tilll"]}, "categories.payment-card.readers", "did you mean “till”?"),
    ({"points.registration.consents.2.recipient": "courriers"}, "points.registration.consents[2].recipient",
     "did you mean “couriers”?"),
    ({"clauses.2.about": ["categories.payment-crad"]}, "clauses[2].about", "did you mean “categories.payment-card”?"),
    ({"clauses.2.about": ["categoriess.contact"]}, "clauses[2].about", "did you mean “categories”?"),
    ({"clauses.2.about": ["operator.contcats"]}, "clauses[2].about", "did you mean “operator.contacts”?"),
    ({"clauses.0.states": ["operator-numbr"]}, "clauses[0].states", "did you mean “operator-number”?"),
    ({"clauses.0.kept-by": ["policy.scoop"]}, "clauses[0].kept-by", "did you mean “policy.scope”?"),
    ({"roles.desk.purposes": ["xyz"]}, "roles.desk.purposes", "known: bookkeeping, delivery, newsletter, orders"),
    ({"law": "kzz"}, "law", "did you mean “kz”?"),
)  # fmt: skip


@pytest.mark.parametrize(("changes", "where", "says"), SUGGESTIONS)
def test_a_misspelt_name_is_told_with_the_one_that_was_meant(changes: dict[str, object], where: str, says: str) -> None:
    """A reference that leads nowhere says where it most likely should lead; nothing else is told."""
    faults = [one for one in looked_at(varied(changes)).faults if one.code is not Code.RECIPIENT_UNDECLARED]
    assert [fault.where for fault in faults] == [where]
    assert faults[0].hint
    assert faults[0].hint.in_("en").endswith(says)


def _paths(part: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    if isinstance(part, dict | list):
        for step, inner in part.items() if isinstance(part, dict) else enumerate(part):
            yield from _paths(inner, (*at, step))


def _where(at: tuple[Any, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at).removeprefix(".")


def _put(at: tuple[Any, ...], value: object, *, name: str = "") -> bytes:
    """The file with another value at a place, or with another name for it."""
    tree = copy.deepcopy(TREE)
    part = tree
    for step in at[:-1]:
        part = part[step]
    if name:
        kept = {name if step == at[-1] else step: inner for step, inner in part.items()}
        part.clear()
        part.update(kept)
    else:
        part[at[-1]] = value
    return yaml.dump(tree, allow_unicode=True, sort_keys=False).encode()


def _there(at: tuple[Any, ...]) -> Any:
    part = TREE
    for step in at:
        part = part[step]
    return part


PLACES = sorted(_paths(TREE), key=_where)


@pytest.mark.parametrize("at", PLACES[::9], ids=_where)
def test_whatever_is_broken_is_told_where_it_is_and_nothing_that_follows(at: tuple[Any, ...]) -> None:
    """A part of the wrong type, or under a wrong name, makes no fault elsewhere: what refers to it is not to blame."""
    where, above = _where(at), _where(at[:-1])
    wrong = "nonsense Q" if isinstance(_there(at), dict) else {"zz": ["q"]}
    broken = [_put(at, wrong)]
    if isinstance(at[-1], str):
        broken.append(_put(at, None, name=f"x{at[-1]}Q"))
    for source in broken:
        found = told(source)
        assert found
        assert [one for one in found if not one[1].startswith(above) and not where.startswith(one[1])] == []


@pytest.mark.parametrize("at", [one for one in PLACES[::23] if one[0] not in ("operator", "clauses")], ids=_where)
def test_whatever_is_broken_hides_no_fault_elsewhere(at: tuple[Any, ...]) -> None:
    """A wrong check digit and a missing language are told beside any fault of form."""
    tree = yaml.load(_put(at, {"zz": ["q"]}), Loader=yaml.CBaseLoader)
    tree["operator"]["bin"] = "691240000011"
    tree["clauses"][3]["says"]["en"] = ""
    found = told(yaml.dump(tree, allow_unicode=True, sort_keys=False).encode())
    assert {(Code.NUMBER_WRONG, "operator.bin"), (Code.LANGUAGE_MISSING, "clauses[3].says")} < set(found)


def test_a_part_that_bites_its_tail_is_told_once() -> None:
    """A circle is no wrong type besides."""
    circle = TEXT.replace("rights:\n", "rights: &r\n", 1).replace(
        "  channels: [email, post, portal]", "  channels: *r", 1
    )
    assert told(circle.encode()) == [(Code.REFERENCE_CYCLIC, "rights.channels")]


def test_a_law_that_there_is_not_hides_no_other_fault() -> None:
    """Without a law its own rules are silent, and all others speak."""
    found = told(
        varied({"law": "mars", "operator.bin": "1", "purposes.orders.basis": "whim", "clauses.0.states": ["x"]})
    )
    assert found == [(Code.REFERENCE_DANGLING, "law"), (Code.NUMBER_WRONG, "operator.bin")]


def test_a_text_cut_at_its_comma_is_told_how_to_mend() -> None:
    """The most usual slip in short texts: a comma ends them if there are no quotes."""
    changed = TEXT.replace(
        "{kk: Аты-жөні, ru: Имя, en: Name}", "{kk: Аты-жөні, ru: Имя, фамилия и отчество, en: Name}", 1
    )
    (fault,) = looked_at(changed.encode()).faults
    assert (fault.code, fault.hint) == (Code.KEY_UNKNOWN, Hint("quotes"))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"operator.contacts.phone": "8 727 250 00 00"}, "operator.contacts.phone"),
        ({"operator.responsible.phone": "+7 1"}, "operator.responsible.phone"),
        ({"sites.0.address": "http://mini.example"}, "sites[0].address"),
        ({"sites.0.address": "https://mini"}, "sites[0].address"),
        ({"sites.0.address": "https://user@mini.example"}, "sites[0].address"),
        ({"sites.0.address": "https://[mini.example"}, "sites[0].address"),
    ],
)
def test_telephones_and_addresses_are_looked_at(changes: dict[str, object], where: str) -> None:
    """A telephone that nobody abroad can call, and a site whose forms would travel unprotected, are not published."""
    assert told(varied(changes)) == [(Code.INVALID_VALUE, where)]


def test_what_is_covered_touched_and_hidden() -> None:
    """A gap covers what is below it, touches what is above it, and hides the name that it was meant for."""
    gaps = Gaps(frozenset({"purposes.orders.uses[2]", "categories.Contact"}))
    assert gaps.cover("purposes.orders.uses[2]")
    assert gaps.cover("purposes.orders.uses[2].x")
    assert not gaps.cover("purposes.orders.uses[20]")
    assert gaps.touch("purposes.orders")
    assert not gaps.touch("purposes.order")
    assert gaps.hide("categories", "contact")
    assert not gaps.hide("categories", "identity")
    assert not Gaps().touch("purposes")


def test_nothing_is_published_from_a_file_with_a_gap() -> None:
    """What stands in for a part that could not be read is never a policy."""
    for changes in ({"id": GONE}, {"senim": "2"}, {"operator": "x"}, {"law": {"pack": "kz"}}):
        checked = looked_at(varied(changes))
        assert (checked.policy, checked.law, checked.ok) == (None, None, False), changes
