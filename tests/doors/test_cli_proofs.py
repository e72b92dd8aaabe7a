"""The command line of auditors: verify, log, keys, conformance; with the public key alone where that is promised."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from senim.app import open_senim, throwaway
from senim.audit.statements import StatementSigner
from senim.conformance.records import Evidence, Run
from senim.conformance.stage import Stage
from senim.identity import SYSTEM
from senim.languages import LANGUAGES, Hint, Language
from senim.vault.keys import FileKeys
from tests.doors.conftest import Terminal

JWS = "receipt.jws"


@pytest.fixture
def used(folder: Path, mini: bytes) -> Path:
    """An operator's folder with some people, and the receipt of one of them beside it."""
    with open_senim(folder, environment={}) as senim:
        stage = Stage(senim, mini, throwaway)
        people = [stage.person() for _ in range(5)]
    (folder.parent / JWS).write_text(people[0].taken.receipts[0], encoding="ascii")
    return folder


@pytest.fixture
def exported(senim: Terminal, used: Path) -> tuple[Path, str]:
    """The log as an outsider has it, without anything of the operator's, and the key to check it with."""
    target = used.parent / "outside" / "log"
    told = senim("log", "export", target, "-C", used, "--json")
    assert (told.code, told.json["folder"]) == (0, str(target))
    shutil.rmtree(used)
    return target, told.json["key"]


def test_the_log_of_a_live_system_is_verified(senim: Terminal, used: Path) -> None:
    """Everything is as it was written, and an earlier checkpoint kept elsewhere agrees."""
    anchor = used.parent / "anchor"
    anchor.write_text(senim("log", "checkpoint", "-C", used).out, encoding="utf-8")
    ran = senim("verify", "--anchor", anchor, "-C", used, "--json")
    assert (ran.code, ran.json["ok"], ran.json["problems"]) == (0, True, [])
    assert ran.json["size"] > 5
    assert len(ran.json["root"]) == 64
    assert senim("verify", "-C", used).out.startswith("Good: ")


def test_a_log_that_was_cut_or_is_another_is_found_by_an_anchor(senim: Terminal, used: Path) -> None:
    """Whoever kept a checkpoint elsewhere sees that entries before it are gone."""
    earlier = used.parent / "earlier"
    shutil.copytree(used, earlier)
    senim("access", "add", "x", "--role", "shop", "-C", used)
    anchor = used.parent / "anchor"
    anchor.write_text(senim("log", "checkpoint", "-C", used).out, encoding="utf-8")
    ran = senim("verify", "--anchor", anchor, "-C", earlier, "--json")
    assert (ran.code, [one["kind"] for one in ran.json["problems"]]) == (1, ["cut"])
    assert senim("verify", "--anchor", anchor, "-C", earlier).out.splitlines()[-1].startswith("BROKEN: ")


def test_an_export_is_verified_without_the_operator(senim: Terminal, exported: tuple[Path, str]) -> None:
    """The public key alone is enough, given as a line or as a file; without one the export's own is used, and told."""
    target, key = exported
    assert senim("verify", target, "--key", key, "--json").json["ok"]
    kept = target.parent / "key"
    kept.write_text(f"{key}\n", encoding="utf-8")
    assert senim("verify", target, "--key", kept).code == 0
    own = senim("verify", target)
    assert own.code == 0
    assert "give --key" in own.err


def test_an_export_that_was_changed_is_found(senim: Terminal, exported: tuple[Path, str]) -> None:
    """One letter of one entry, or another signer: the place is told, with exit code 1."""
    target, key = exported
    bundle = next((target / "tile" / "entries").rglob("*.p/*"))
    raw = bundle.read_bytes()
    bundle.write_bytes(raw.replace(b"data.collected", b"data.collecteD", 1))
    ran = senim("verify", target, "--key", key, "--json")
    assert (ran.code, ran.json["ok"]) == (1, False)
    assert ran.json["problems"][0].keys() == {"kind", "index", "detail"}
    assert "changed" in {one["kind"] for one in ran.json["problems"]}
    assert "entry " in senim("verify", target, "--key", key).out
    bundle.write_bytes(raw)
    checkpoint = target / "checkpoint"
    checkpoint.write_text(checkpoint.read_text(encoding="utf-8").replace("\n", "\n1", 1), encoding="utf-8")
    assert senim("verify", target, "--key", key, "--json").json["problems"][0]["kind"] == "signature"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wrong_with_an_export_is_told_in_the_language_asked_for(
    senim: Terminal, exported: tuple[Path, str], language: Language
) -> None:
    """With the key alone, as text and as JSON."""
    target, key = exported
    for bundle in (target / "tile" / "entries").rglob("*.p/*"):
        bundle.write_bytes(bundle.read_bytes().replace(b"data.collected", b"data.collecteD", 1))
    told, asked = Hint("entry-other").in_(language), {"SENIM_LANGUAGE": language}
    assert told in senim("verify", target, "--key", key, **asked).out
    as_json = senim("verify", target, "--key", key, "--json", **asked).json
    assert told in {one["detail"] for one in as_json["problems"]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_drill_found_is_told_in_the_language_asked_for(senim: Terminal, used: Path, language: Language) -> None:
    """The board of the command line says it as the console does."""
    with open_senim(used, environment={}) as platform:
        run = Run("gate.purpose", 1, Evidence.DRILL_FAILED, Hint("refusal-unlogged"), platform.works.clock.now())
        platform.run(SYSTEM, lambda work: platform.conformance.record(work, [run]))
    told, asked = Hint("refusal-unlogged").in_(language), {"SENIM_LANGUAGE": language}
    assert f": {told}" in senim("conformance", "-C", used, **asked).out
    clauses = senim("conformance", "-C", used, "--json", **asked).json["clauses"]
    assert told in {one["evidence"]["detail"] for clause in clauses for one in clause["controls"]}


@pytest.mark.parametrize("key", ["nonsense", "a+b+c", "{", "mini.example/log+00000000+AAAA", ""])
def test_a_key_that_is_none_is_told(senim: Terminal, exported: tuple[Path, str], key: str) -> None:
    """A wrong key ends in a sentence, not in a good report."""
    target, _ = exported
    if not key:
        (target / "vkey").unlink()
    ran = senim("verify", target, *(("--key", key) if key else ()))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(("key_file_wrong", "key_file_missing"))


def test_what_is_no_log_at_all_is_not_called_good(senim: Terminal, exported: tuple[Path, str], tmp_path: Path) -> None:
    """An empty folder verifies as nothing: no checkpoint, no entries, no signature that holds."""
    _, key = exported
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = senim("verify", empty, "--key", key, "--json")
    assert ran.code == 1
    assert not ran.json["ok"]


def test_a_receipt_is_verified_with_the_public_key_alone(senim: Terminal, used: Path) -> None:
    """A JWK, a JWK set, given inline or as a file: each opens the receipt on a machine without the operator."""
    told = senim("keys", "public", "-C", used, "--json").json
    receipt, outside = used.parent / JWS, used.parent / "jwk.json"
    shutil.rmtree(used)
    jwk = json.dumps(told["statements"])
    outside.write_text(jwk, encoding="utf-8")
    for key in (
        jwk,
        json.dumps({"keys": [told["statements"]]}),
        json.dumps({"keys": [told["statements"]] * 3}),
        outside,
    ):
        ran = senim("verify", receipt, "--key", key, "--json")
        assert (ran.code, ran.json["ok"], ran.json["kind"]) == (0, True, "consent-receipt+jws"), key
        assert ran.json["payload"]
    assert senim("verify", receipt, "--key", outside).out.startswith("Good: consent-receipt+jws\n{")


@pytest.mark.parametrize("spoil", ["payload", "signature", "other key", "no statement", "not ascii"])
def test_a_receipt_that_was_changed_is_found(senim: Terminal, used: Path, spoil: str) -> None:
    """A forged receipt is told as broken, with exit code 1."""
    receipt = used.parent / JWS
    head, payload, signature = receipt.read_text(encoding="ascii").split(".")
    jwk = senim("keys", "public", "-C", used, "--json").json["statements"]
    if spoil == "payload":
        receipt.write_text(f"{head}.{payload[:-4]}AAAA.{signature}", encoding="ascii")
    elif spoil == "signature":
        receipt.write_text(f"{head}.{payload}.{signature[::-1]}", encoding="ascii")
    elif spoil == "other key":
        jwk = StatementSigner(b"of another operator".ljust(32)).jwk
    else:
        receipt.write_text("x" if spoil == "no statement" else "қолхат", encoding="utf-8")
    ran = senim("verify", receipt, "--key", json.dumps(jwk), "--json")
    assert (ran.code, ran.json["ok"], ran.json["payload"]) == (1, False, {})
    assert senim("verify", receipt, "--key", json.dumps(jwk)).out.startswith("BROKEN:")


@pytest.mark.parametrize("key", ["{", "[]", "5", '{"keys": []}', '{"kty": "RSA"}', '{"keys": [5]}'])
def test_a_statement_s_key_that_is_none_is_told(senim: Terminal, used: Path, key: str) -> None:
    """A wrong key is never a reason to call a receipt good, nor for a crash."""
    ran = senim("verify", used.parent / JWS, "--key", key)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("key_file_wrong:")


def test_a_receipt_without_a_key_to_check_it_with_is_not_called_broken(
    senim: Terminal, used: Path, tmp_path: Path
) -> None:
    """Whether a receipt is good cannot be told without a key; that is no word against the receipt."""
    ran = senim("verify", used.parent / JWS, "-C", tmp_path / "nowhere")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("folder_wrong:")
    assert senim("verify", used.parent / JWS, "-C", used).out.startswith("Good: ")


def test_keys_are_taken_as_they_are_printed_and_told_apart(
    senim: Terminal, used: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor with the two files and the public keys needs no folder; the wrong one of two keys is told as such."""
    for name, more in (("both.txt", ()), ("both.json", ("--json",))):
        (tmp_path / name).write_text(senim("keys", "public", "-C", used, *more).out, encoding="utf-8")
    copy, jwk = tmp_path / "copy", senim("keys", "public", "-C", used).out.splitlines()[1]
    line = senim("log", "export", copy, "-C", used, "--json").json["key"]
    monkeypatch.chdir(tmp_path)
    for name in ("both.txt", "both.json"):
        assert senim("verify", JWS, "--key", name).out.startswith("Good: consent-receipt")
        assert senim("verify", copy, "--key", name).out.startswith("Good: ")
    wrong = {
        line: "wants a JWK",
        "nowhere.jwk": "no file of this name",
        '{"kty": "OKP"}': "wants a JWK",
        "{": "wants a JWK",
        "": "it is empty",
    }
    for key, says in wrong.items():
        ran = senim("verify", JWS, "--key", key)
        assert (ran.code, ran.err.partition(":")[0]) == (1, "key_file_wrong")
        assert says in ran.err, key
    without = senim("verify", JWS)
    assert without.err.startswith("folder_wrong:")
    assert "or give --key" in without.err
    for key, says in {jwk: "wants its verifier key", "nowhere": "no file of this name", " ": "it is empty"}.items():
        ran = senim("verify", copy, "--key", key)
        assert (ran.code, ran.err.partition(":")[0]) == (1, "key_file_wrong")
        assert says in ran.err, key


def test_a_key_file_that_is_no_text_is_told(senim: Terminal, used: Path, tmp_path: Path) -> None:
    """A photograph given instead of a key ends in a sentence."""
    photo = tmp_path / "photo"
    photo.write_bytes(b"\xff\xd8\xff\xe0")
    for arguments in (("--key", photo, used.parent / JWS), ("--anchor", photo, "-C", used)):
        ran = senim("verify", *arguments)
        assert (ran.code, ran.err.partition(":")[0]) == (1, "key_file_wrong")


def test_the_log_is_shown_page_by_page(senim: Terminal, used: Path) -> None:
    """The newest entries, or those from one number to another."""
    told = senim("log", "show", "--from", "1", "--to", "3", "-C", used, "--json").json
    assert [one["index"] for one in told] == [1, 2]
    assert told[0]["entry"]["act"]
    assert len(senim("log", "show", "-C", used).out.splitlines()) <= 20
    assert senim("log", "show", "--from", "999999", "-C", used).out == ""
    assert senim("log", "key", "-C", used).out.strip() == senim("keys", "public", "-C", used, "--json").json["log"]


def test_an_export_over_something_else_is_refused_in_a_sentence(senim: Terminal, used: Path) -> None:
    """A file where the folder should be, or a place that cannot be written, ends with 1."""
    (used.parent / "taken").write_text("x", encoding="utf-8")
    assert senim("log", "export", used.parent / "taken", "-C", used).code == 2
    ran = senim("log", "export", used.parent / "taken" / "below", "-C", used)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err
    assert "internal" not in ran.err


def test_keys_are_checked_and_changed_and_the_old_one_can_be_destroyed(
    senim: Terminal, used: Path, mini: bytes
) -> None:
    """After a rotation nobody's data needs the old key any more."""
    assert senim("keys", "check", "-C", used, "--json").json["people"] == {"kek-1": 5}
    ran = senim("keys", "rotate", "-C", used)
    assert (ran.code, ran.out.partition(".")[0]) == (0, "Wrapped anew: 5 keys")
    (used / "keys" / "kek-1.key").unlink()
    assert senim("keys", "check", "-C", used, "--json").json["people"] == {"kek-2": 5}
    assert "kek-2" in senim("keys", "check", "-C", used).out
    subject = json.loads(senim("log", "show", "--from", "1", "-C", used, "--json").out)[-1]["entry"]["subject"]
    assert senim("subjects", "read", subject, "orders", "-C", used).code == 0
    assert senim("keys", "rewrap", "-C", used).out.startswith("Wrapped anew: 0 keys.")


def test_a_rotation_makes_the_new_key_where_the_keys_are(senim: Terminal, used: Path) -> None:
    """``SENIM_KEYS_FOLDER`` says where; no key appears in the folder that is not used."""
    elsewhere = used.parent / "safe"
    shutil.move(used / "keys", elsewhere)
    assert senim("keys", "rotate", "-C", used, SENIM_KEYS_FOLDER=str(elsewhere)).code == 0
    assert FileKeys(elsewhere).current() == "kek-2"
    assert not (used / "keys").exists()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ("gone", "key_file_missing"),
        ("open", "key_file_exposed"),
        ("wrong", "key_file_wrong"),
        ("store", "key_store_missing"),
    ],
)
def test_keys_that_do_not_fit_are_told(senim: Terminal, used: Path, spoil: str, code: str) -> None:
    """Each ends with 1 and what to do, before any data is touched."""
    key = used / "keys" / "kek-1.key"
    if spoil == "gone":
        key.unlink()
    elif spoil == "open":
        key.chmod(0o644)
    elif spoil == "wrong":
        key.unlink()
        FileKeys(used / "keys").create("kek-1")
    else:
        (used / "keys.db").unlink()
    ran = senim("keys", "check", "-C", used)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"{code}:")


def test_the_board_shows_every_clause_and_is_drilled_on_demand(senim: Terminal, folder: Path) -> None:
    """Without a drill nothing counts as kept; with it each clause says by which control, and when."""
    before = senim("conformance", "-C", folder, "--json")
    assert before.code == 0
    assert {one["status"] for one in before.json["clauses"]} == {"cannot_tell"}
    drilled = senim("conformance", "--drill", "-C", folder, "--json")
    assert drilled.code == 0
    assert drilled.err == ""
    told = drilled.json
    assert (told["policy"], told["version"]) == ("mini", 1)
    assert [one["id"] for one in told["clauses"]] == ["mini-1", "mini-2", "mini-3", "mini-4"]
    assert {one["status"] for one in told["clauses"]} == {"kept"}
    assert all(
        one.keys() == {"name", "status", "evidence", "at"} for clause in told["clauses"] for one in clause["controls"]
    )
    shown = senim("conformance", "--full", "-C", folder)
    assert shown.out.count("✓ mini-") == 4
    assert "vault.sealed" in shown.out


def test_a_profile_s_drill_runs_on_the_command_line(senim: Terminal, tmp_path: Path) -> None:
    """One of the five examples, drilled from the command line: nothing is broken."""
    place = tmp_path / "airline"
    assert senim("init", place, "--profile", "airline").code == 0
    assert senim("policy", "publish", "-C", place).code == 0
    ran = senim("conformance", "--drill", "-C", place)
    assert ran.code == 0
    assert "drilling " in ran.err
    assert "✗" not in ran.out
    assert "✓ airline-" in ran.out
