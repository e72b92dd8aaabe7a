"""Where mail is handed over, fetched and taken in, as ``[mail]`` says it: what app.py needs to join messaging."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

from senim.errors import Code, Invalid
from senim.messaging.inbox_records import Listening, MailBox
from senim.messaging.mail import is_address
from senim.messaging.records import MailServer
from senim.settings import THIS_MACHINE, Mail, MailIn, certificates


def mail_server(mail: Mail, folder: Path) -> MailServer | None:
    """Where mail is handed over, or None if no server is set. Raises Invalid (setting_wrong)."""
    if not mail.host:
        return None
    if not is_address(mail.sender):
        raise Invalid(Code.SETTING_WRONG, "mail.sender", detail="the address that messages come from")
    return MailServer(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        user=mail.user,
        password=mail.password,
        sender=mail.sender,
        authority=_trusted(mail, "mail", folder),
        timeout=mail.timeout,
    )


def mailbox(mail: MailIn, folder: Path) -> MailBox | None:
    """The mailbox that is fetched, or None if none is set. Raises Invalid (setting_wrong)."""
    if not mail.host:
        return None
    return MailBox(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        user=mail.user,
        password=mail.password,
        folder=mail.folder,
        authority=_trusted(mail, "mail.in", folder),
        timeout=mail.timeout,
    )


def _trusted(mail: Mail | MailIn, section: str, folder: Path) -> str:
    """The file of certificates that a server's is checked against; a server elsewhere is never spoken to in clear."""
    if mail.security == "none" and mail.host not in THIS_MACHINE:
        raise Invalid(Code.SETTING_WRONG, f"{section}.security", detail="only with a server on this machine")
    return certificates(folder, mail.authority, f"{section}.authority")


def listening(mail: MailIn, folder: Path, contacts: Callable[[], tuple[str, ...]]) -> Listening | None:
    """Where letters are taken, or None if nowhere. Raises Invalid (setting_wrong)."""
    if not mail.listen:
        return None
    place = re.fullmatch(r"(smtp|lmtp)://(?:\[([0-9a-fA-F:]+)\]|([^\s:/]+)):(\d{1,5})", mail.listen)
    if place is None or int(place[4]) > 65535:
        raise Invalid(Code.SETTING_WRONG, "mail.in.listen", detail="lmtp://address:port or smtp://address:port")
    try:
        peers = tuple(ip_network(one) for one in listed(mail.peers))
    except ValueError as error:
        raise Invalid(Code.SETTING_WRONG, "mail.in.peers", detail="such as 10.0.0.0/8") from error
    return Listening(
        protocol="smtp" if place[1] == "smtp" else "lmtp",
        host=place[2] or place[3],
        port=int(place[4]),
        addresses=frozenset(one.lower() for one in listed(mail.addresses) or contacts()),
        most=mail.max_letter,
        peers=peers,
        certificate=str(folder / mail.certificate) if mail.certificate else "",
        private_key=str(folder / mail.private_key) if mail.private_key else "",
    )


def listed(names: str) -> tuple[str, ...]:
    """Names that a setting parts by commas."""
    return tuple(filter(None, (name.strip() for name in names.split(","))))
