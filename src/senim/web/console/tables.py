"""The registers that the policy itself is: each is a table made from the version in force, for the page and for CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask import g

from senim.policy import Promises
from senim.policy.records import Recipient
from senim.web.console import naming
from senim.web.console.naming import say, told
from senim.web.shared.tables import cell

Row = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns by the keys of their words, and rows; the first cell of a row says what it is about."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def csv_of(table: Table) -> bytes:
    """The table as CSV (RFC 4180) in UTF-8 with the mark that spreadsheets look for.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(say(column) for column in table.columns)
    writer.writerows(map(cell, map(str, row)) for row in table.rows)
    return written.getvalue().encode("utf-8-sig")


def _listed(names: Iterator[str] | list[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "—"


def _yes(holds: object) -> str:
    return say("yes" if holds else "no")


def purposes(now: Promises) -> Table:
    """What data is used for: the processing register (94-V 25; tickets-5)."""
    return Table(
        columns=("purpose", "basis", "data", "operations", "channels", "term", "free-choice"),
        rows=tuple(_purpose(now, name) for name in now.policy.purposes),
    )


def _purpose(now: Promises, name: str) -> Row:
    declared = now.policy.purposes[name]
    basis = now.law.bases[declared.basis]
    cited = declared.act.in_(g.language) or now.law.cite(basis.article, g.language)
    return (
        naming.purpose(now, name),
        f"{basis.name.in_(g.language)} ({cited})",
        naming.categories(now, declared.uses),
        _listed([told("notices", f"operation-{one.value}") for one in declared.operations]),
        _listed([naming.channel(one.value) for one in declared.channels]),
        naming.term(now.term(name)),
        _yes(declared.optional),
    )


def recipients(now: Promises, last: Mapping[str, str] | None = None) -> Table:
    """Who may get data, by which contract, and when anything was last handed over to them."""
    return Table(
        columns=("recipient", "kind", "country", "purposes", "data", "operations", "contract", "handed-last"),
        rows=tuple(
            (*_recipient(now, name, one), (last or {}).get(name, "—")) for name, one in now.policy.recipients.items()
        ),
    )


def _recipient(now: Promises, name: str, one: Recipient) -> Row:
    return (
        naming.recipient(now, name),
        told("notices", f"kind-{one.kind}"),
        _listed([naming.country(code) for code in one.countries]),
        _listed([naming.purpose(now, purpose) for purpose in one.purposes]),
        naming.categories(now, one.uses),
        _listed([told("notices", f"operation-{operation.value}") for operation in one.operations]),
        f"{one.contract.name}, {one.contract.date.isoformat()}" if one.contract else "—",
    )


def borders(now: Promises) -> Table:
    """What may leave the country: where to, on which ground, and what binds whoever gets it."""
    abroad = [
        (name, one, country)
        for name, one in now.policy.recipients.items()
        for country in one.countries
        if not now.law.at_home(country)
    ]
    return Table(
        columns=("country", "recipient", "ground", "article", "safeguards"),
        rows=tuple(
            (
                naming.country(country),
                naming.recipient(now, name),
                *_crossing(now, country),
                _safeguards(one),
            )
            for name, one, country in sorted(abroad, key=lambda row: row[2])
        ),
    )


def _crossing(now: Promises, country: str) -> tuple[str, str]:
    """The ground on which data crosses to a country, and its article."""
    named, assessed = now.law.pack.borders.adequate, now.policy.borders.assessed
    ground = now.law.grounds.get("adequate" if country in (*named, *assessed) else "consent")
    if ground is None:
        return say("ground-none"), "—"
    name = ground.name.in_(g.language)
    by_us = country in assessed and country not in named
    return f"{name} ({say('ground-assessed')})" if by_us else name, now.law.cite(ground.article, g.language)


def _safeguards(one: Recipient) -> str:
    if one.contract is None:
        return say("safeguards-none")
    bound = [say("safeguard-secrecy")] if one.contract.secrecy else []
    bound += [say("safeguard-security")] if one.contract.security else []
    return ", ".join((one.contract.name, *bound))


def sources(now: Promises) -> Table:
    """Where values may come from."""
    points = now.policy.points.values()
    return Table(
        columns=("source", "kind", "points"),
        rows=tuple(
            (
                one.name.in_(g.language),
                say(f"source-{one.kind}"),
                _listed([point.name.in_(g.language) for point in points if point.source == name]),
            )
            for name, one in now.policy.sources.items()
        ),
    )


def points(now: Promises) -> Table:
    """Where data comes in, and what is asked there."""
    return Table(
        columns=("point", "site", "channels", "asked-required", "asked-optional", "asked-consents", "whose"),
        rows=tuple(_point(now, name) for name in now.policy.points),
    )


def _point(now: Promises, name: str) -> Row:
    point = now.policy.points[name]
    asked = {
        how: [naming.category(now, field) for field in point.asks if point.own(field).ask == how]
        for how in ("required", "optional")
    }
    return (
        point.name.in_(g.language),
        point.site or now.policy.sites[0].address,
        _listed([naming.channel(one.value) for one in point.channels]),
        _listed(asked["required"]),
        _listed(asked["optional"]),
        _listed([naming.purpose(now, ask.purpose) for ask in point.consents]),
        say(f"whose-{point.subject}"),
    )


def roles(now: Promises) -> Table:
    """Who works with the data: what each role may do, for what, and what it sees in clear."""
    return Table(
        columns=("role", "kind", "grants", "purposes", "sees"),
        rows=tuple(
            (
                one.name.in_(g.language),
                say(f"role-{one.kind}"),
                _listed([say(f"verb-{verb}") for verb in one.may]),
                _listed([naming.purpose(now, purpose) for purpose in one.purposes]),
                naming.categories(now, one.sees) or "—",
            )
            for one in now.policy.roles.values()
        ),
    )


REGISTERS: Mapping[str, Callable[[Promises], Table]] = {
    "purposes": purposes,
    "recipients": recipients,
    "borders": borders,
    "points": points,
    "sources": sources,
    "roles": roles,
}
"""The registers that are made of the policy, in the order in which they are shown."""
