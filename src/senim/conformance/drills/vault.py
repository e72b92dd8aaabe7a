"""Drills of the vault: sealed, keys apart, found, destroyed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage, listed
from senim.errors import Code
from senim.languages import Hint
from senim.policy.values import identifier_kind, normalise
from senim.storage import keys_metadata, main_metadata, query
from senim.work import Work


def _forms(stage: Stage, person: Person) -> list[bytes]:
    """The person's values as they were given and as they are kept, long enough to be told from chance."""
    found = []
    for reference, value in person.values.items():
        kept = normalise(value, stage.promises.fields[reference])
        found += [text.encode() for text in {value, kept} if len(text.encode()) >= 7]
    return found


def _raw(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".yaml"}


def sealed(stage: Stage) -> None:
    """No value of a person stands in clear in any file of the databases, their logs or the folder."""
    person = stage.person()
    stage.platform.tick()
    for name, content in _raw(stage.platform.folder).items():
        for form in _forms(stage, person):
            stage.expect(form not in content, Hint("value-in-clear", file=name))


def keys_apart(stage: Stage) -> None:
    """Keys of people are in a store of their own; the database alone opens nothing."""
    stage.person()
    stage.expect(stage.platform.database is not stage.platform.key_store, Hint("one-database"))
    in_main = set(main_metadata.tables) & set(keys_metadata.tables) - {"schema_version"}
    stage.expect(not in_main, Hint("key-tables", tables=listed(sorted(in_main))))
    count = query(select(func.count()).select_from(keys_metadata.tables["person_key"]))
    stage.expect(stage.platform.key_store.read(count)[0][0] >= 1, Hint("no-own-key"))


def erasure(stage: Stage) -> None:
    """Erasing destroys key, values, index and files, leaves a signed proof, and cannot be undone or repeated."""
    from senim.audit.statements import open_statement

    person = stage.person()
    forms = _forms(stage, person)

    def act(work: Work) -> str:
        standing = stage.platform.subjects.about(work, person.subject)
        return stage.platform.vault.erase(work, standing, reason="purpose-met").proof

    proof = stage.platform.run(stage.actor, act)
    payload = open_statement(proof, stage.platform.jwk)[1]
    stage.expect(payload["subject"] == person.subject and payload["destroyed"]["key"], Hint("proof-of-other"))
    stage.refused(Code.SUBJECT_ERASED, lambda: stage.platform.run(stage.actor, act), Hint("erasing-twice"))
    purpose = stage.consent_purpose()
    question = stage.question(stage.an_operation(purpose), purpose, person)
    stage.denies(Code.SUBJECT_ERASED, question, Hint("erased-data"))
    stage.expect(not (left := traces(stage, person)), Hint("rows-in", tables=listed(left)))
    for reference, value in person.values.items():
        field = stage.promises.fields[reference]
        if identifier_kind(reference, field):
            _not_found(stage, reference, value)
    stage.expect(forms, Hint("nothing-given"))


def traces(stage: Stage, person: Person) -> list[str]:
    """The tables in which a person's key, values or files still are."""
    found = []
    for metadata, database in ((main_metadata, stage.platform.database), (keys_metadata, stage.platform.key_store)):
        for name in sorted({"sealed_value", "sealed_document", "sealed_chunk", "person_key"} & set(metadata.tables)):
            rows = database.read(query(select(metadata.tables[name].c.subject)))
            if any(bytes(row[0]).hex() == person.subject for row in rows):
                found.append(name)
    return found


def _not_found(stage: Stage, reference: str, value: str) -> None:
    stage.refused(
        Code.NOT_FOUND,
        lambda: stage.platform.run(stage.actor, lambda work: stage.platform.vault.find(work, reference, value)),
        Hint("erased-found", field=reference),
    )


def found(stage: Stage) -> None:
    """People are found by e-mail, telephone and declared identifiers however written, without opening anything."""
    person = stage.person()
    looked = False
    for reference, value in person.values.items():
        kind = identifier_kind(reference, stage.promises.fields[reference])
        if kind is None:
            continue
        looked = True
        ways = [value, f" {value} "]
        if kind == "phone":
            ways += [f"8{value[2:]}", f"{value[:2]} ({value[2:5]}) {value[5:8]}-{value[8:10]}-{value[10:]}"]
        if kind == "email":
            ways += [value.upper()]
        for way in ways:
            hit = stage.platform.run(stage.actor, partial(_look, stage, reference, way))
            stage.expect(hit == person.subject, Hint("other-way-unfound", field=reference))
    if not looked:
        raise NothingDeclared(Hint("no-identifier"))


def _look(stage: Stage, reference: str, way: str, work: Work) -> str:
    return stage.platform.vault.find(work, reference, way)


def documents(stage: Stage) -> None:
    """Files are sealed in chunks, opened only through the gate, and every look is in the log."""
    person = stage.person()
    content = b"%PDF-1.7 " + b"a drill's file " * 40_000
    document = stage.upload(person, content)
    field = next(name for name, one in stage.promises.fields.items() if one.type == "document")
    purpose = next(name for name, needed in stage.promises.needed.items() if field in needed)

    def act(work: Work) -> bytes:
        standing = stage.platform.subjects.about(work, person.subject)
        _, chunks = stage.platform.documents.open(work, standing, document, purpose)
        return b"".join(chunks)

    stage.expect(stage.platform.run(stage.actor, act) == content, Hint("file-came-changed"))
    stage.platform.tick()
    for name, raw in _raw(stage.platform.folder).items():
        stage.expect(b"a drill's file " not in raw, Hint("file-in-clear", file=name))
    acts = [entry.act for _, entry in stage.platform.log.entries_about(person.subject)]
    stage.expect("document.stored" in acts and "document.read" in acts, Hint("file-unlogged"))
