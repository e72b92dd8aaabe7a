"""Which part of a consent a withdrawal means, by the policy's own names of purposes, recipients and channels. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from senim.languages import LANGUAGES, Text
from senim.messaging.meaning_sentences import fold, shared
from senim.messaging.meaning_words import words
from senim.policy.promises import Promises

_WORD = re.compile(r"[^\W\d_]{4,}")
_CHANNELS = ("email", "sms", "telephone", "messenger", "push", "post")


@dataclass(frozen=True, slots=True)
class Part:
    """What a withdrawal is about: ``whole`` if no part is named, ``unclear`` if one is that nobody declares."""

    purposes: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    whole: bool = True
    unclear: bool = False


def part_of(sentence: str, promises: Promises) -> Part:
    """What a sentence that withdraws a consent is about."""
    after, before = _about(sentence)
    about = f"{before} {after}".strip()
    names = _names_of(promises)
    purposes = tuple(names.purposes_in(about))
    recipients = tuple(names.recipients_in(about))
    channels = channels_in(about)
    advertising = names.marketing if not purposes and words("advertising").search(about) else ()
    if purposes or recipients or advertising or channels:
        unclear = not (purposes or recipients or advertising)  # by which channel, but not what for
        return Part(purposes or advertising, recipients, channels, whole=False, unclear=unclear)
    unclear = _names_something_else(after, before) and not words("all").search(sentence)
    return Part(unclear=unclear, whole=not unclear)


def advertising_in(sentence: str, promises: Promises) -> tuple[str, ...]:
    """The purposes that a wish for no more mail names; empty: whatever is advertising."""
    marketing = _names_of(promises).marketing
    return tuple(name for name in _names_of(promises).purposes_in(sentence) if name in marketing)


def channels_in(sentence: str) -> tuple[str, ...]:
    """The channels that a sentence names, as the policy calls them."""
    return tuple(name for name in _CHANNELS if words(name).search(sentence))


def _about(sentence: str) -> tuple[str, str]:
    """The words behind the consent, and in Kazakh, which says it the other way round, those before it."""
    found = words("consent").search(sentence)
    if found is None:
        return sentence, ""
    kazakh = found[0].startswith(("келисим", "рухсат"))
    return ("", sentence[: found.start()]) if kazakh else (sentence[found.end() :], "")


_ON = re.compile(r"^\W*(?:на|to|for|of|about)\s+(?:the\s+)?([^\W\d_]+)(?:\s+([^\W\d_]+))?")
_WORDS = re.compile(r"[^\W\d_]+")


def _names_something_else(after: str, before: str) -> bool:
    """Whether a consent to something particular is meant: to photographs, for a study."""
    generic = words("generic")
    found = _ON.match(after)
    if found:
        if not generic.match(found[1]):
            return True
        rest = found[2] or ""
        return bool(
            rest
            and found[1].startswith(("обработк", "использ", "сбор", "хранен"))
            and not generic.match(rest)
            and not words("preposition").match(rest)
        ) or _aims(after)
    said = [word for word in _WORDS.findall(before)[-3:] if not word.startswith("берген")]
    if said and not generic.match(said[-1]) and not words("introduces").match(said[-1]):
        return True
    return _aims(before)


def _aims(text: str) -> bool:
    return words("aim").search(text) is not None


class _Names:
    """The names that a policy gives to purposes and recipients."""

    def __init__(self, promises: Promises) -> None:
        policy = promises.policy
        self._purposes = _named({name: one.name for name, one in policy.purposes.items()})
        self._recipients = _named({name: one.name for name, one in policy.recipients.items()})
        self._groups = {name: one.group for name, one in policy.recipients.items() if one.group}
        self.marketing = tuple(name for name, one in policy.purposes.items() if one.kind == "marketing")

    def purposes_in(self, text: str) -> Iterable[str]:
        return _found(self._purposes, text)

    def recipients_in(self, text: str) -> Iterable[str]:
        return dict.fromkeys(self._groups.get(name, name) for name in _found(self._recipients, text))


@functools.lru_cache(maxsize=16)
def _names_of(promises: Promises) -> _Names:
    return _Names(promises)


@dataclass(frozen=True, slots=True)
class _Name:
    """One name in one language: its words, and those that no other name has."""

    words: frozenset[str]
    own: frozenset[str]


def _named(names: Mapping[str, Text]) -> dict[str, list[_Name]]:
    made: dict[str, list[_Name]] = {name: [] for name in names}
    for language in LANGUAGES:
        found = {name: frozenset(_words_in(getattr(text, language))) for name, text in names.items()}
        for name, one in found.items():
            others = [word for other, said in found.items() if other != name for word in said]
            own = frozenset(word for word in one if not any(_alike(word, other) for other in others))
            if one:
                made[name].append(_Name(one, own))
    return made


def _words_in(text: str) -> Iterable[str]:
    """The words by which a name is known: not those that every letter about consent to processing has."""
    common, generic = words("common"), words("generic")
    return (word for word in _WORD.findall(fold(text)) if not common.fullmatch(word) and not generic.match(word))


_START = 4
"""Letters from the beginning that words have in common at the least if they are the same."""


def _alike(said: str, name: str) -> bool:
    """Whether two words are the same but for their endings."""
    return shared(said, name) >= max(_START, len(said) - 3, len(name) - 3)


def _found(names: Mapping[str, list[_Name]], text: str) -> Iterable[str]:
    """The names that a text uses: more than half of a name's words, or one that no other name has."""
    said: dict[str, list[str]] = {}
    for word in tuple(dict.fromkeys(_WORD.findall(text)))[:100]:
        said.setdefault(word[:_START], []).append(word)
    for name, languages in names.items():
        for one in languages:
            found = {word for word in one.words if any(_alike(other, word) for other in said.get(word[:_START], ()))}
            if found and (len(found) * 2 > len(one.words) or found & one.own):
                yield name
                break
