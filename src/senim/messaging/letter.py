"""A letter as it came → what it says. Pure: bytes in, :class:`Letter` out; it never fails and takes linear time."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from senim.messaging import letter_origin as origin
from senim.messaging.letter_charsets import decoded
from senim.messaging.letter_headers import Headers, addresses, clean, date_of, deceives, message_ids, words
from senim.messaging.letter_html import text_of
from senim.messaging.letter_language import language_of
from senim.messaging.letter_mime import Part, head, parts_of, plain_lines, safe_name
from senim.messaging.letter_origin import Trusted
from senim.messaging.letter_quotes import OwnWords, own_words
from senim.messaging.letter_records import Attachment, Letter, LetterFault, Limits

LIMITS = Limits()
NOBODY = Trusted()
_MOST_ATTACHMENTS = 100
_CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
                          *range(0x2066, 0x206A), 0x61C, 0xFEFF])  # fmt: skip
_RECIPIENTS = ("delivered-to", "x-original-to", "to", "cc")


def parse(raw: bytes, *, envelope: Iterable[str] = (), trusted: Trusted = NOBODY, limits: Limits = LIMITS) -> Letter:
    """What a letter says. ``envelope`` are the addresses that it was handed over for."""
    faults: set[LetterFault] = set()
    parts: list[Part] = []
    if len(raw) > limits.size:
        faults.add(LetterFault.TOO_LARGE)
        letter = plain_lines(raw[: limits.header])
        headers = head(letter, 0, len(letter), limits)[0]
    else:
        letter = plain_lines(raw)
        headers, parts, faults = parts_of(letter, limits)
    subject = headers.text("subject")
    senders = addresses(headers.all("from"))
    date, wrong = date_of(headers.raw("date"))
    faults |= {*wrong, *_faults_of_sender(headers, senders)}
    sender = senders[0][1] if len(senders) == 1 else ""
    own = _own_words(letter, parts, limits, faults)
    bounce = origin.bounce_in(letter, headers, parts, subject, sender)
    auto = bounce is None and origin.is_auto_reply(headers, subject)
    to = (*envelope, *(address for name in _RECIPIENTS for _, address in addresses(headers.all(name))))
    return Letter(
        message_id=next(iter(message_ids(headers.raw("message-id"))), ""),
        from_address=sender,
        from_name=clean(senders[0][0])[:200] if sender else "",
        from_authenticated=origin.vouched(headers, [address for _, address in senders], trusted),
        to=tuple(dict.fromkeys(to)),
        date=date,
        subject=subject,
        text=own.text,
        signature=own.signature,
        language=language_of(f"{subject}\n{own.text}"),
        attachments=_attachments(letter, parts),
        auto_reply=auto,
        quiet=auto or bounce is not None or origin.is_quiet(headers, sender),
        bounce=bounce,
        in_reply_to=message_ids(headers.raw("in-reply-to")),
        references=message_ids(*headers.all("references")),
        forwarded=own.forwarded,
        faults=tuple(sorted(faults)),
    )


def same_letter(raw: bytes) -> bytes:
    """What makes two deliveries the same letter: who wrote what when, whatever servers added on the way.

    A letter that nobody numbered is the same only byte by byte: two short ones may have nothing else that differs.
    """
    letter = plain_lines(raw)
    headers, body, _ = head(letter, 0, len(letter), LIMITS)
    if not headers.raw("message-id").strip():
        return letter
    fields = (headers.raw(name).strip() for name in ("message-id", "from", "date", "subject"))
    return b"\n".join((*fields, b"", letter[body:].rstrip(b"\r\n")))


def _faults_of_sender(headers: Headers, senders: list[tuple[str, str]]) -> set[LetterFault]:
    faults = set()
    if len(senders) != 1 or len(headers.all("from")) != 1:
        faults.add(LetterFault.SENDER_WRONG)
    for name, address in senders[:1]:
        if deceives(name) or ("@" in name and address.lower() not in name.lower()):
            faults.add(LetterFault.NAME_DECEIVES)
    return faults


def _is_text(part: Part) -> bool:
    kind = part.disposition[0]
    return part.media in ("text/plain", "text/html") and kind != "attachment" and not part.name


def _own_words(letter: bytes, parts: list[Part], limits: Limits, faults: set[LetterFault]) -> OwnWords:
    """The words of the parts that people see; those of the page where the plain text says far less."""
    told: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    left = limits.decoded
    for part in parts:
        if not _is_text(part) or (part.report and part is not parts[0]):
            continue
        if left <= 0 or part.end - part.start > left:
            faults.add(LetterFault.TEXT_TOO_LONG)
        content, whole = part.content(letter, max(left, 0))
        left -= len(content)
        text, right = decoded(content, part.parameters.get("charset", ""))
        faults |= set() if whole else {LetterFault.ENCODING_BROKEN}
        faults |= set() if right else {LetterFault.CHARSET_WRONG}
        told[part.media].append(text)
    plain = "\n".join(told["text/plain"])
    own = own_words(_seen(plain, limits, faults))
    if told["text/html"]:
        page = own_words(_seen(text_of("\n".join(told["text/html"])), limits, faults))
        if len(own.text.split()) * 3 < len(page.text.split()) or not own.text:
            return page
    return own


def _seen(text: str, limits: Limits, faults: set[LetterFault]) -> str:
    """Text without letters that are not seen, its lines ending with LF, as much of it as is read."""
    if len(text) > limits.text:
        faults.add(LetterFault.TEXT_TOO_LONG)
        text = text[: limits.text]
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return text.translate(_CONTROL)


def _attachments(letter: bytes, parts: list[Part]) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    for part in parts:
        if _is_text(part) or part.media in ("message/delivery-status", "text/rfc822-headers") or part.end <= part.start:
            continue
        name = safe_name(words(part.name.encode("utf-8", "replace")), len(found) + 1, part.media)
        content = functools.partial(_content, part, letter)
        found.append(Attachment(name, part.media[:100], part.end - part.start, content))
        if len(found) >= _MOST_ATTACHMENTS:
            break
    return tuple(found)


def _content(part: Part, letter: bytes) -> bytes:
    return part.content(letter)[0]
