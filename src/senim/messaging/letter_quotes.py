"""The sender's own words: without what is quoted, without the signature. Pure, linear.

The ways in which the mail programs of this country begin a quotation: Gmail, Outlook, Apple Mail, mail.ru, Yandex,
Thunderbird, each in Kazakh, Russian and English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 400
"""A line that begins a quotation is no longer than this."""

_WROTE = re.compile(
    r"(?:\bwrote|\bwrites|пишет|пишете|написал(?:\(а\)|а|и)?|писал(?:\(а\)|а)?|сообщил(?:\(а\)|а)?|жазды|жазған)"
    r"\s*:\s*(?:\(.{0,80}\))?\s*$",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"\d{1,2}[.:/]\d{2}|\d{4}|<[^<>\s]{1,200}@[^<>\s]{1,200}>|[^\s<>]{1,64}@[^\s<>]{1,200}", re.IGNORECASE
)
_FROM_MAIL_RU = re.compile(r"^.{3,80}\d{1,2}:\d{2}.{0,20}\s(?:от|from|кімнен)\s.{1,200}@.{1,200}:\s*$", re.IGNORECASE)
_GMAIL = re.compile(r"\d{1,2}:\d{2}.{0,200}<[^<>\s]{1,200}@[^<>\s]{1,200}>\s*:\s*$")
_YANDEX = re.compile(r"^\d{1,2}\.\d{2}\.\d{4},?\s.{0,8}\d{1,2}:\d{2}.{0,250}:\s*$")
_CUT = re.compile(
    r"^[\s>*_]*(?:-{2,}|_{2,}|={2,})\s*(?:original message|original e-?mail|исходное сообщение|исходное письмо|"
    r"оригинальное сообщение|пересланное сообщение|пересылаемое сообщение|перенаправленное сообщение|"
    r"forwarded message|forwarded by .{1,80}|бастапқы хабар(?:лама)?|түпнұсқа хабар(?:лама)?|"
    r"қайта жіберілген хабар(?:лама)?|begin forwarded message|"
    r"конец пересылаемого сообщения)\s*:?\s*(?:-{2,}|_{2,}|={2,})?\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"forwarded|пересланн|пересылаем|перенаправлен|қайта жіберілген|начало переадресованного|begin forwarded",
    re.IGNORECASE,
)
_APPLE = re.compile(r"^\s*(?:begin forwarded message|начало переадресованного сообщения)\s*:\s*$", re.IGNORECASE)
_FIELD = re.compile(
    r"^[\s>*]*(from|sent|date|to|cc|subject|reply-to|от|от кого|отправлено|дата|кому|копия|тема|кімнен|жіберілген|"
    r"жіберілді|күні|кімге|көшірме|көшірмесі|тақырыбы|тақырып)\s*:\s*\**\s*\S?",
    re.IGNORECASE,
)
_SENDERS = frozenset({"from", "от", "от кого", "кімнен"})
_RULE = re.compile(r"^\s*[_\-=]{10,}\s*$")
_QUOTED = re.compile(r"^\s{0,3}(?:>|&gt;|\|\s)")
_SIGNATURE = re.compile(r"^--\s?$|^—\s?$|^–\s?$")
_REGARDS = re.compile(
    r"^\s*(?:с (?:глубоким |большим )?уважением|с наилучшими пожеланиями|искренне ваш\w*|"
    r"(?:ізгі )?құрметпен|курметпен|ізгі тілекпен|сәлеммен|"
    r"(?:with )?(?:best|kind|warm) (?:regards|wishes)|regards|yours (?:sincerely|faithfully|truly)|"
    r"sincerely(?: yours)?)(?![\w])[\s,.!–—-]*",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"^\s*(?:sent from (?:my|mail|outlook|yahoo|the)|get outlook for|отправлено (?:с|из|через|от) |"
    r"скачать outlook|получить outlook|.{0,40}(?:құрылғымнан|iphone-нан|поштасынан) жіберілді).{0,120}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A text taken apart."""

    text: str
    signature: str
    quoted: bool
    forwarded: bool


def own_words(text: str) -> OwnWords:
    """What the sender wrote. Lines between quoted lines are the sender's too."""
    lines = text.split("\n")
    kept: list[str] = []
    quoted = forwarded = False
    place = 0
    while place < len(lines):
        line = lines[place]
        skipped = _quoted_from(lines, place) if len(line) <= _LONGEST else 0
        if skipped is None:
            quoted, forwarded = True, _FORWARDED.search(line) is not None
            break
        if not skipped:
            kept.append(line)
        quoted = quoted or skipped > 0
        place += skipped or 1
    body, signature = _without_signature(kept)
    return OwnWords("\n".join(body).strip(), "\n".join(signature).strip(), quoted, forwarded)


def _quoted_from(lines: list[str], place: int) -> int | None:
    """How many lines from here on are quoted or introduce it; 0: this one is the sender's, None: all are quoted."""
    if _cuts(lines, place):
        return None
    if _QUOTED.match(lines[place]):
        return 1
    begins = _introduces(lines, place)
    return begins if not begins or _followed_by_quote(lines, place + begins) else None


def _cuts(lines: list[str], place: int) -> bool:
    """Whether everything from here on is somebody else's: a rule with a word, or the fields of another letter."""
    line = lines[place]
    if _CUT.match(line) or _APPLE.match(line):
        return True
    if _RULE.match(line):
        return _fields_at(lines, _next(lines, place + 1))
    return _fields_at(lines, place)


def _fields_at(lines: list[str], place: int) -> bool:
    """Whether three fields of a letter stand here, a sender first (Outlook)."""
    if place >= len(lines):
        return False
    first = _FIELD.match(lines[place][:_LONGEST])
    if first is None or first[1].lower() not in _SENDERS:
        return False
    following = [line for line in lines[place + 1 : place + 8] if line.strip()][:4]
    return sum(1 for line in following if _FIELD.match(line[:_LONGEST])) >= 2


def _introduces(lines: list[str], place: int) -> int:
    """How many lines from here on introduce a quotation; 0 if none. Long ones are broken over two or three lines."""
    line = lines[place].strip().lstrip("> ")
    if not line:
        return 0
    if _FROM_MAIL_RU.match(line) or (_YANDEX.match(line) and "@" in line):
        return 1
    joined = ""
    for count in range(1, 4):
        if place + count > len(lines) or len(joined) > _LONGEST:
            return 0
        following = lines[place + count - 1].strip()
        if not following:
            return 0
        joined = f"{joined} {following}"
        tail = joined[-_LONGEST:]
        if _GMAIL.search(tail) or (_WROTE.search(tail) and _DATED.search(tail)):
            return count if _begins(line) or count == 1 else 0
    return 0


def _begins(line: str) -> bool:
    """Whether a line may be the first of an introduction that is broken over several."""
    return (
        _DATED.search(line) is not None
        or re.match(r"(?:on|в|во|пн|вт|ср|чт|пт|сб|вс)\b", line, re.IGNORECASE) is not None
    )


def _next(lines: list[str], place: int) -> int:
    while place < len(lines) and not lines[place].strip():
        place += 1
    return place


def _followed_by_quote(lines: list[str], place: int) -> bool:
    place = _next(lines, place)
    return place < len(lines) and _QUOTED.match(lines[place]) is not None


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """The text and what stands below it: from ``--`` on, or from the last greeting on if little follows."""
    lines = [line for line in lines if not (len(line) <= _LONGEST and _SENT_FROM.match(line))]
    for place, line in enumerate(lines):
        if _SIGNATURE.match(line) and any(one.strip() for one in lines[:place]):
            return lines[:place], lines[place + 1 :]
    filled = [place for place, line in enumerate(lines) if line.strip()]
    for place in reversed(filled[-8:]):
        line = lines[place]
        found = _REGARDS.match(line) if len(line) <= 120 else None
        if found and all(len(one.split()) <= 6 for one in (line[found.end() :], *lines[place + 1 :])):
            return lines[:place], [line[found.end() :], *lines[place + 1 :]]
    return lines, []
