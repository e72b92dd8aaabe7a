"""The report as one page that needs nothing else: three languages, no script, no address of anything."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment

from senim.inventory.records import Report
from senim.languages import LANGUAGES, Language, Text, wording

_MOST_SOURCES = 2_000
"""Sources that are shown; the JSON report has all."""


def page(report: Report, language: Language) -> str:
    """The report as HTML, opened in ``language``."""
    source = resources.files("senim.inventory").joinpath("report.html").read_text(encoding="utf-8")
    words = wording("scan")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    by_kind = report.by_kind()
    found = [one for one in report.sources if one.findings]
    return template.render(
        report=report,
        chosen=language,
        languages=LANGUAGES,
        language_names={"kk": "Қазақша", "ru": "Русский", "en": "English"},
        words=words,
        word=lambda name: words.get(name) or Text(kk=name, ru=name, en=name),
        by_kind=by_kind,
        most=max(by_kind.values(), default=1),
        found=sorted(found, key=lambda one: -one.count)[:_MOST_SOURCES],
        left_out=max(0, len(found) - _MOST_SOURCES),
        places=len(found),
        not_read=report.not_read()[:_MOST_SOURCES],
    )
