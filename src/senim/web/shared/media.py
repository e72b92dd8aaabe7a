"""What a file is that somebody sends: by how it begins, whatever their browser says of it."""

from __future__ import annotations

UNKNOWN = "application/octet-stream"
"""A file of which nothing is known: it is kept, and only ever handed out to be saved."""

_BEGINS = {
    b"%PDF": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}


def media_of(content: bytes) -> str:
    """The media type of a paper that people scan or photograph; :data:`UNKNOWN` for everything else."""
    return next((media for begins, media in _BEGINS.items() if content.startswith(begins)), UNKNOWN)
