"""How what binds every decision about a person changes with what is said and done. Pure: marks in, marks out.

The acts that write a person's row and the verification that makes it again from the log both go this way.
"""

from __future__ import annotations

from msgspec.structs import replace

from senim.subjects.records import Agreed, Block, Marks


def agree(marks: Marks, purpose: str, scope: str, agreed: Agreed) -> Marks:
    """What the person last said about a scope of a purpose."""
    scopes = {**marks.agreed.get(purpose, {}), scope: agreed}
    return replace(marks, agreed={**marks.agreed, purpose: scopes})


def block(marks: Marks, at: int, reason: str) -> Marks:
    """Let nobody but the responsible person look."""
    return replace(marks, block=Block(at=at, reason=reason))


def unblock(marks: Marks) -> Marks:
    """Lift the block."""
    return replace(marks, block=None)


def stop(marks: Marks, purpose: str, at: int) -> Marks:
    """Stop a purpose, or all with an empty name."""
    return replace(marks, stops={**marks.stops, purpose: at})


def resume(marks: Marks, purpose: str) -> Marks:
    """Lift a stop."""
    return replace(marks, stops={name: at for name, at in marks.stops.items() if name != purpose})


def happen(marks: Marks, event: str, at: int) -> Marks:
    """Note an event that ends or starts terms. One that is told late does not undo a later one."""
    newest = max(at, marks.events.get(event, at))
    return replace(marks, events={**marks.events, event: newest})
