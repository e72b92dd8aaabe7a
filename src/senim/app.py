"""Puts everything together, once. Read this first: it is the map of the house.

An operator's folder holds ``senim.toml``, ``policy.yaml``, ``keys/`` and, with SQLite, the two databases.
Settings are read here and nowhere else; every part gets what it needs by its constructor, so that no circle
can be built. Doors (command line, web, library) call :meth:`Senim.run` with one verb.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeVar

from msgspec.structs import replace

from senim.audit.actions import Log
from senim.audit.checkpoint import LogSigner
from senim.audit.sealing import Sealer
from senim.audit.statements import StatementSigner
from senim.collection import Collection
from senim.conformance import Conformance, control_names
from senim.consent import Consents
from senim.errors import Code, Invalid, Unavailable
from senim.gate import Gate
from senim.gate.access import VERBS, Access, actor_of
from senim.identity import RESPONSIBLE, SYSTEM, Actor, ActorKind
from senim.law import Override
from senim.policy import Policies
from senim.settings import FILE, Settings, read
from senim.settings import Log as LogSettings
from senim.storage import open_database
from senim.subjects import Subjects
from senim.vault import BlindIndex, Documents, FileKeys, KeyProvider, PersonKeys, Vault, provider
from senim.vault.keys import SECRETS
from senim.work import Clock, Work, Works

T = TypeVar("T")


class Senim:
    """One operator's platform: the parts, and the way to run their verbs."""

    def __init__(self, folder: Path, settings: Settings, *, environment: Mapping[str, str], clock: Clock) -> None:
        self.folder = folder
        self.settings = settings
        keys = provider(settings.keys.provider, folder / settings.keys.folder, environment)
        with ExitStack() as opened:  # what is refused below leaves no database open
            self.key_store = opened.enter_context(closing(open_database(settings.keys.store, folder)))
            self.database = opened.enter_context(closing(open_database(settings.database, folder, keys=self.key_store)))
            self._join(keys, clock)
            self.settle()
            opened.pop_all()

    def _join(self, keys: KeyProvider, clock: Clock) -> None:
        """Build every part on the open databases."""
        folder, settings = self.folder, self.settings
        self.works = Works(self.database, clock)
        self.persons = PersonKeys(self.key_store, keys)
        self.persons.recognise(first=not self.works.begun)

        self._index_secret = keys.secret("index")
        self.statements = StatementSigner(keys.secret("receipts"))
        anchor = folder / settings.log.anchor if settings.log.anchor else None
        signer = LogSigner(settings.log.origin or "senim.example/log", keys.secret("log"))
        sealer = Sealer(self.database, signer, clock.now, anchor)
        override = Override.read(folder / settings.calendar)
        self.policies = Policies(self.database, override, control_names())
        self.log = Log(self.database, sealer, signer.vkey, anchor, self.policies.published)
        self.subjects = Subjects()
        self.consents = Consents(self.policies, self.subjects, self.log, self.statements)
        self.gate = Gate(self.works, self.policies, self.subjects)
        self.access = Access(self.database, self.policies)
        self.vault = Vault(
            policies=self.policies,
            subjects=self.subjects,
            gate=self.gate,
            persons=self.persons,
            index=BlindIndex(self._index_secret),
            signer=self.statements,
        )
        self.documents = Documents(self.works, self.policies, self.subjects, self.gate, self.persons)
        self.collection = Collection(
            policies=self.policies,
            subjects=self.subjects,
            consents=self.consents,
            gate=self.gate,
            vault=self.vault,
            documents=self.documents,
        )
        self.conformance = Conformance(self, throwaway)
        self._erased = 0

    @property
    def jwk(self) -> dict[str, str]:
        """The public key of receipts and proofs, as a JWK."""
        return self.statements.jwk

    def fingerprint(self, content: bytes) -> bytes:
        """Recognises a request without keeping it: a keyed digest, as its content may be personal."""
        return hmac.digest(self._index_secret, b"senim request\n" + content, "sha256")[:16]

    def run(self, actor: Actor, act: Callable[[Work], T]) -> T:
        """Run an act; its result when it is durable. A refusal is recorded and raised."""
        return self.works.run(actor, act)

    def actor(self, role: str = RESPONSIBLE, name: str = "local") -> Actor:
        """Who has the folder and its keys in hand, in one of the policy's roles."""
        if role == RESPONSIBLE:
            return Actor(kind=ActorKind.STAFF, id=name, role=role, may=VERBS)
        return actor_of(self.policies.in_force(self.works.clock.now()), role, name)

    def settle(self) -> None:
        """Finish what a fault or a killed process cut off: erasures whose key is gone and whose rows are not."""
        while self.run(SYSTEM, lambda work: self.vault.settle(self.database, work)):
            pass

    def tick(self) -> int:
        """What has to happen every now and then: commit late entries, seal the log. The number of entries sealed."""
        self.works.flush()
        return self.log.seal()

    def upkeep(self) -> None:
        """Work on the databases that acts should not have to wait for."""
        self.settle()
        self.documents.settle()
        self.database.engine.upkeep()
        self.key_store.engine.upkeep()

    def tidy_keys(self) -> None:
        """Bring destroyed keys out of the key store's files (WAL, dead rows), if any were destroyed since."""
        erased = self.subjects.count(self.database)[1]
        if erased != self._erased and self.key_store.engine.tidy():
            self._erased = erased

    def close(self) -> None:
        """Commit and seal what waits, and close the databases; they are closed whatever happens."""
        try:
            self.tick()
            self.log.release()
        finally:
            self.database.close()
            self.key_store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_senim(
    folder: Path, *, environment: Mapping[str, str] | None = None, now: Callable[[], datetime] | None = None
) -> Senim:
    """Open an operator's folder. Raises Unavailable or Invalid, naming the setting or the file that is wrong."""
    environment = os.environ if environment is None else environment
    settings = read(folder, environment)
    return Senim(folder, settings, environment=environment, clock=Clock(now or (lambda: datetime.now(UTC))))


def make_folder(
    folder: Path, policy: bytes, *, database: str = "", origin: str = "", environment: Mapping[str, str] | None = None
) -> None:
    """Make an operator's folder: policy, settings, keys, empty databases. Raises Invalid if there is one already."""
    if (folder / FILE).exists():
        raise Invalid(Code.FOLDER_WRONG, folder.name, detail="there is one already")
    settings = replace(Settings(database=database or Settings().database), log=LogSettings(origin=origin))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "log").mkdir(exist_ok=True)
        (folder / "policy.yaml").write_bytes(policy)
        keys = FileKeys(folder / settings.keys.folder)
        for name in ("kek-1", *SECRETS):
            keys.create(name)
        key_store = open_database(settings.keys.store, folder, create=True)
        with closing(key_store):
            open_database(settings.database, folder, keys=key_store, create=True).close()
        # The settings come last: a folder without them was cut off while it was made, and may be made again.
        draft = folder / f".{FILE}"
        draft.write_text(_toml(settings), encoding="utf-8")
        draft.replace(folder / FILE)
    except OSError as error:
        raise Unavailable(Code.FOLDER_WRONG, folder.name, detail=error.strerror or "") from error


@contextmanager
def throwaway(policy: bytes, *, database: str = "", now: Callable[[], datetime] | None = None) -> Iterator[Senim]:
    """A platform with a policy published, gone when the block ends: for drills, tests and trying things out."""
    with TemporaryDirectory(prefix="senim-") as name:
        folder = Path(name) / "operator"
        make_folder(folder, policy, database=database, origin="throwaway.example/log")
        with open_senim(folder, environment={}, now=now) as senim:
            senim.run(senim.actor(), lambda work: senim.policies.publish(work, policy))
            yield senim


def _toml(settings: Settings) -> str:
    """The settings file of a new folder: what operators most often change; the rest has its defaults."""
    return f"""# Settings of this operator. docs/reference/settings.md lists all of them.
# Each may also be given in the environment: SENIM_DATABASE, SENIM_SERVE_PORT, SENIM_KEYS_PROVIDER ...

database = {_quoted(settings.database)}

[keys]
store = {_quoted(settings.keys.store)}          # kept and backed up apart from the data
provider = {_quoted(settings.keys.provider)}    # file, environment or package.module:factory

[log]
origin = {_quoted(settings.log.origin)}         # the log's name in its checkpoints; do not change it later

[serve]
address = {_quoted(settings.serve.address)}
port = {settings.serve.port}
"""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
