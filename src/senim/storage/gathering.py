"""Reads that strands ask for at the same moment share one statement, and so one round trip to the server.

While the server answers one group the next one gathers, so that groups grow by themselves, as those of commits do.
A statement is sent after everything in it was asked: nothing is answered from what was known before.
"""

from __future__ import annotations

from collections.abc import Callable

from senim.errors import SenimError
from senim.storage.statements import Query, Row
from senim.storage.strands import Strand

Rows = list[Row]
_Kind = tuple[Query, Row]
"""What askers of one group have in common: the query, and its parameters that do not vary."""


class Gathering:
    """Gathers the reads of one loop's strands. ``several`` runs a query for many: for each the rows."""

    def __init__(
        self, alone: Callable[[Query, Row], Rows], several: Callable[[Query, list[Row], Row], list[Rows]]
    ) -> None:
        self._alone = alone
        self._several = several
        self._forming: dict[_Kind, list[tuple[Strand, Row]]] = {}
        self._under_way: set[_Kind] = set()

    def read(self, strand: Strand, query: Query, params: Row) -> Rows:
        """The rows of a query, asked for in a strand that may pause."""
        varying = query.varying
        if not varying:
            return self._alone(query, params)
        kind = query, params[varying:]
        asked = self._forming.get(kind)
        if asked is None:
            found = self._lead(strand, kind, params[:varying])
        else:
            asked.append((strand, params[:varying]))
            found = strand.pause()
        # What failed for a group may be the fault of one: then each asks by itself.
        return self._alone(query, params) if found is None else found

    def _lead(self, strand: Strand, kind: _Kind, mine: Row) -> Rows | None:
        """Ask for all who come until the turn of this group, and hand each its rows; None if it did not work."""
        self._forming[kind] = asked = [(strand, mine)]
        if kind not in self._under_way:
            self._under_way.add(kind)
            strand.loop.call_soon(strand.switch)  # after the other requests that are ready by now
        strand.pause()
        del self._forming[kind]
        query, rest = kind
        found: list[Rows] | None = None
        try:
            if len(asked) == 1:
                return self._alone(query, mine + rest)
            found = self._several(query, [params for _, params in asked], rest)
        except SenimError:
            if len(asked) == 1:
                raise
        finally:
            self._hand_on(strand, kind)
            if len(asked) > 1:
                strand.loop.call_soon(_hand_out, asked, found)
        return None if found is None else found[0]

    def _hand_on(self, strand: Strand, kind: _Kind) -> None:
        following = self._forming.get(kind)
        if following is None:
            self._under_way.discard(kind)
        else:
            strand.loop.call_soon(following[0][0].switch)


def _hand_out(asked: list[tuple[Strand, Row]], found: list[Rows] | None) -> None:
    """Let all but the first, who leads, go on with their rows."""
    for number in range(1, len(asked)):
        asked[number][0].switch(None if found is None else found[number])
