"""``law.md``: the law packs, row by row."""

from __future__ import annotations

from collections.abc import Iterable

from scripts.docs.markdown import code, codes, fill, table
from senim.law import available
from senim.law.reading import pack
from senim.law.records import Basis, Clock, ConsentItem, Ground, Pack, Rule, Special

Row = Basis | ConsentItem | Clock | Ground | Special | Rule
_HEAD = ("id", "what", "article", "sure", "in force")


def page() -> str:
    """The page."""
    names = sorted(available(), key=lambda one: one != "kz")
    return fill("law", packs="\n".join(_pack(pack(name)) for name in names))


def _pack(law: Pack) -> str:
    borders, working = law.borders, law.working
    where = "stay in the country" if borders.store_at_home else "stay anywhere"
    return "\n".join(
        [
            f"## {law.pack}: {law.name.en}\n",
            f"{law.act.en}. Checked on {law.checked_on}. Articles without an act are of this one.\n",
            table(
                ["question", "answer"],
                [
                    ["Working days", f"{working.week} a week, time zone {working.zone}, holidays of {working.country}"],
                    ["No border between", ", ".join(borders.home)],
                    ["Protecting states", ", ".join(borders.adequate) or "none listed: consent is the safe ground"],
                    ["Data may", f"{where} ({borders.store_article or borders.article})"],
                    ["Complaints go to", f"{law.authority.name.en} ({law.authority.article})"],
                    ["Own permission to pass data to", codes(law.consent_for_recipients)],
                ],
            ),
            "### Lawful bases\n",
            _rows(
                law.bases, "needs", lambda one: "consent" if one.consent else "the act that it rests on" * one.needs_act
            ),
            "### What a consent must state\n",
            _rows(law.consent_items, "stated by", lambda one: "the policy" if one.stated_by_policy else "each consent"),
            "### Clocks\n",
            _rows(law.clocks, "term", _clock),
            "### Grounds to cross the border\n",
            _rows(law.grounds, "needs", lambda one: one.needs),
            "### Special categories\n",
            _rows(law.special),
            "### Clashes that `senim policy check` finds\n",
            "A published promise that says less than the law: it is shown with its article, and the law wins.\n",
            _rows(law.rules),
            "### Articles behind refusals\n",
            table(["code", "article"], [[code(name), article] for name, article in law.articles.items()]),
        ]
    )


def _rows(rows: Iterable[Row], more: str = "", told: object = None) -> str:
    extra = [more] if more else []
    return table(
        [*_HEAD[:2], *extra, *_HEAD[2:]],
        [
            [
                code(one.id),
                one.name.en,
                *([told(one)] if callable(told) else []),
                one.article,
                one.confidence,
                _span(one),
            ]
            for one in rows
        ],
    )


def _clock(one: Clock) -> str:
    parts = [f"{one.term} after: {one.trigger}"]
    if one.start == "moment":
        parts.append("counted from the moment")
    if not one.roll:
        parts.append("may end on a day off")
    if one.least_working:
        parts.append(f"at least {one.least_working} working days")
    if one.extension:
        parts.append(f"may be extended by {one.extension}")
    return ", ".join(parts)


def _span(one: Row) -> str:
    since = f"since {one.since}" if one.since else ""
    until = f"until {one.until}" if one.until else ""
    return " ".join(part for part in (since, until) if part)
