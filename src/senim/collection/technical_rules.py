"""What is kept of what a device tells: no address, no words of a person, nothing that leads to anybody. Pure.

The cuts are in docs/decisions/0022-technical-data.md.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, get_args
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from senim.collection.cookie_rules import origin_of, origins
from senim.collection.rules import undeclared
from senim.collection.scanning import has_card, plain
from senim.collection.technical_records import By, Device, Period, Visit, VisitKept
from senim.errors import Code, NotPromised
from senim.law import due, parse_term
from senim.policy.promises import Promises
from senim.policy.visits import Told, Visits
from senim.recognisers import find
from senim.times import micros

EARLY = timedelta(minutes=5)
"""How far the clock of a site's server may be ahead."""

CUT = "…"
"""Stands in the place of what was cut out of a path."""

_MOST_PARTS = 12
_LONGEST_PART = 60
_TOLD: tuple[Told, ...] = get_args(Told)
_MARKED = re.compile(r"[@~:=]")
_TOKEN = re.compile(r"(?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{12,}")
_RANDOM = re.compile(r"[A-Za-z0-9]{25,}")
_BETWEEN = re.compile(r"[\W_]+")
_FIVE_DIGITS = re.compile(r"(?:[0-9][^0-9]*){5}")


def visits_at(promises: Promises, point: str) -> Visits:
    """How visits are kept at a point. Raises NotPromised (point_undeclared, point_kind_wrong)."""
    declared = promises.policy.points.get(point)
    if declared is None:
        raise undeclared(promises, point)
    if declared.visits is None:
        raise NotPromised.because(promises.reason(Code.POINT_KIND_WRONG, point, f"points.{point}"))
    return declared.visits


def fields_of(promises: Promises, told: Visits, purpose: str) -> dict[Told, str]:
    """What a purpose needs of what devices tell at a point, and the field that holds it."""
    return {part: field for field, part in told.tells.items() if field in promises.needed[purpose]}


def looked_at(promises: Promises, purpose: str, by: By) -> tuple[str, ...]:
    """The fields that are looked at in counting by something: that one, and the addresses that are counted.

    Raises NotPromised (purpose_undeclared) if visits are kept for no such purpose.
    """
    points = [one.visits for one in promises.policy.points.values() if one.visits and purpose in one.visits.keeps]
    if not points:
        raise NotPromised.because(promises.reason(Code.PURPOSE_UNDECLARED, purpose, f"purposes.{purpose}"))
    wanted = {"ip", {"hour": "time", "device": "browser"}.get(by, by)}
    told = (fields_of(promises, one, purpose) for one in points)
    return tuple(sorted({field for fields in told for part, field in fields.items() if part in wanted}))


def dropped(told: Visits, visits: Iterable[Visit]) -> tuple[Told, ...]:
    """What came and is not asked for."""
    asked = set(told.tells.values())
    came = {part for visit in visits for part in _TOLD if part not in ("time", "system") and getattr(visit, part)}
    return tuple(part for part in _TOLD if part in came - asked - ({"browser"} if "system" in asked else set()))


def chosen(told: Visits, visit: Visit) -> tuple[str, ...]:
    """The purposes that a visit may be kept for: those that need no choice, and those that the visitor chose."""
    return tuple(name for name, kept in told.keeps.items() if not kept.choice or kept.choice in visit.allowed)


def period_of(renews: str, now: datetime, zone: str) -> Period:
    """The day or week (from Monday) that ``now`` is in, where the operator is."""
    local = now.astimezone(ZoneInfo(zone))
    begins = local.replace(hour=0, minute=0, second=0, microsecond=0)
    begins -= timedelta(days=local.weekday() if renews == "week" else 0)
    ends = begins + timedelta(days=7 if renews == "week" else 1)
    return Period(renews, micros(begins.astimezone(UTC)), micros(ends.astimezone(UTC)))


def pseudonym(key: bytes, place: str, value: bytes) -> bytes:
    """A name for an address or a visitor that holds as long as the key, and at one place alone."""
    return hmac.digest(key, f"senim/1/technical\n{place}\n".encode() + value, "sha256")[:16]


def kept(promises: Promises, point: str, visit: Visit, *, key: bytes, now: datetime) -> Iterator[VisitKept]:
    """A visit as it is kept, once for each purpose that it may be kept for and whose time is not over."""
    told, at = visits_at(promises, point), visit.at or now
    purposes = chosen(told, visit) if at <= now + EARLY else ()
    if not purposes:
        return
    clean = _clean(promises, visit)
    hour = at.astimezone(ZoneInfo(promises.calendar.zone)).replace(minute=0, second=0, microsecond=0)
    for purpose in purposes:
        fields = fields_of(promises, told, purpose)
        since = hour if "time" in fields else hour.replace(hour=0)
        ends = _ends(promises, told.keeps[purpose].lasts, purpose, since)
        if ends <= micros(now):
            continue
        place = f"{point} {purpose}"
        yield VisitKept(
            ends=ends,
            point=point,
            purpose=purpose,
            day=since.date().isoformat(),
            hour=since.hour if "time" in fields else -1,
            ip=_named(key, f"{place} ip", clean.network) if "ip" in fields else b"",
            visitor=_named(key, f"{place} visitor", visit.visitor.encode()) if "visitor" in fields else b"",
            browser=clean.device.browser if "browser" in fields else "",
            device=clean.device.kind if "browser" in fields else "",
            system=clean.device.system if "system" in fields else "",
            page=clean.page if "page" in fields else "",
            referrer=clean.referrer if "referrer" in fields else "",
        )


class _Clean(NamedTuple):
    network: bytes
    device: Device
    page: str
    referrer: str


def _clean(promises: Promises, visit: Visit) -> _Clean:
    """What a device told, without anything that leads to anybody; the address and the visitor get their pseudonyms."""
    return _Clean(
        network_of(visit.ip), device_of(visit.browser), path_of(visit.page), referrer_of(visit.referrer, _own(promises))
    )


@lru_cache(maxsize=8)
def _own(promises: Promises) -> frozenset[str]:
    return origins(promises.policy)


def _named(key: bytes, place: str, value: bytes) -> bytes:
    return pseudonym(key, place, value) if value else b""


@lru_cache(maxsize=256)
def _ends(promises: Promises, lasts: str, purpose: str, since: datetime) -> int:
    """When a visit is over: after the time of the point or that of the purpose, whichever is shorter."""
    term = promises.term(purpose)
    texts = [lasts, *([term.lasts] if term and term.lasts else ())]
    ends = (due(parse_term(text), since, promises.calendar, roll=False).strict for text in texts)
    return micros(min(ends).astimezone(UTC))


def network_of(address: str) -> bytes:
    """What an address is known by: IPv4 whole, of IPv6 the network (its last half changes by the day). Empty: none.

    A network is told by its first address: ``2001:db8::/64``.
    """
    try:
        found = ipaddress.ip_address(address.strip().partition("/")[0].partition("%")[0])
    except ValueError:
        return b""
    if isinstance(found, ipaddress.IPv6Address):
        return found.ipv4_mapped.packed if found.ipv4_mapped else found.packed[:8]
    return found.packed


# what a browser says it is

_ROBOT = re.compile(
    r"bot\b|crawl|spider|slurp|preview|monitor|curl/|wget/|python|headless|lighthouse|http-?client", re.IGNORECASE
)
_BROWSERS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("Edge", r"\bEdg(?:e|A|iOS)?/(\d{1,4})"),
        ("Opera", r"\b(?:OPR|OPiOS|OPT|Opera)/(\d{1,4})"),
        ("Yandex", r"\bYaBrowser/(\d{1,4})"),
        ("Samsung Internet", r"\bSamsungBrowser/(\d{1,4})"),
        ("UC Browser", r"\bUC ?Browser/(\d{1,4})"),
        ("Firefox", r"\b(?:Firefox|FxiOS)/(\d{1,4})"),
        ("Chrome", r"\b(?:Chrome|CriOS)/(\d{1,4})"),
        ("Safari", r"\bVersion/(\d{1,4})[^/]* (?:Mobile/\w+ )?Safari/"),
        ("Internet Explorer", r"\b(?:MSIE |Trident/.*rv:)(\d{1,4})"),
    )
)
_SYSTEMS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("iOS", r"\b(?:iPhone|iPad|iPod)\b"),
        ("Android", r"\bAndroid\b"),
        ("Windows", r"\bWindows\b"),
        ("macOS", r"\bMacintosh\b|\bMac OS X\b"),
        ("ChromeOS", r"\bCrOS\b"),
        ("Linux", r"\bLinux\b|\bX11\b"),
    )
)
OTHER = "other"


def device_of(browser: str) -> Device:
    """Family and main version, system, and kind of thing: words of short lists, and never those that came."""
    if not browser.strip():
        return Device("", "", "")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(browser)), OTHER)
    if _ROBOT.search(browser):
        return Device("robot", system, "robot")
    found = ((name, pattern.search(browser)) for name, pattern in _BROWSERS)
    family = next((f"{name} {int(match[1])}" for name, match in found if match), OTHER)
    return Device(family, system, _kind(browser, system))


def _kind(browser: str, system: str) -> str:
    if "iPad" in browser or "Tablet" in browser or (system == "Android" and "Mobile" not in browser):
        return "tablet"
    if system in ("iOS", "Android") or "Mobile" in browser:
        return "phone"
    return "computer" if system != OTHER else OTHER


# addresses of pages


def path_of(address: str) -> str:
    """The path of a page without query and fragment, and without anything that may be somebody's."""
    try:
        whole = urlsplit(address.strip())
    except ValueError:
        return ""
    path = whole.path or ("/" if whole.netloc else "")
    parts = [part for part in path.split("/") if part]
    told = [_cleaned(part) for part in parts[:_MOST_PARTS]]
    return "/" + "/".join([*told, *([CUT] if len(parts) > _MOST_PARTS else ())]) if path else ""


def referrer_of(address: str, own: frozenset[str]) -> str:
    """Where a visitor came from: of the policy's own sites the path, of others the origin alone."""
    origin = origin_of(address.strip())
    if not origin or origin in own:
        return path_of(address) if origin else ""
    host = urlsplit(origin).hostname or ""
    return "" if network_of(host) or has_personal(host) else f"{origin.partition(':')[0]}://{host}"


def _cleaned(part: str) -> str:
    """A part of a path; what may be somebody's number, name, address or key is cut out whole."""
    told = part.partition(";")[0]
    for _ in range(3):  # what was encoded twice over is looked at as well
        told, before = unquote(told), told
        if told == before:
            break
    if len(told) > _LONGEST_PART or "/" in told or not told.isprintable() or "%" in told or has_personal(told):
        return CUT
    return told


def has_personal(text: str) -> bool:
    """Whether something in a part of an address may be somebody's: a name, a number, a token, an address."""
    text = plain(text)
    words = _BETWEEN.sub(" ", text)
    return bool(
        _MARKED.search(text)
        or _FIVE_DIGITS.search(text)
        or _RANDOM.search(text)
        or any(_TOKEN.fullmatch(word) for word in words.split())
        or has_card(text)
        or find(text)
        or find(words.title())
    )
