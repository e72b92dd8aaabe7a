"""Country packs as data: lawful bases, consent items, clocks, calendars, borders, lint rules."""

from senim.law.calendar import Calendar, Override
from senim.law.clocks import Due, Term, due, parse_term
from senim.law.reading import available, load
from senim.law.records import Basis, Clock, ConsentItem, Law, Pack, Rule

__all__ = [
    "Basis",
    "Calendar",
    "Clock",
    "ConsentItem",
    "Due",
    "Law",
    "Override",
    "Pack",
    "Rule",
    "Term",
    "available",
    "due",
    "load",
    "parse_term",
]
