"""Requests of people, what was written in them, and the attempts to show who one is."""

import sqlalchemy as sa
from alembic.operations import Operations


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _lane() -> sa.Column[int]:
    return sa.Column("lane", sa.SmallInteger(), autoincrement=False, nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _blob(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def upgrade(op: Operations) -> None:
    """Make the tables."""
    op.create_table(
        "request", _lane(), _word("number"), _number("epoch"), _word("state"), _number("received_at"),
        _number("keep_until"), _blob("record"), sa.PrimaryKeyConstraint("lane", "number"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "request_of", _lane(), _blob("subject"), _word("number"),
        sa.PrimaryKeyConstraint("lane", "subject", "number"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "request_open", _lane(), _word("number"), _number("due_at"),
        sa.PrimaryKeyConstraint("lane", "number"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "request_part", _lane(), _word("number"), _word("part"), _number("n"), _blob("sealed"),
        sa.PrimaryKeyConstraint("lane", "number", "part", "n"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "request_kept", _lane(), _blob("holder"), _word("number"), _number("until"), _blob("sealed"),
        sa.PrimaryKeyConstraint("lane", "holder"), sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "request_attempt", _lane(), _word("kind"), _blob("digest"), _number("since"), _number("count"),
        sa.PrimaryKeyConstraint("lane", "kind", "digest"), sqlite_with_rowid=False,
    )  # fmt: skip
