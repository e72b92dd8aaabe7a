"""The answer to a request: complete, readable in three languages, and safe whatever the values say."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from senim.audit.statements import StatementSigner, open_statement
from senim.connectors.records import Act, Keep, Left, NotReached, Receipt, Rescan, Step, Trouble
from senim.consent import Scope, State
from senim.disclosure import HandedOver
from senim.languages import LANGUAGES, Language, Text, wording
from senim.policy.promises import Promises
from senim.rights.answers import rendering
from senim.rights.answers.certificate import KIND, certify
from senim.rights.answers.compose import WHOLE, compose
from senim.rights.answers.outcome import tell
from senim.rights.answers.package import Part, package
from senim.rights.answers.records import Answer, Facts, KeptBack, NotLookedInto, Outcome, SystemDone, TableFound
from senim.rights.answers.words import Words
from senim.subjects import Agreed, Standing
from senim.subjects.records import Block, Marks
from senim.testing import platform
from senim.times import micros
from senim.vault import Erasure, Kept
from tests.unit.messaging.letters import promises_of

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SINCE = datetime(2026, 3, 2, 6, tzinfo=UTC)
SUBJECT = "01a2" * 8
NASTY = (
    "<script>alert(1)</script>",
    '#eval("1+1") $x$ *bold* @ref #sys.inputs',
    "{{ answer.title }} {% raw %}",
    "\u202egnp.exe\u202c",
    "Әлия Қасымқызы Өтегенова, ұл — «ң» ғ һ і",
    "x" * 5000,
)


@pytest.fixture(scope="module")
def promises() -> Iterator[Promises]:
    """The small policy, in force."""
    policy = Path(__file__).parents[2] / "policies" / "mini.yaml"
    with platform(policy.read_bytes()) as stage:
        yield stage.promises


def facts(promises: Promises, language: Language = "en", **changed: object) -> Facts:
    """Everything about a made-up person."""
    at = micros(SINCE)
    agreed = Agreed(given=True, proven=True, version=1, at=at, until=0, event="e")
    standing = Standing(subject=SUBJECT, epoch=3, created_at=at)  # type: ignore[arg-type]  # an id as text
    told = {
        "number": "R-2026-000017",
        "kind": "access",
        "language": language,
        "received": SINCE,
        "made": NOW,
        "promises": promises,
        "standing": standing,
        "values": {
            "identity.family": Kept("Серікова", "person", at),
            "contact.email": Kept("aliya@people.example", "person", at, "verified"),
            "payment-card.pan": Kept("•••19", "person", at),
        },
        "masked": ("payment-card.pan",),
        "consents": (
            State(scope=Scope(purpose="orders"), agreed=agreed),
            State(scope=Scope(purpose="orders", recipient="mailer"), agreed=agreed),
        ),
        "disclosures": (
            HandedOver(
                disclosure="d" * 32,
                entry="e" * 32,
                at="2026-05-04T10:00:00Z",
                recipient="courier",
                purpose="delivery",
                categories=("contact.phone", "identity.family"),
                country="KZ",
                channel="",
                document="",
                policy=1,
            ),
        ),
        "tables": (
            TableFound(system="bookings", table="passengers", rows=3, file="systems/bookings/passengers.jsonl"),
        ),
    }
    return Facts(**{**told, **changed})  # type: ignore[arg-type]  # changed by name


def section(answer: Answer, name: str) -> str:
    """All words of a section."""
    one = next(one for one in answer.sections if one.id == name)
    return "\n".join((one.title, *one.text, *(" | ".join(row) for row in one.rows)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_tells_all_that_the_law_names(promises: Promises, language: Language) -> None:
    """travel-31 to travel-38: every section, in the person's language, with sources and actual disclosures."""
    answer = compose(facts(promises, language))
    assert tuple(one.id for one in answer.sections) == WHOLE
    operator, policy = section(answer, "operator"), promises.policy
    assert policy.operator.bin in operator
    assert policy.operator.name.in_(language) in operator
    assert "2026" in section(answer, "confirmation")
    assert policy.sources["person"].name.in_(language) in section(answer, "data")
    assert "aliya@people.example" in section(answer, "data")
    disclosed = section(answer, "disclosures")
    assert policy.recipients["courier"].name.in_(language) in disclosed
    assert "2026" in disclosed
    for role in policy.roles.values():
        assert role.name.in_(language) in section(answer, "access")
    processors = [one for one in policy.recipients.values() if one.kind == "processor"]
    assert processors
    assert all(one.name.in_(language) in section(answer, "processors") for one in processors)
    assert promises.law.pack.authority.name.in_(language) in section(answer, "rights")
    assert "passengers" in section(answer, "systems")
    assert all(one.title and (one.text or one.rows) for one in answer.sections)


@pytest.mark.parametrize(
    ("kind", "has", "has_not"),
    [
        ("confirm", {"confirmation", "operator"}, {"data", "disclosures"}),
        ("recipients", {"disclosures", "processors"}, {"data"}),
        ("copy", {"data", "systems"}, {"terms"}),
    ],
)
def test_a_narrower_question_gets_a_narrower_answer(
    promises: Promises, kind: str, has: set[str], has_not: set[str]
) -> None:
    """What was not asked for is not spread: a yes or no does not carry the data itself."""
    answer = compose(facts(promises, kind=kind))
    found = {one.id for one in answer.sections}
    assert has <= found
    assert not found & has_not


def test_a_narrow_answer_carries_no_values_for_programs_either(promises: Promises) -> None:
    """The JSON says no more than the page."""
    for kind in ("confirm", "recipients"):
        assert compose(facts(promises, kind=kind)).data == {}
    assert compose(facts(promises, kind="confirm")).disclosures == ()
    assert set(compose(facts(promises, kind="copy")).data) == set(facts(promises).values)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_on_file_an_erased_and_a_blocked_person_are_each_told_so(promises: Promises, language: Language) -> None:
    """A no is an answer too (travel-31); a block is told with its day (travel-43)."""
    words = wording("answers")
    nobody = compose(facts(promises, language, standing=None, values={}, consents=(), disclosures=(), tables=()))
    assert words["nothing-on-file"].in_(language) in section(nobody, "confirmation")
    assert nobody.subject == ""
    standing = facts(promises).standing
    assert standing is not None
    erased = msgspec.structs.replace(standing, erased_at=micros(NOW))
    gone = compose(facts(promises, language, standing=erased, values={}, tables=()))
    assert "2026" in section(gone, "confirmation")
    blocked = msgspec.structs.replace(standing, marks=Marks(block=Block(at=micros(NOW), reason="inaccuracy-reported")))
    assert len(section(compose(facts(promises, language, standing=blocked)), "confirmation").splitlines()) == 3


def test_a_place_that_was_not_looked_into_is_named(promises: Promises) -> None:
    """Nothing is complete by being left out."""
    missed = NotLookedInto(system="bookings", table="archive", why="no grant")
    answer = compose(facts(promises, not_looked_into=(missed,)))
    assert "archive" in section(answer, "systems")
    assert wording("answers")["not-complete"].en in section(answer, "confirmation")


@pytest.mark.parametrize("value", NASTY)
def test_no_value_is_ever_read_as_markup(promises: Promises, value: str) -> None:
    """Scripts, template signs and typesetting commands in a value stay text, in the page, the PDF and the JSON."""
    answer = compose(facts(promises, values={"identity.family": Kept(value, "person", micros(SINCE))}))
    page = rendering.page(answer).decode()
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    assert msgspec.json.decode(rendering.data(answer), type=Answer).data["identity.family"].value == value
    assert rendering.document(answer).startswith(b"%PDF-")


def test_the_pages_are_whole_in_every_language(promises: Promises) -> None:
    """Each form is made in each language, and the page says which it is in."""
    for language in LANGUAGES:
        answer = compose(facts(promises, language))
        page = rendering.page(answer).decode()
        assert f'<html lang="{language}">' in page
        assert all(f'id="{name}"' in page for name in WHOLE)
        assert rendering.document(answer).startswith(b"%PDF-")


def outcome(promises: Promises, language: Language = "en", *, rescan: Rescan | None = None) -> Outcome:
    """An erasure that was carried out, with something that stays."""
    steps = (
        Step(table="passengers", act=Act.DELETE, rows=3),
        Step(table="notes", act=Act.BLANK, rows=1, columns=("text",)),
        Step(
            table="invoices",
            act=Act.KEEP,
            rows=2,
            keep=Keep(
                name="tax",
                because=Text(kk="Салық кодексі", ru="Налоговый кодекс", en="Tax Code"),
                until=date(2031, 6, 1),
            ),
        ),
        Step(table="addresses", act=Act.KEEP, rows=1, because=Trouble.SHARED),
    )
    return Outcome(
        number="R-2026-000018",
        kind="erase",
        language=language,
        received=SINCE,
        made=NOW,
        promises=promises,
        subject=SUBJECT,
        erasure=Erasure(
            subject=SUBJECT,  # type: ignore[arg-type]  # an id as text
            at=micros(NOW),
            values=4,
            documents=1,
            identifiers=3,
            entry="e" * 32,
            proof="a.b.c",
        ),
        stays=(KeptBack(what=("identity",), because=Text(kk="заң", ru="закон", en="law"), until=None),),
        systems=(SystemDone(receipt=Receipt(system="bookings", order="o" * 32, steps=steps), rescan=rescan),),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_erasure_is_told_item_by_item(promises: Promises, language: Language) -> None:
    """foundation-28: what was removed, what stays, on which ground, until when; and what was not reached."""
    rescan = Rescan(
        system="bookings", searched=12, not_reached=(NotReached(table="archive", why=Trouble.GRANT_MISSING),)
    )
    answer = tell(outcome(promises, language, rescan=rescan))
    assert "passengers" in section(answer, "done")
    stays = section(answer, "stays")
    assert "2031" in stays
    assert {"ru": "Налоговый", "kk": "Салық", "en": "Tax"}[language] in stays
    assert "addresses" in stays
    assert "archive" in section(answer, "not-reached")


def test_what_is_found_again_is_told_and_not_called_complete(promises: Promises) -> None:
    """No "complete" without a search, and none when something was left."""
    signer = StatementSigner(bytes(range(32)))
    left = Left(table="mails", column="body", rows=1, mapped=False)
    for rescan, complete in (
        (None, False),
        (Rescan(system="bookings", left=(left,), searched=12), False),
        (Rescan(system="bookings", searched=12, not_reached=(NotReached(table="x", why=Trouble.BINARY),)), False),
        (Rescan(system="bookings", searched=12), True),
    ):
        kind, told = open_statement(certify(signer, outcome(promises, rescan=rescan)), signer.jwk)
        assert kind == KIND
        assert told["complete"] is complete
        assert told["systems"][0]["complete"] is complete
        assert ("nobody can bring it back" in section(tell(outcome(promises, rescan=rescan)), "done")) is complete
    found = tell(outcome(promises, rescan=Rescan(system="bookings", left=(left,), searched=12)))
    assert "mails.body" in section(found, "stays")


@pytest.mark.parametrize(
    ("reference", "value", "language", "shown"),
    [
        ("passport.birth-date", "1988-08-28", "ru", "28 августа 1988 г."),
        ("passport.birth-date", "1988-08-28", "kk", "1988 ж. 28 тамыз"),
        ("passport.passport-expiry", "2031-01-02", "en", "2 January 2031"),
        ("passport.citizenship", "TR", "ru", "Турция"),
        ("passport.birth-date", "•••88", "ru", "•••88"),
        ("identity.family", "2031-01-02", "en", "2031-01-02"),
        ("nothing.known", "TR", "en", "TR"),
    ],
)
def test_values_are_told_as_people_read_them(reference: str, value: str, language: Language, shown: str) -> None:
    """Dates and countries in words; what is none of these, and what the policy no longer knows, as it is."""
    assert Words(promises_of("travel"), language).value(reference, value).replace("\u202f", " ") == shown


def test_sentences_end_once_and_consents_of_one_day_stand_together(promises: Promises) -> None:
    """A date in Russian ends with a stop of its own; a yes to a purpose and to its parts is one line."""
    answer = compose(facts(promises, "ru"))
    told = "\n".join((answer.lead, *(section(answer, one.id) for one in answer.sections))).replace("\u202f", " ")
    assert ".." not in told
    assert "статья 27-1(1)(3) Закона № 94-V" in section(answer, "rights")
    assert told.count("согласие дано 2 марта 2026 г., в том числе: ") == told.count("согласие дано") == 1


def test_a_package_is_a_zip_that_is_made_as_it_goes(promises: Promises) -> None:
    """Whatever its size it passes through in pieces; its files carry the answer's time."""
    rows = (b'{"n": %d}\n' % n for n in range(10_000))
    parts = [Part("answer.json", [rendering.data(compose(facts(promises)))]), Part("systems/a/b.jsonl", rows)]
    pieces = list(package(parts, NOW))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["answer.json", "systems/a/b.jsonl"]
        assert archive.getinfo("answer.json").date_time == (2026, 11, 22, 9, 0, 0)
        assert archive.read("systems/a/b.jsonl").count(b"\n") == 10_000


def test_the_words_of_answers_are_complete() -> None:
    """kk, ru and en, with the same places to fill."""
    for key, text in wording("answers").items():
        assert text.missing() == (), key
        places = {language: sorted(re.findall(r"{(\w+)}", getattr(text, language))) for language in LANGUAGES}
        assert len({tuple(found) for found in places.values()}) == 1, (key, places)
