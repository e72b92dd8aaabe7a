"""What a letter asks for. Pure: a letter and the policy in, :class:`Meant` out. Kazakh, Russian, English.

A right is told only when it is asked for without doubt. What may be one is a candidate: a person decides. So it is
above all with what destroys, and whenever a letter says both yes and no.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from senim.languages import LANGUAGES, Text
from senim.messaging.letter_records import Letter
from senim.messaging.meaning_names import Names, missing, names_in
from senim.messaging.meaning_scope import Part, advertising_in, channels_in, part_of
from senim.messaging.meaning_sentences import Sentence, fold, sentences, shared
from senim.messaging.meaning_words import DESTRUCTIVE, Rule, rules, topics_in, words
from senim.policy.promises import Promises
from senim.policy.rights import RightKind

_WIDE: tuple[RightKind, ...] = ("claim", "complain", "compensation")
"""Rights whose object may stand anywhere in the letter."""

_PREFIX = re.compile(
    r"^(?:\s*(?:re|fw|fwd|aw|sv|ha|на|ответ|отв|пересл|жауап|қайта|қж)\s*(?:\[\d+\]|\(\d+\))?\s*:)+\s*|^\s*\[[^\]]{1,40}\]\s*",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:их|ее|его|эти|все это|them|those|it|оларди|они|соларди|барин)\b")
_WORD = re.compile(r"[^\W\d_]+")
_READ = 20_000
_MOST_SENTENCES = 400
_MOST_PARTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a letter asks for. It holds a name: it is never kept but sealed."""

    kinds: tuple[RightKind, ...] = ()
    """Rights asked for without doubt."""
    candidates: tuple[RightKind, ...] = ()
    """Rights that may be meant; a person decides."""
    marked: bool = False
    """Whether the policy's own mark of a right stands in the subject or in the first line (airline-12)."""
    purposes: tuple[str, ...] = ()
    """Of a withdrawal in part, or of mailings: the policy's names."""
    recipients: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    whole: bool = True
    """Whether a withdrawal is of everything."""
    confidence: float = 0.0
    """1 for a mark, 0.9 for what is asked for, 0.5 for what may be, 0 for nothing."""
    names: Names = field(default_factory=Names)
    missing: tuple[str, ...] = ()
    """What a request must state and this one does not (foundation-33), as the policy calls it."""

    @property
    def narrow(self) -> bool:
        """Whether a withdrawal is of less than whole purposes: for a recipient, by a channel. A person decides."""
        part = not self.whole and "withdraw" in self.kinds
        return part and bool(self.recipients or self.channels or not self.purposes)

    @property
    def kind(self) -> RightKind | str:
        """The first right asked for; empty if there is none, or only doubt."""
        return self.kinds[0] if self.kinds else ""


class _Sure(IntEnum):
    NO = 0
    MAYBE = 1
    TITLE = 2
    YES = 3


@dataclass(slots=True)
class _Found:
    """What was found so far."""

    sure: dict[RightKind, _Sure] = field(default_factory=dict)
    denied: set[RightKind] = field(default_factory=set)
    parts: list[Part] = field(default_factory=list)
    mailings: list[str] = field(default_factory=list)
    looked: int = 0
    """At how many sentences it was looked for which part they mean."""

    def note(self, kind: RightKind, sure: _Sure) -> None:
        self.sure[kind] = max(sure, self.sure.get(kind, _Sure.NO))


def recognise(letter: Letter, promises: Promises) -> Meant:
    """What a letter asks for under a policy. What a machine wrote asks for nothing."""
    names = names_in(letter.text, letter.signature, letter.from_name)
    if letter.auto_reply or letter.bounce is not None:
        return Meant(names=names)
    subject = _PREFIX.sub("", letter.subject)
    text = letter.text[:_READ]
    everything = fold(f"{subject}\n{text}")
    about = topics_in(everything)
    wide = frozenset(rule.kind for rule in rules() if rule.kind in _WIDE and rule.of & about)
    found = _Found()
    _read(sentences(subject), wide, found, promises, title=True)
    titled = {kind for kind, sure in found.sure.items() if sure is _Sure.TITLE}
    asked = _read(sentences(text), wide, found, promises)
    for kind in titled:
        found.note(kind, _of_title(kind, found, titled, asked=asked))
    marked = _marked(subject, text, promises, found)
    _doubt(found, everything)
    return _told(letter, promises, found, names, marked=marked)


def _told(letter: Letter, promises: Promises, found: _Found, names: Names, *, marked: frozenset[RightKind]) -> Meant:
    kinds = tuple(kind for kind in _ORDER if found.sure.get(kind, _Sure.NO) is _Sure.YES)
    perhaps = tuple(kind for kind in _ORDER if _Sure.NO < found.sure.get(kind, _Sure.NO) < _Sure.YES)
    wanted: dict[str, None] = {}
    for kind in kinds:
        right = promises.policy.rights.kinds.get(kind)
        wanted |= dict.fromkeys(right.contains if right else ())
    parts = found.parts if "withdraw" in kinds else []
    return Meant(
        kinds=kinds,
        candidates=perhaps,
        marked=bool(marked & set(kinds)),
        purposes=_each([one.purposes for one in parts] + ([tuple(found.mailings)] if "stop-mailings" in kinds else [])),
        recipients=_each(one.recipients for one in parts),
        channels=_each(
            [one.channels for one in parts]
            + [channels_in(fold(f"{letter.subject}. {letter.text[:_READ]}")) if "stop-mailings" in kinds else ()]
        ),
        whole=all(one.whole for one in parts),  # of two readings the one that takes less
        confidence=1.0 if marked & set(kinds) else 0.9 if kinds else 0.5 if perhaps else 0.0,
        names=names,
        missing=missing(wanted, letter.text, names, letter.from_address),
    )


_ORDER: tuple[RightKind, ...] = (
    "withdraw", "erase", "block", "stop-mailings", "correct", "object", "access", "copy", "recipients", "confirm",
    "visibility", "claim", "complain", "compensation", "concern",
)  # fmt: skip


def _each(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


# sentences


def _read(
    said: Iterable[Sentence], wide: frozenset[RightKind], found: _Found, promises: Promises, *, title: bool = False
) -> bool:
    """Try every rule on every sentence; whether any of them asks for something."""
    before: frozenset[str] = frozenset()
    asked = False
    for number, sentence in enumerate(said):
        if number >= _MOST_SENTENCES:
            break
        if words("disclaimer").search(sentence.text):
            continue
        asks = sentence.listed or words("request").search(sentence.text) is not None
        asked = asked or asks
        topics = topics_in(sentence.text)
        for rule in rules():
            about = rule.kind in wide or _is_about(rule, sentence, topics, before)
            sure = _tried(rule, sentence, found, asks=asks, about=about)
            if sure is _Sure.NO:
                continue
            if title and sure is _Sure.MAYBE and not sentence.question and not _hedged(sentence):
                sure = _Sure.TITLE
            found.note(rule.kind, _with_part(rule.kind, sure, sentence, found, promises))
        before = topics
    return asked


def _tried(rule: Rule, sentence: Sentence, found: _Found, *, asks: bool, about: bool) -> _Sure:
    """How surely a sentence asks for a right."""
    text = sentence.text
    maybe = _Sure.MAYBE if rule.maybe and rule.maybe.search(text) else _Sure.NO
    if not about or (rule.beside and not rule.beside.search(text)):
        return maybe
    does = [one for one in (rule.does.finditer(text) if rule.does else ()) if not _negated(text, one, rule, found)]
    names = [one for one in (rule.names.finditer(text) if rule.names else ()) if not _negated(text, one, rule, found)]
    if not does and not names:
        return maybe
    if rule.unless and rule.unless.search(text):
        maybe_too = rule.kind in DESTRUCTIVE or (rule.kind == "correct" and words("data").search(text))
        return _Sure.MAYBE if maybe_too else maybe
    polite = words("polite").search(text) is not None
    if sentence.question and rule.asks:
        return _Sure.YES
    if (sentence.question and not polite) or (rule.kind in DESTRUCTIVE and _hedged(sentence)):
        return _Sure.MAYBE
    return _Sure.YES if does or asks else _Sure.MAYBE


def _is_about(rule: Rule, sentence: Sentence, topics: frozenset[str], before: frozenset[str]) -> bool:
    """Whether a sentence is about what the right is of; the one before it may have named that."""
    if rule.of & topics:
        return True
    return bool(rule.of & before) and (rule.kind not in DESTRUCTIVE or _PRONOUN.search(sentence.text) is not None)


def _hedged(sentence: Sentence) -> bool:
    """Whether a sentence asks about something, or says what would be, instead of asking for it."""
    return words("hedge").search(words("polite").sub(" ", sentence.text)) is not None


def _negated(text: str, act: re.Match[str], rule: Rule, found: _Found) -> bool:
    """Whether what is said is that it shall not be done; such a denial is remembered."""
    if act[0].startswith(
        ("не ", "don't ", "dont ", "do not ", "no more", "no longer", "i do not", "i don't", "i no ", "больше не")
    ):
        return False
    pieces = list(_clauses(text, act.start()))
    clause = pieces[-1]
    if len(pieces) > 1 and words("goes-on").match(clause):
        clause = f"{pieces[-2]} {clause}"
    near = " ".join(words("not-really").sub(" ", clause).split()[-6:])
    no = words("not").search(near) or words("not-after").search(text[act.end() : act.end() + 60])
    if no or (rule.kind != "stop-mailings" and words("not-inside").search(act[0])):
        found.denied.add(rule.kind)
        return True
    return False


def _clauses(text: str, end: int) -> Iterator[str]:
    """The clauses of a sentence up to a place."""
    start = 0
    for mark in words("clause").finditer(text, 0, end):
        yield text[start : mark.start()]
        start = mark.end()
    yield text[start:end]


def _with_part(kind: RightKind, sure: _Sure, sentence: Sentence, found: _Found, promises: Promises) -> _Sure:
    """Which part is meant; a withdrawal of a part that nobody declares is not one of everything, but a doubt."""
    if kind == "stop-mailings" and sure is _Sure.YES and not found.mailings:
        found.mailings += advertising_in(sentence.text, promises)
    if kind != "withdraw" or sure is not _Sure.YES:
        return sure
    found.looked += 1
    part = part_of(sentence.text, promises) if found.looked <= _MOST_PARTS else Part(unclear=True)
    if part.unclear:
        return _Sure.MAYBE
    found.parts.append(part)
    return sure


# title, mark, doubt


def _of_title(kind: RightKind, found: _Found, titled: set[RightKind], *, asked: bool) -> _Sure:
    """What a subject that only names a right comes to: the letter has to ask for it, and for nothing else."""
    others = {one for one, sure in found.sure.items() if sure is _Sure.YES} - titled
    if kind in found.denied or others:
        return _Sure.MAYBE
    if kind not in DESTRUCTIVE and kind not in _WIDE:
        return _Sure.YES
    return _Sure.YES if asked else _Sure.MAYBE


def _marked(subject: str, text: str, promises: Promises, found: _Found) -> frozenset[RightKind]:
    """The rights whose mark stands in the subject or in the first line."""
    rights = promises.policy.rights
    first = next((line for line in text.split("\n") if line.strip()), "")[:300]
    marked = set()
    for kind, right in rights.kinds.items():
        if any(_is_mark(right.mark, place) for place in (subject[:300], first)):
            marked.add(kind)
            found.note(kind, _Sure.YES)
            if kind == "withdraw":
                found.parts.append(Part())
    return frozenset(marked)


def _is_mark(mark: Text, place: str) -> bool:
    """Whether a line is the mark, however it is spelt, with a few words beside it at most."""
    if "?" in place or words("not").search(fold(place)):
        return False
    said = _WORD.findall(fold(_PREFIX.sub("", place)))
    for language in LANGUAGES:
        wanted = _WORD.findall(fold(getattr(mark, language)))
        for start in range(len(said) - len(wanted) + 1 if wanted else 0):
            window = said[start : start + len(wanted)]
            beside = [*said[:start], *said[start + len(wanted) :]]
            if all(map(_alike, window, wanted)) and len(beside) <= 6 and not words("hedge").search(" ".join(beside)):
                return True
    return False


def _alike(said: str, wanted: str) -> bool:
    """Whether two words are one: the same but for an ending or one wrong letter."""
    if said == wanted:
        return True
    same = shared(said, wanted)
    if same >= max(4, len(wanted) - 3) and abs(len(said) - len(wanted)) <= 3:
        return True
    return len(wanted) >= 5 and _one_edit(said, wanted, same)


def _one_edit(said: str, wanted: str, same: int) -> bool:
    rest, other = said[same:], wanted[same:]
    swapped = len(rest) > 1 and len(other) > 1 and rest[0] == other[1] and rest[1] == other[0] and rest[2:] == other[2:]
    return swapped or rest[1:] == other[1:] or rest == other[1:] or rest[1:] == other


def _doubt(found: _Found, everything: str) -> None:
    """What is both asked for and refused, taken back, or asked for somebody else, is decided by a person."""
    doubtful = any(words(mood).search(everything) for mood in ("back", "another"))
    for kind in DESTRUCTIVE:
        if found.sure.get(kind) is _Sure.YES and (kind in found.denied or doubtful):
            found.sure[kind] = _Sure.MAYBE
