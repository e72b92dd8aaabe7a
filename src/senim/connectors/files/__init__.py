"""Files of people, CSV and JSON lines, in a folder or in a store that speaks S3."""

from __future__ import annotations

from senim.connectors.files.connector import FilesConnector
from senim.connectors.files.opening import place_of

__all__ = ["FilesConnector", "place_of"]
