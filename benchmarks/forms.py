"""What made-up people fill in."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from senim.app import Senim
from senim.collection import Intake
from senim.collection.records import ConsentGiven
from senim.conformance import cast
from senim.policy import Promises

SHORT, FULL, PURPOSE, NEWSLETTER, ROLE = "registration", "application", "orders", "newsletter", "site"
POLICY = Path(__file__).with_name("policy.yaml")


@dataclass(frozen=True, slots=True)
class Forms:
    """The operator's two forms, and their notices."""

    promises: Promises
    notices: dict[str, str]

    @classmethod
    def of(cls, platform: Senim) -> Self:
        """Those of a platform on which ``policy.yaml`` is published."""
        promises = platform.policies.in_force(platform.works.clock.now())
        shown = platform.policies.notices(promises).values()
        return cls(promises, {notice.point: notice.digest for notice in shown if notice.language == "ru"})

    def value(self, reference: str, number: int) -> str:
        """The value of a field of the made-up person with a number."""
        return cast.value(reference, self.promises.fields[reference], number)

    def intake(self, point: str, number: int) -> Intake:
        """What that person gives at a point."""
        asks = self.promises.policy.points[point].asks
        return Intake(
            point=point,
            language="ru",
            notice=self.notices[point],
            values={name: self.value(name, number) for name in asks},
            consents=(ConsentGiven(purpose=PURPOSE, given=True),),
        )

    def table(self, path: Path, numbers: Sequence[int]) -> None:
        """Write people as CSV, with what the short form asks."""
        names = list(self.promises.policy.points[SHORT].asks)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows([self.value(name, number) for name in names] for number in numbers)
