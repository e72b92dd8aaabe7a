"""What happens to one row of a file. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from senim.connectors.datamap import ColumnMap, TableMap
from senim.connectors.matching import Cells, kept, text_of
from senim.connectors.records import Act, Keep, Trouble, WishKind


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to a row: its act, and the columns that change."""

    act: Act
    changes: Mapping[str, str | None] = field(default_factory=dict)
    keep: Keep | None = None
    because: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A wish, on a day. ``key`` makes the pseudonyms and is thrown away with it."""

    kind: WishKind
    today: date
    key: bytes
    changes: Mapping[str, str] = field(default_factory=dict)

    def fate(self, table: TableMap, cells: Cells) -> Fate | None:
        """What happens to a row of the person; None if it is right as it is."""
        if self.kind is WishKind.CORRECT:
            return self._corrected(table, cells)
        keep = kept(table, cells, self.today)
        if keep is not None or table.act == "keep":
            return Fate(Act.KEEP, keep=keep, because=None if keep else Trouble.NEEDED)
        if table.act == "delete" and self.kind is WishKind.ERASE:
            return Fate(Act.DELETE)
        usual = "depersonalise" if self.kind is WishKind.DEPERSONALISE or table.act == "depersonalise" else "blank"
        return self.nameless(table, cells, usual)

    def nameless(self, table: TableMap, cells: Cells, usual: str = "depersonalise") -> Fate | None:
        """A row that stays without saying whose it is; None if it says so no more."""
        changes = {
            name: self._other(name, one, cells, usual) for name, one in table.columns.items() if one.act != "keep"
        }
        changes = {name: new for name, new in changes.items() if text_of(cells.get(name)) != text_of(new)}
        if not changes:
            return None
        return Fate(Act.DEPERSONALISE if usual == "depersonalise" else Act.BLANK, changes)

    def _corrected(self, table: TableMap, cells: Cells) -> Fate | None:
        wanted = {name: self.changes[one.is_] for name, one in table.columns.items() if one.is_ in self.changes}
        changes: dict[str, str | None] = {
            name: new or None for name, new in wanted.items() if text_of(cells.get(name)) != new
        }
        return Fate(Act.CORRECT, changes) if changes else None

    def _other(self, name: str, column: ColumnMap, cells: Cells, usual: str) -> str | None:
        old = text_of(cells.get(name))
        if (column.act or usual) == "blank":
            return column.with_
        if not old or _is_pseudonym(old):
            return old
        digest = hmac.digest(self.key, f"{name}\n{old}".encode("utf-8", "surrogatepass"), "sha256").hex()
        return f"{_START}{digest[:24]}"


_START = "person-"


def _is_pseudonym(value: str) -> bool:
    """Whether a value is one already: an order that goes on after a crash gives no second one."""
    rest = value.removeprefix(_START)
    return rest != value and len(rest) == 24 and all(one in "0123456789abcdef" for one in rest)
