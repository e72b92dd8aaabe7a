"""What may stand in the log of the document that an authority asks with (tickets-17): its number, and no name. Pure."""

from __future__ import annotations

import re

from senim.identity import is_id
from senim.recognisers import find

MOST_NUMBER = 80
"""Characters of a document's number at most, its date included."""

_LETTERS = r"[^\W\d_]"
_FORM = re.compile(rf"(?=.*\d)(?!.*{_LETTERS}{{5}})[\w №#.,:/()–-]{{1,{MOST_NUMBER}}}\Z")
_WORD = re.compile(rf"{_LETTERS}{{2,}}")


def is_number(text: str) -> bool:
    """Whether a text is the number of a document, with its date or without, and can be no value of a person.

    It has a digit and no longer words than “дело”, none of them written like a name; numbers that are somebody's
    (of people, telephones, passports, cards) are none of documents. The id of a document that is kept here is one too.

    >>> [is_number(text) for text in ("17-3/44", "№ 12-34/567 от 03.11.2026", "Ким 5", "по делу Пробникова", "")]
    [True, True, False, False, False]
    """
    if is_id(text):
        return True
    named = any(word[0].isupper() and word[1:].islower() for word in _WORD.findall(text) if word != "No")
    return _FORM.match(text) is not None and not named and not find(text)
