"""The list of requests with what they are found by, and what was written and done about each."""

import msgspec
import sqlalchemy as sa
from alembic.operations import Operations

_FOREVER, _NEWEST = 2**61, 2**62
_OPEN = (
    "received", "identity_needed", "clarifying", "in_check", "decided", "planned", "waiting_approval", "executing",
    "rescanning",
)  # fmt: skip


def upgrade(op: Operations) -> None:
    """Make the tables, and list the requests that are there."""
    listed = op.create_table(
        "request_listed",
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("assigned", sa.Text(), nullable=False),
        sa.Column("open", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("stuck", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sort_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("lane", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "request_trace",
        sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "number", "id"),
        sqlite_with_rowid=False,
    )
    bind = op.get_bind()
    known = bind.execute(sa.text("SELECT lane, number, record FROM request ORDER BY lane, number")).fetchall()
    for lane, number, record in known:
        bind.execute(listed.insert().values(lane=lane, number=number, **_listed(msgspec.msgpack.decode(record))))


def _listed(request: dict[str, object]) -> dict[str, object]:
    """What a request is found by, from its record as it was kept."""
    deadlines: list[dict[str, object]] = request.get("deadlines") or []  # type: ignore[assignment]
    pauses: list[dict[str, object]] = request.get("pauses") or []  # type: ignore[assignment]
    running = [one["limits"][0]["due"] for one in deadlines if not one.get("met_at")]  # type: ignore[index]
    due, paused = min(running, default=0), any(not one.get("until") for one in pauses)
    still = request["state"] in _OPEN
    newest = _NEWEST - request["received_at"]  # type: ignore[operator]
    return {
        "kind": request["kind"],
        "way": request["way"],
        "state": request["state"],
        "assigned": "",
        "open": int(still),
        "stuck": int(still and bool(request.get("trouble"))),
        "due_at": 0 if paused or not still else due,
        "sort_at": (due or _FOREVER) if still else newest,
    }
