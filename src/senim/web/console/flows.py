"""What the policy lets flow: from sources over categories and purposes to recipients and countries. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from senim.policy import Promises
from senim.web.console.charts.flow import Link

COLUMNS = ("source", "category", "purpose", "recipient", "country")
"""The columns, by the keys of their words."""

SOURCE, CATEGORY, PURPOSE, RECIPIENT, COUNTRY = range(5)


def links_of(now: Promises) -> list[Link]:
    """Every step that some field can take, as wide as the number of fields that can take it."""
    flows = Counter[tuple[tuple[int, str], tuple[int, str]]]()
    for source, fields in _asked(now).items():
        for field in fields:
            flows[(SOURCE, source), (CATEGORY, _category(field))] += 1
    for purpose, needed in now.needed.items():
        for field in needed:
            flows[(CATEGORY, _category(field)), (PURPOSE, purpose)] += 1
    for purpose, recipient, given in _handed(now):
        flows[(PURPOSE, purpose), (RECIPIENT, recipient)] += given
        for country in now.policy.recipients[recipient].countries or now.law.pack.borders.home[:1]:
            flows[(RECIPIENT, recipient), (COUNTRY, country)] += given
    return [Link(source, target, weight) for (source, target), weight in sorted(flows.items())]


def _category(field: str) -> str:
    return field.partition(".")[0]


def _handed(now: Promises) -> Iterator[tuple[str, str, int]]:
    """How many fields each recipient may get for each purpose."""
    for purpose, needed in now.needed.items():
        for recipient, declared in now.recipients_for(purpose).items():
            given = len(needed & now.policy.expand(declared.uses))
            if given:
                yield purpose, recipient, given


def _asked(now: Promises) -> dict[str, frozenset[str]]:
    """The fields that points take from each source; a point that names none takes them from the person."""
    own = next((name for name, one in now.policy.sources.items() if one.kind == "subject"), "")
    asked: dict[str, frozenset[str]] = {}
    for point in now.policy.points.values():
        source = point.source or own
        asked[source] = asked.get(source, frozenset()) | now.policy.expand(tuple(point.asks))
    return asked


def abroad(now: Promises) -> Iterator[str]:
    """The countries beyond the border that something flows to."""
    countries = {country for one in now.policy.recipients.values() for country in one.countries}
    yield from sorted(country for country in countries if not now.law.at_home(country))
