"""SQL databases of the operator: PostgreSQL, MariaDB and MySQL, SQLite, and what else SQLAlchemy speaks.

The tables are not ours, so that there is no ``store.py``: this folder holds all the SQL that touches them. Identifiers
are quoted by SQLAlchemy, values are bound, whatever they hold.
"""
