"""Drills of disclosure: nothing leaves unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage
from senim.consent import Scope
from senim.disclosure import Handed, HandedOver, Handing
from senim.errors import Code
from senim.gate import Question
from senim.languages import Hint
from senim.policy.records import Recipient
from senim.policy.taxonomy import Operation


def register(stage: Stage) -> None:
    """Every handing-over is on record with person, recipient and purpose; a refused one hands over nothing."""
    person, handing = allowed(stage)
    recipient = stage.policy.recipients[handing.recipient]
    handed = hand(stage, person, handing)
    stage.expect(handed.values[person.subject], Hint("handed-nothing", recipient=handing.recipient))
    stage.expect(
        set(handed.values[person.subject]) <= stage.policy.expand(recipient.uses),
        Hint("handed-too-much", recipient=handing.recipient),
    )
    line = _lines(stage, person)[-1]
    stage.expect(
        (line.recipient, line.purpose, line.disclosure) == (handing.recipient, handing.purpose, handed.disclosure),
        Hint("handing-unregistered"),
    )
    stage.refused(
        Code.RECIPIENT_UNDECLARED,
        lambda: hand(stage, person, Handing(recipient="somebody", purpose=handing.purpose)),
        Hint("handing-to-undeclared"),
    )
    stage.expect(len(_lines(stage, person)) == 1, Hint("refused-handing-registered"))


def transfer_register(stage: Stage) -> None:
    """Every transfer abroad is on record with its country."""
    law = stage.promises.law
    person, handing = allowed(stage, lambda one: any(not law.at_home(country) for country in one.countries))
    hand(stage, person, handing)
    line = _lines(stage, person)[-1]
    stage.expect(line.country == handing.country and not law.at_home(line.country), Hint("country-unrecorded"))


def choice(stage: Stage) -> None:
    """A partner gets data for its offer only from people who asked for it."""
    person, handing = allowed(stage, lambda one: one.needs_choice)
    hand(stage, person, handing)
    group = stage.promises.group_of(handing.recipient)
    stage.consent(person, Scope(purpose=handing.purpose, recipient=group), given=False)
    stage.refused(
        Code.CONSENT_WITHDRAWN,
        lambda: hand(stage, person, handing),
        Hint("handing-after-withdrawal", recipient=handing.recipient),
    )


def allowed(stage: Stage, wanted: Callable[[Recipient], bool] = lambda one: True) -> tuple[Person, Handing]:
    """Somebody whose data a recipient like that may get, and the handing-over. Raises NothingDeclared."""
    for handing in _handings(stage, wanted):
        entrusted = stage.policy.expand(stage.policy.recipients[handing.recipient].uses)
        wishes = entrusted & stage.promises.needed[handing.purpose]
        for point, one in stage.policy.forms.items():
            if one.subject == "other" or not wishes & set(one.asks):
                continue
            person = stage.person(point)
            if stage.ask(_question(handing, person)).allowed:
                return person, handing
    raise NothingDeclared(Hint("no-such-recipient"))


def _handings(stage: Stage, wanted: Callable[[Recipient], bool]) -> Iterator[Handing]:
    home = stage.promises.law.at_home
    for name, one in stage.policy.recipients.items():
        # Abroad first, where the recipient is in several countries: there more is to be on record.
        country = min(one.countries, key=home, default="")
        for purpose in one.purposes if wanted(one) else ():
            if Operation.TRANSFER in stage.policy.purposes[purpose].operations:
                reason = "0" * 32 if one.kind == "authority" else ""
                yield Handing(recipient=name, purpose=purpose, country=country, reason=reason)


def _question(handing: Handing, person: Person) -> Question:
    return Question(
        Operation.TRANSFER,
        handing.purpose,
        person.subject,
        recipient=handing.recipient,
        country=handing.country,
        reason=handing.reason,
    )


def hand(stage: Stage, person: Person, handing: Handing) -> Handed:
    """Hand a person's data over."""
    handed: Handed = stage.platform.run(
        stage.actor, lambda work: stage.platform.disclosures.make(work, [person.subject], handing)
    )
    return handed


def _lines(stage: Stage, person: Person) -> list[HandedOver]:
    return stage.platform.disclosures.of(person.subject)


def visibility(stage: Stage) -> None:
    """Data is open to a circle only if the person opened it, category by category, and no longer once it is closed."""
    person, handing = allowed(stage, lambda one: one.opened_by_people)
    recipient, group = stage.policy.recipients[handing.recipient], stage.promises.group_of(handing.recipient)
    entrusted = stage.policy.expand(recipient.uses) & stage.promises.needed[handing.purpose]
    stage.consent(person, Scope(purpose=handing.purpose, recipient=group), given=False)
    for category in sorted({one.partition(".")[0] for one in entrusted}):
        fields = tuple(sorted(one for one in entrusted if one.startswith(f"{category}.")))
        _opened_and_closed(stage, person, replace(handing, categories=fields), group)


def _opened_and_closed(stage: Stage, person: Person, handing: Handing, group: str) -> None:
    """One category is closed, opened and closed again."""
    category = handing.categories[0].partition(".")[0]
    part = Scope(purpose=handing.purpose, recipient=group, category=category)
    withdrawn = Code.CONSENT_WITHDRAWN
    stage.refused(withdrawn, lambda: hand(stage, person, handing), Hint("category-unopened", category=category))
    stage.consent(person, part)
    told = hand(stage, person, handing).values[person.subject]
    stage.expect(all(one.startswith(f"{category}.") for one in told), Hint("shown-too-much", category=category))
    stage.consent(person, part, given=False)
    stage.refused(withdrawn, lambda: hand(stage, person, handing), Hint("category-closed", category=category))
