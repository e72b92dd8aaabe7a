"""What is personal in a text or a column: numbers with check digits, addresses, names; Kazakh, Russian, English. Pure.

>>> [hit.kind.value for hit in find("ИИН 981231500014, тел. 8 (700) 000-00-00")]
['iin', 'phone']
>>> columns("tel_mob")[0].kind.value
'phone'
"""

from __future__ import annotations

from senim.recognisers.finding import find
from senim.recognisers.guessing import columns
from senim.recognisers.records import IN_TEXTS, Guess, Hit, Kind, Why

__all__ = ["IN_TEXTS", "Guess", "Hit", "Kind", "Why", "columns", "find"]
