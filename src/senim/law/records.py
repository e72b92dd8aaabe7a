"""What a country pack holds. Every row names its article, when it is in force and how sure we are."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

import msgspec

from senim.languages import Language, Text

Confidence = Literal["V", "V*", "C", "M", "?"]
"""V read in the act, V* read but a later law touches the article, C commentary, M memory, ? unknown."""


_NUMBERS = re.compile(r"[0-9](?:[0-9(), -]|\([a-z]\))*\Z")
"""What names articles and no act: they are those of the act that the pack is about."""


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A rule of law with its source."""

    id: str
    article: str
    confidence: Confidence
    name: Text
    since: date | None = None
    until: date | None = None
    note: str = ""

    def in_force(self, on: date) -> bool:
        """Whether the row is law on that day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


class Basis(_Row, frozen=True, kw_only=True):
    """A lawful ground of processing. ``needs-act``: the policy must cite the act that it rests on."""

    needs_act: bool = False
    consent: bool = False


class ConsentItem(_Row, frozen=True, kw_only=True):
    """Something that a consent must state."""

    stated_by_policy: bool = True


class Clock(_Row, frozen=True, kw_only=True):
    """A term that the law sets: counted from ``trigger``."""

    term: str
    trigger: str
    start: Literal["next-day", "moment"] = "next-day"
    roll: bool = True
    least_working: int = 0
    extension: str = ""
    """How much more time may be taken, with a reason that the person is told before the term is over."""
    pauses: tuple[Literal["identity", "documents", "content"], ...] = ()
    """What the clock waits for: until that has come it stands still."""
    only: Literal["", "consumer"] = ""
    """Whose requests it is for, where not everybody's."""


class Ground(_Row, frozen=True, kw_only=True):
    """A ground on which data may cross the border; ``needs`` says what must be on record."""

    needs: Literal["consent", "act", "assessment", "contract"]


class Rule(_Row, frozen=True, kw_only=True):
    """A lint rule: ``check`` names the function that finds clashes, ``with`` its parameters."""

    check: str
    parameters: dict[str, str] = msgspec.field(name="with", default_factory=dict)


class Special(_Row, frozen=True, kw_only=True):
    """A special category of data that needs a stricter consent."""


class Borders(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Where data may be. ``home`` lists the countries without a border between them."""

    home: tuple[str, ...] = ()
    adequate: tuple[str, ...] = ()
    store_at_home: bool = False
    article: str = ""
    store_article: str = ""


class Working(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """How days are counted. ``country: operator`` takes the holidays of the operator's own country."""

    zone: str
    country: str
    week: Literal[5, 6] = 5


class Authority(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Who a person may complain to."""

    name: Text
    article: str
    where: Text = Text()
    """How to reach it, and the court."""


class Served(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The clocks of one kind of request: until it is answered, to do at once what binds, after it was granted."""

    answer: str
    act: str = ""
    decided: str = ""


class Children(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Who asks for a child: under ``guardian-under`` years somebody else, under ``agreed-under`` with their yes."""

    guardian_under: int
    agreed_under: int
    article: str
    confidence: Confidence


class Pack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A country's personal-data law as data."""

    pack: str
    name: Text
    act: Text
    cite: Text
    """How an article of the act is named; ``{article}`` stands for its number."""
    acts: dict[str, Text] = {}
    """How articles of other acts are named, by what stands before their number: ``Civil Code``."""
    checked_on: date
    working: Working
    borders: Borders
    authority: Authority
    articles: dict[str, str]
    bases: tuple[Basis, ...]
    consent_items: tuple[ConsentItem, ...]
    consent_for_recipients: tuple[str, ...]
    clocks: tuple[Clock, ...]
    grounds: tuple[Ground, ...]
    special: tuple[Special, ...]
    rules: tuple[Rule, ...]
    requests: dict[str, Served]
    """Kind of request → its clocks."""
    children: Children


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """A pack as it stands on one day."""

    pack: Pack
    on: date
    bases: dict[str, Basis]
    consent_items: dict[str, ConsentItem]
    clocks: dict[str, Clock]
    grounds: dict[str, Ground]
    special: dict[str, Special]
    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, pack: Pack, on: date) -> Law:
        """The rows of a pack that are in force on a day."""
        return cls(
            pack=pack,
            on=on,
            bases={row.id: row for row in pack.bases if row.in_force(on)},
            consent_items={row.id: row for row in pack.consent_items if row.in_force(on)},
            clocks={row.id: row for row in pack.clocks if row.in_force(on)},
            grounds={row.id: row for row in pack.grounds if row.in_force(on)},
            special={row.id: row for row in pack.special if row.in_force(on)},
            rules=tuple(row for row in pack.rules if row.in_force(on)),
        )

    def article(self, code: str) -> str:
        """The article behind a refusal code, or an empty text."""
        return self.pack.articles.get(code, "")

    def cite(self, article: str, language: Language) -> str:
        """An article of the act by its full name: ``article 7(1) of Law No 94-V``."""
        return self.pack.cite.in_(language).replace("{article}", article)

    def cited(self, articles: str, language: Language) -> str:
        """Articles of any acts, ``25(2)(6); Civil Code 22``, by the full names of the acts, in the language."""
        return "; ".join(self._cited(one.strip(), language) for one in articles.split(";"))

    def _cited(self, article: str, language: Language) -> str:
        act = next((one for one in self.pack.acts if article.startswith(f"{one} ")), "")
        if act:
            return self.pack.acts[act].in_(language).replace("{article}", article.removeprefix(act).strip())
        return self.cite(article, language) if _NUMBERS.match(article) else article

    def at_home(self, country: str) -> bool:
        """Whether there is no border on the way to ``country``."""
        return country in self.pack.borders.home
