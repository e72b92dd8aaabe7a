"""Letters as tests write them: from made-up people, whole or broken on purpose; and the labelled ones of tests/data."""

from __future__ import annotations

import functools
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import yaml

from senim.law import Override
from senim.messaging.letter import parse
from senim.messaging.letter_records import Letter
from senim.policy import Promises
from tests.unit.made import MINI, NOW, PROFILES, looked_at

FOLDER = Path(__file__).parents[2] / "data" / "letters"
SENDER = "person.a@people.example"


def written(
    text: str = "Здравствуйте!",
    *,
    subject: str = "Вопрос",
    sender: str = f"Анна <{SENDER}>",
    html: str = "",
    **fields: str,
) -> bytes:
    """A letter that is right in every way."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = "data@mini.example"
    mail["Subject"] = subject
    mail["Date"] = "Sun, 22 Nov 2026 14:00:00 +0500"
    mail["Message-ID"] = "<letter-1@people.example>"
    for name, value in fields.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text or "\n")
    if html:
        mail.add_alternative(html, subtype="html")
    return mail.as_bytes()


def read(text: str = "Здравствуйте!", **how: Any) -> Letter:
    """What is read of such a letter."""
    return parse(written(text, **how))


def raw(fields: str, body: bytes | str = b"", charset: str = "utf-8") -> bytes:
    """A letter as it is written here, byte by byte; lines end with CR LF."""
    head = "\r\n".join(line for line in fields.strip().split("\n"))
    content = body.encode(charset) if isinstance(body, str) else body
    return head.encode(charset) + b"\r\n\r\n" + content


@functools.cache
def labelled(name: str) -> list[dict[str, Any]]:
    """The labelled letters of a file."""
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


@functools.cache
def promises_of(profile: str) -> Promises:
    """The promises of a profile, or of the small policy."""
    checked = looked_at(MINI if profile == "mini" else (PROFILES / f"{profile}.yaml").read_bytes())
    assert checked.policy is not None
    assert checked.law is not None
    return Promises(checked.policy, checked.law, 1, NOW, "0" * 64, Override())
