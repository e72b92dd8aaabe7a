"""The operator's settings: typed, from file and environment, and told by name where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from senim.errors import Code, Invalid, Unavailable
from senim.settings import FILE, Settings, read, variables


def written(tmp_path: Path, text: str | bytes) -> Path:
    (tmp_path / FILE).write_bytes(text.encode() if isinstance(text, str) else text)
    return tmp_path


def test_defaults(tmp_path: Path) -> None:
    """An empty file is a good one: SQLite beside it, keys in their folder, the service on loopback."""
    settings = read(written(tmp_path, ""), {})
    assert settings == Settings()
    assert settings.serve.address == "127.0.0.1"
    assert settings.keys.provider == "file"


def test_the_file(tmp_path: Path) -> None:
    """What stands in the file counts; the rest keeps its default."""
    settings = read(written(tmp_path, 'database = "postgresql://senim@db/senim"\n[serve]\nport = 9000\n'), {})
    assert settings.database == "postgresql://senim@db/senim"
    assert (settings.serve.port, settings.serve.threads) == (9000, Settings().serve.threads)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    """Each setting may be given in the environment; numbers are read as numbers."""
    folder = written(tmp_path, "[serve]\nport = 9000\nthreads = 4\n")
    environment = {"SENIM_SERVE_PORT": "9001", "SENIM_DATABASE": "sqlite:///other.db", "SENIM_LOG_ORIGIN": "x.example",
                   "PATH": "/bin", "SENIM_KEY_INDEX": "no setting"}  # fmt: skip
    settings = read(folder, environment)
    assert (settings.serve.port, settings.serve.threads) == (9001, 4)
    assert (settings.database, settings.log.origin) == ("sqlite:///other.db", "x.example")


def test_a_section_within_a_section(tmp_path: Path) -> None:
    """Incoming mail has a section of its own within that of mail, in the file and in the environment."""
    folder = written(
        tmp_path, '[mail]\nhost = "smtp.mini.example"\n[mail.in]\nhost = "imap.mini.example"\nport = 143\n'
    )
    settings = read(folder, {"SENIM_MAIL_IN_PASSWORD": "secret", "SENIM_MAIL_IN_HOPS": "2"})
    incoming = settings.mail.incoming
    assert (settings.mail.host, incoming.host, incoming.port) == ("smtp.mini.example", "imap.mini.example", 143)
    assert (incoming.password, incoming.hops) == ("secret", 2)
    with pytest.raises(Invalid) as refused:
        read(written(tmp_path, '[mail]\nin = "imap.mini.example"\n'), {"SENIM_MAIL_IN_HOPS": "2"})
    assert refused.value.where == "mail.in"


def test_every_setting_has_its_variable() -> None:
    """No setting is left out, and no two share a variable."""
    names = variables()
    assert len(set(names.values())) == len(names) > 15
    assert names["SENIM_KEYS_PROVIDER"] == "keys.provider"
    assert names["SENIM_DATABASE"] == "database"
    assert names["SENIM_SERVE_MAX_BODY"] == "serve.max_body"


WRONG = {
    "an unknown setting": ('databse = "x"', "databse"),
    "an unknown section": ("[server]\nport = 1", "server"),
    "an unknown setting in a section": ("[serve]\nprt = 1", "serve.prt"),
    "a wrong type": ("[serve]\nport = true", "serve.port"),
    "a word for a number": ('[serve]\nport = "high"', "serve.port"),
    "a number too high": ("[serve]\nport = 65536", "serve.port"),
    "a number too low": ("[serve]\nthreads = 0", "serve.threads"),
    "a fraction": ("[serve]\nworkers = 1.5", "serve.workers"),
    "a number for a text": ("database = 5", "database"),
    "a list for a text": ('database = ["a"]', "database"),
    "a text for a section": ('serve = "x"', "serve"),
    "a section for a text": ("[database]\nurl = 1", "database"),
    "a wrong number two sections deep": ("[mail.in]\nport = 0", "mail.in.port"),
    "an unknown setting two sections deep": ("[mail.in]\nprt = 1", "mail.in.prt"),
    "no TOML": ("database =", FILE),
    "a setting twice": ('database = "a"\ndatabase = "b"', FILE),
    "no UTF-8": (b"\xff\xfe", FILE),
}


@pytest.mark.parametrize(("text", "where"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str | bytes, where: str) -> None:
    """The operator is told which setting is wrong, and why."""
    with pytest.raises(Invalid) as refused:
        read(written(tmp_path, text), {})
    assert (refused.value.code, refused.value.where) == (Code.SETTING_WRONG, where)
    assert refused.value.detail


@pytest.mark.parametrize(
    ("environment", "where"),
    [({"SENIM_SERVE_PORT": "high"}, "serve.port"), ({"SENIM_SERVE_PORT": ""}, "serve.port"),
     ({"SENIM_SERVE_PORT": "99999"}, "serve.port"), ({"SENIM_SERVE_WORKERS": "2.5"}, "serve.workers")],
)  # fmt: skip
def test_a_wrong_variable_is_named(tmp_path: Path, environment: dict[str, str], where: str) -> None:
    """So is a setting that the environment gives wrongly."""
    with pytest.raises(Invalid) as refused:
        read(written(tmp_path, ""), environment)
    assert (refused.value.code, refused.value.where) == (Code.SETTING_WRONG, where)


def test_a_wrong_section_beside_a_variable_is_told(tmp_path: Path) -> None:
    """A section that is no section is told, and does not crash on a variable of that section."""
    with pytest.raises(Invalid) as refused:
        read(written(tmp_path, 'serve = "x"'), {"SENIM_SERVE_PORT": "9000"})
    assert (refused.value.code, refused.value.where) == (Code.SETTING_WRONG, "serve")


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """No folder, no file in it, a file for a folder, a folder for the file: each is told as a wrong folder."""
    (tmp_path / "file").write_text("")
    (tmp_path / "odd" / FILE).mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "nowhere", tmp_path / "file", tmp_path / "odd"):
        with pytest.raises(Unavailable) as refused:
            read(folder, {})
        assert refused.value.code is Code.FOLDER_WRONG
        assert str(tmp_path) not in str(refused.value)
