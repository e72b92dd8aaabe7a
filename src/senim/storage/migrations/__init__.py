"""The migrations, one folder for each store; Alembic wrote them, and tests hold them against the tables."""
