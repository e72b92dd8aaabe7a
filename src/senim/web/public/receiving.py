"""Who receives data: the published list of recipients and processors (foundation-22), as a page and as a table."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, fields

from flask import Blueprint, Response

from senim.app import Senim
from senim.languages import Language, wording
from senim.policy import Promises
from senim.policy.notices import country_name, field_name
from senim.policy.records import Recipient
from senim.web.public.showing import in_force, kept, language_of, shown
from senim.web.shared.pages import day, zone
from senim.web.shared.tables import cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A recipient as people read it. The names are those of the words for the columns, without ``column-``."""

    recipient: str
    kind: str
    address: str
    countries: str
    purposes: str
    operations: str
    data: str
    contract: str
    contract_date: str
    policy: str


def receiving(senim: Senim) -> Blueprint:
    """The routes of the list."""
    pages = Blueprint("receiving", __name__)

    def recipients(language: str) -> Response:
        promises = in_force(senim)
        told = language_of(language)
        abroad = any(
            not promises.law.at_home(country)
            for one in promises.policy.recipients.values()
            for country in one.countries
        )
        day_told = day(promises.effective, told, zone(senim))
        return shown(senim, "recipients.html", rows=rows(promises, told), abroad=abroad, since=day_told)

    def table(language: str) -> Response:
        promises, told = in_force(senim), language_of(language)
        answer = Response(_csv(rows(promises, told), told), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="recipients-{told}.csv"'
        return kept(answer)

    pages.add_url_rule("/privacy/<language>/recipients", view_func=recipients)
    pages.add_url_rule("/privacy/<language>/recipients.csv", view_func=table)
    return pages


def rows(promises: Promises, language: Language) -> list[Row]:
    """The recipients that the policy declares, in its order."""
    return [_row(promises, one, language) for one in promises.policy.recipients.values()]


def _row(promises: Promises, one: Recipient, language: Language) -> Row:
    words = wording("notices")
    handed = promises.policy.expand(one.uses)
    data = dict.fromkeys(field_name(promises, ref, language) for ref in promises.fields if ref in handed)
    return Row(
        recipient=_line(one.name.in_(language)),
        kind=words[f"kind-{one.kind}"].in_(language),
        address=_line(one.address.in_(language)),
        countries=", ".join(country_name(country, language) for country in one.countries),
        purposes=", ".join(_line(promises.policy.purposes[purpose].name.in_(language)) for purpose in one.purposes),
        operations=", ".join(words[f"operation-{operation.value}"].in_(language) for operation in one.operations),
        data=", ".join(data),
        contract=one.contract.name if one.contract else "",
        contract_date=one.contract.date.isoformat() if one.contract else "",
        policy=one.policy,
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _csv(found: list[Row], language: Language) -> str:
    """The table, with a mark at its beginning by which spreadsheets know that it is UTF-8."""
    words, names = wording("pages"), [one.name for one in fields(Row)]
    out = io.StringIO("\ufeff")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out)
    writer.writerow([words[f"column-{name.replace('_', '-')}"].in_(language) for name in names])
    writer.writerows([cell(getattr(row, name)) for name in names] for row in found)
    return out.getvalue()
