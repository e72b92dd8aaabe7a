"""Which days are worked: the country's holidays, the operator's week, and an override file.

Kazakhstan (law-kz §2): a national holiday on a day off moves to the next working day, religious days
(7 January, Kurban Ait) do not; the Government may swap days. The package ``holidays`` knows what is
published; what it does not know yet goes into the operator's ``calendar.toml``::

    off = [2027-05-06]       # days off beside those known
    worked = [2027-05-15]    # days worked although weekend or holiday
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from senim.errors import Code, Invalid

if TYPE_CHECKING:
    from holidays import HolidayBase

_SATURDAY, _SUNDAY = 5, 6
_RELIGIOUS = ("Orthodox Christmas", "Eid al-Adha")


@dataclass(frozen=True, slots=True)
class Override:
    """Days that the operator states itself; they win over everything known."""

    off: frozenset[date] = field(default=frozenset())
    worked: frozenset[date] = field(default=frozenset())

    @classmethod
    def read(cls, path: Path) -> Override:
        """The override of a TOML file; none if there is no file. Raises Invalid (setting_wrong)."""
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise Invalid(Code.SETTING_WRONG, path.name) from error
        if found.keys() - {"off", "worked"}:
            raise Invalid(Code.SETTING_WRONG, path.name)
        off, worked = found.get("off", []), found.get("worked", [])
        if not (isinstance(off, list) and isinstance(worked, list)):
            raise Invalid(Code.SETTING_WRONG, path.name)
        if not all(type(day) is date for day in (*off, *worked)) or set(off) & set(worked):
            raise Invalid(Code.SETTING_WRONG, path.name)
        return cls(frozenset(off), frozenset(worked))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days of a country. ``week`` is 5 (Saturday and Sunday off) or 6 (Sunday off)."""

    zone: str
    country: str
    week: int = 5
    override: Override = Override()

    def is_working(self, day: date) -> bool:
        """Whether people work on ``day``."""
        if day in self.override.worked:
            return True
        if day in self.override.off:
            return False
        return _is_working(self.country, self.week, day)

    def working_day_after(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day``."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_working(day)
        return day

    def rolled(self, day: date) -> date:
        """``day`` itself, or the next working day if it is a day off (Civil Code of Kazakhstan, article 175)."""
        return day if self.is_working(day) else self.working_day_after(day, 1)

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after ``start`` up to and including ``end``."""
        return sum(self.is_working(start + timedelta(days=step)) for step in range(1, (end - start).days + 1))


@functools.lru_cache(maxsize=4096)
def _is_working(country: str, week: int, day: date) -> bool:
    if week == 6:
        return day.weekday() != _SUNDAY and day not in _six_day_holidays(country, day.year)
    return bool(_five_day_holidays(country, day.year).is_working_day(day))


@functools.lru_cache(maxsize=64)
def _five_day_holidays(country: str, year: int) -> HolidayBase:
    """The country's holidays of a year, with those that move into it from the years beside it."""
    import holidays

    return holidays.country_holidays(country, years=(year - 1, year, year + 1))


@functools.lru_cache(maxsize=64)
def _six_day_holidays(country: str, year: int) -> frozenset[date]:
    """Days off of a six-day week: a holiday on a Sunday moves on, one on a Saturday is simply off.

    The package knows five-day weeks only; days swapped by the Government concern those.
    """
    import holidays

    known = holidays.country_holidays(
        country, years=year, observed=False, language="en_US" if country == "KZ" else None
    )
    plain = {day: name for day, name in known.items() if "substituted" not in name}
    off = set(plain)
    for day, name in sorted(plain.items()):
        if day.weekday() == _SUNDAY and not name.startswith(_RELIGIOUS):
            moved = day + timedelta(days=1)
            while moved in off:
                moved += timedelta(days=1)
            off.add(moved)
    return frozenset(off)
