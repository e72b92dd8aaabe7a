"""What happens to each row when the rows that stay need others, and others use what would go. As in databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from senim.connectors.files.fate import Fate, Rule
from senim.connectors.files.members import Mine, meant
from senim.connectors.graph import Link
from senim.connectors.matching import Cells
from senim.connectors.records import Act, Problem, Step, Trouble, WishKind
from senim.languages import Hint


class Fates:
    """What happens to every row of every file, for one wish."""

    def __init__(self, mine: Mine, rule: Rule) -> None:
        self.mine = mine
        self._rule = rule
        self._files = mine.files
        self._graph = mine.files.graph
        if rule.kind is WishKind.ERASE and mine.matching.who:
            self._need()
            self._part()

    def of(self, table: str, cells: Cells) -> Fate | None:
        """What happens to a row; None if nothing does."""
        return self._own(table, cells) if self.mine.has(table, cells) else self._let_go(table, cells)

    def _own(self, table: str, cells: Cells) -> Fate | None:
        """A row of the person: what the law keeps stays, then what others use, then what rows that stay refer to."""
        entry = self._files.map.tables[table]
        fate = self._rule.fate(entry, cells)
        if fate is None or self._rule.kind is WishKind.CORRECT or fate.act is Act.KEEP:
            return fate
        if self.mine.shared(table, cells):
            return Fate(Act.KEEP, because=Trouble.SHARED)
        if fate.act is Act.DELETE and self._is_held("needed", table, cells):
            nameless = self._rule.nameless(entry, cells) or Fate(Act.KEEP)
            return replace(nameless, because=Trouble.NEEDED)
        return fate

    def _is_held(self, what: str, table: str, cells: Cells) -> bool:
        columns = dict.fromkeys(one.to_columns for one in self._graph.links_to[table])
        return any(self.mine.keys.has((what, table, one), cells, one) for one in columns)

    # what stays needs

    def _need(self) -> None:
        """Whatever a row that stays refers to has to stay too, and so on: rows before what they refer to."""
        before = -1
        order = [name for part in self._graph.erase for name in part]
        links = {name: [one for one in self._graph.links_from[name] if self._removes(one.to)] for name in order}
        while before != self.mine.keys.size:
            before = self.mine.keys.size
            for table in order:
                if links[table] and self._may_stay(table):
                    self._needed_by(table, links[table])

    def _removes(self, table: str) -> bool:
        return table in self._files.map.tables and self._files.map.tables[table].act == "delete"

    def _may_stay(self, table: str) -> bool:
        entry = self._files.map.tables[table]
        return bool(entry.act != "delete" or entry.keep or self._graph.links_to[table])

    def _needed_by(self, table: str, links: list[Link]) -> None:
        for cells in self.mine.all_of(table):
            if not self.mine.has(table, cells):
                continue
            fate = self._own(table, cells) or Fate(Act.KEEP)
            for link in links if fate.act is not Act.DELETE else ():
                left = {one: fate.changes.get(one, cells.get(one)) for one in link.columns}
                if meant(cells, link.where):
                    self.mine.keys.add(("needed", link.to, link.to_columns), left, link.columns)

    # what goes is let go of

    def _part(self) -> None:
        """What goes, where rows of others mention it."""
        links = [one for one in self._graph.links if one.sort == "mentions" and self._removes(one.to)]
        for table in dict.fromkeys(one.to for one in links):
            named = dict.fromkeys(one.to_columns for one in links if one.to == table)
            for cells in self._going(table):
                for columns in named:
                    self.mine.keys.add(("goes", table, columns), cells, columns)

    def _going(self, table: str) -> Iterator[Cells]:
        """The rows of a table that are removed."""
        for cells in self.mine.all_of(table):
            fate = self._own(table, cells) if self.mine.has(table, cells) else None
            if fate is not None and fate.act is Act.DELETE:
                yield cells

    def _let_go(self, table: str, cells: Cells) -> Fate | None:
        """A row of others that mentions what goes does so no more."""
        if table not in self._graph.links_from or self._rule.kind is not WishKind.ERASE:
            return None
        key = self._files.map.tables[table].key
        changes = {
            column: None
            for link in self._graph.links_from[table]
            if link.sort == "mentions"
            and meant(cells, link.where)
            and self.mine.keys.has(("goes", link.to, link.to_columns), cells, link.columns)
            for column in link.columns
            if column not in key
        }
        return Fate(Act.DETACH, changes) if changes else None

    # what cannot be gone on with

    def knots(self, steps: tuple[Step, ...]) -> Iterator[Problem]:
        """Files that lead to each other: cut off between two of them, nobody would find what is left."""
        touched = {one.table for one in steps if one.act is not Act.KEEP}
        for part in self._graph.order:
            inside = [hop for table in part for hop in self._graph.into[table] if hop.source in part]
            many = sum(len(self._files.files_of(table)) for table in part) > 1
            if inside and many and touched.intersection(part):
                detail = Hint("files-in-turn")
                remedy = Hint("mention-one")
                where = ", ".join(part)
                yield Problem(code=Trouble.REFERRED_TO, where=where, detail=detail, remedy=remedy, blocking=True)
