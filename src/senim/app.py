"""Puts everything together, once. Read this first: it is the map of the house.

An operator's folder holds ``senim.toml``, ``policy.yaml``, ``keys/`` and, with SQLite, the two databases.
Settings are read here (mail's in mailing.py, the identity provider's in vouching.py) and nowhere else; every part gets
what it needs by its constructor, so that no circle can be built. Doors (command line, web, library) call
:meth:`Senim.run` with one verb.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeVar
from urllib.parse import urlsplit

from senim import accounts, rights
from senim.audit.actions import Log
from senim.audit.checkpoint import LogSigner
from senim.audit.daily import Daily
from senim.audit.live import Followers
from senim.audit.sealing import Sealer
from senim.audit.statements import StatementSigner
from senim.collection import Collection, Imports
from senim.collection.cookie_rules import origin_of
from senim.collection.cookies import Cookies
from senim.collection.technical import Technical
from senim.conformance import Conformance, Packs, Proving, control_names
from senim.conformance.standings import StandingsAgain
from senim.connectors import Connector, Connectors, Looks, Maps, Tasks, by_hand
from senim.consent import Consents
from senim.disclosure import Disclosures
from senim.errors import Code, Invalid, Unavailable
from senim.gate import Gate
from senim.gate.access import VERBS, Access, actor_of
from senim.governance import Agendas, Staff
from senim.identity import RESPONSIBLE, SYSTEM, Actor, ActorKind
from senim.law import Override
from senim.mailing import listed, listening, mail_server, mailbox
from senim.messaging.actions import Messages
from senim.messaging.inbox import Inbox
from senim.messaging.inbox_imap import Fetcher
from senim.messaging.inbox_smtp import Listener
from senim.messaging.inbox_watch import Watch
from senim.messaging.letter_origin import Trusted
from senim.messaging.letter_records import Limits
from senim.messaging.mail import Post
from senim.messaging.marketing import Marketing
from senim.orders import Orders
from senim.policy import Drafts, Policies
from senim.rights import Rights, Roots
from senim.rights.codes import Codes
from senim.rights.letters import LetterReceiver
from senim.rights.limits import Limits as Limiting
from senim.settings import FILE, THIS_MACHINE, Settings, read, shown
from senim.settings import Keys as KeysSettings
from senim.settings import Log as LogSettings
from senim.settings import Rights as RightsSettings
from senim.storage import open_database
from senim.subjects import Subjects
from senim.times import micros, utc_now
from senim.vault import BlindIndex, Boxes, Documents, FileKeys, KeyProvider, PersonKeys, Vault, provider
from senim.vault.keys import SECRETS
from senim.vault.keystore import read_checks
from senim.vouching import identity_provider
from senim.work import Clock, Work, Works

T = TypeVar("T")


class Senim:
    """One operator's platform: the parts, and the way to run their verbs."""

    def __init__(self, folder: Path, settings: Settings, *, environment: Mapping[str, str], clock: Clock) -> None:
        self.folder = folder
        self.settings = settings
        self._environment = environment
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
        self.index = BlindIndex(self._index_secret)
        self.statements = StatementSigner(keys.secret("receipts"))
        anchor = folder / settings.log.anchor if settings.log.anchor else None
        signer = LogSigner(settings.log.origin or "senim.example/log", keys.secret("log"))
        sealer = Sealer(self.database, signer, clock.now, anchor)
        override = Override.read(folder / settings.calendar)
        self.policies = Policies(self.database, override, control_names())
        self.drafts = Drafts(self.policies)
        self.subjects = Subjects()
        self.log = Log(
            self.database,
            sealer,
            signer.vkey,
            anchor,
            follow=self._following,
        )
        self.daily = Daily(
            self.database, self.log, ("consent.given", "consent.withdrawn", "data.disclosed", "data.collected")
        )
        self.gate = Gate(self.works, self.policies, self.subjects)
        self.documents = Documents(self.works, self.policies, self.subjects, self.gate, self.persons)
        self.consents = Consents(self.policies, self.subjects, self.log, self.statements, kept_file=self.documents.kept)
        self.access = Access(self.database, self.policies)
        self.vault = Vault(
            policies=self.policies,
            subjects=self.subjects,
            gate=self.gate,
            persons=self.persons,
            index=self.index,
            signer=self.statements,
        )
        self.disclosures = Disclosures(self.policies, self.subjects, self.vault, self.log)
        self.orders = Orders(self.works)
        self.boxes = Boxes(self.persons)
        self._join_collection()
        self._join_messages()
        self._join_inbox()
        self._join_rights()
        self._join_house()

    def _join_collection(self) -> None:
        """Build what data and choices come in by."""
        self.collection = Collection(
            policies=self.policies,
            subjects=self.subjects,
            consents=self.consents,
            gate=self.gate,
            vault=self.vault,
            documents=self.documents,
        )
        self.imports = Imports(self.database, self.collection)
        local = _local_sites(self.settings.serve.local_sites)
        self.cookies = Cookies(self.policies, self.log, self.statements, local=local)
        self.technical = Technical(works=self.works, policies=self.policies, gate=self.gate, boxes=self.boxes)

    def _join_house(self) -> None:
        """Build what staff work with."""
        self.staff = Staff(self.works, self.policies, self.boxes, index=self.index, post=self.messages, url=self._place)
        self.provider = identity_provider(self.settings.console, self.folder)
        self.agendas = Agendas(
            rights=self.rights, orders=self.orders, inbox=self.inbox, tasks=self.tasks, drafts=self.drafts
        )
        self.conformance = Conformance(self, throwaway)
        self.proving = Proving(self, self.conformance)
        self.packs = Packs(self, self.conformance)
        self._erased = 0

    def _join_messages(self) -> None:
        """Build what writes to people."""
        server = mail_server(self.settings.mail, self.folder)
        self.messages = Messages(
            policies=self.policies,
            boxes=self.boxes,
            orders=self.orders,
            server=server,
            mailer=Post(server) if server else None,
        )
        self.marketing = Marketing(
            policies=self.policies,
            subjects=self.subjects,
            consents=self.consents,
            gate=self.gate,
            vault=self.vault,
            messages=self.messages,
            index=self.index,
            secret=self._index_secret,
            url=self.settings.serve.url,
        )

    def _join_inbox(self) -> None:
        """Build what letters come into."""
        mail = self.settings.mail.incoming
        self.inbox = Inbox(
            works=self.works,
            policies=self.policies,
            boxes=self.boxes,
            orders=self.orders,
            messages=self.messages,
            secret=self._index_secret,
            trusted=Trusted(frozenset(listed(mail.servers.lower())), mail.hops),
            limits=Limits(size=mail.max_letter),
            keep=timedelta(days=mail.keep),
        )

    def incoming(self) -> Watch | None:
        """What fetches and takes mail while the service runs, or None if nothing is set.

        Raises Invalid (setting_wrong), Unavailable (mail_listening).
        """
        mail = self.settings.mail.incoming
        box = mailbox(mail, self.folder)
        place = listening(mail, self.folder, self._addresses)
        if box is None and place is None:
            return None
        return Watch(
            fetcher=Fetcher(self.inbox, box) if box else None,
            listener=Listener(self.inbox, place) if place else None,
            every=mail.every,
        )

    def _addresses(self) -> tuple[str, ...]:
        """The addresses that the policy in force gives people to write to."""
        operator = self.policies.in_force(self.works.clock.now()).policy.operator
        return tuple(filter(None, (operator.contacts.email, operator.responsible.email)))

    def _join_rights(self) -> None:
        """Build what people ask for, and what carries it out."""
        place = self._place
        self.systems = Connectors(
            self.folder,
            systems=self.settings.systems,
            environment=self._environment,
            secret=self._index_secret,
            now=self.works.clock.now,
        )
        self.tasks = Tasks(self.works, self.boxes, keep_scan=self._keep_scan)
        self.systems.add_kind("manual", by_hand(self.tasks, secret=self._index_secret))
        self.maps = Maps(self.works, self.systems)
        self.looks = Looks(self.systems, lambda: micros(self.works.clock.now()))
        self.connectors: tuple[Connector, ...] = ()
        """Connectors made in code, beside those of the folder's maps."""
        self.rights = Rights(
            rights.Parts(
                works=self.works,
                policies=self.policies,
                subjects=self.subjects,
                consents=self.consents,
                gate=self.gate,
                vault=self.vault,
                documents=self.documents,
                disclosures=self.disclosures,
                boxes=self.boxes,
                index=self.index,
                orders=self.orders,
                post=self.messages,
                signer=self.statements,
                link=lambda number, token: f"{place}/requests/{number}?token={token}",
                staff_link=lambda number: f"{place}/console/requests/{number}",
                connectors=lambda: (*self.systems.all(), *self.connectors),
            ),
            pepper=self._index_secret,
            roots=_roots(self.settings.rights, self.folder),
        )
        self.inbox.receiver = LetterReceiver(self.rights)
        self.vault.asked = self.rights.destruction
        self._join_accounts(place)

    def _join_accounts(self, place: str) -> None:
        """Build what people see and change of what is theirs."""
        parts = accounts.Parts(
            works=self.works,
            policies=self.policies,
            subjects=self.subjects,
            consents=self.consents,
            gate=self.gate,
            vault=self.vault,
            documents=self.documents,
            disclosures=self.disclosures,
            collection=self.collection,
            log=self.log,
            boxes=self.boxes,
            orders=self.orders,
            post=self.messages,
            rights=self.rights,
            limits=Limiting(self.index),
            codes=Codes(self._index_secret),
            url=place.rstrip("/"),
            secret=self._index_secret,
        )
        self.accounts = accounts.Accounts(parts)

    @property
    def _place(self) -> str:
        """Where people reach the service."""
        serve = self.settings.serve
        return serve.url.rstrip("/") or f"http://{serve.address}:{serve.port}"

    def _keep_scan(self, work: Work, order: str, media: str, content: bytes) -> str:
        """What shows that an order was carried out by hand is sealed with the request that it is part of."""
        return self.rights.keep_scan(work, self.orders.find(self.database, order).about, media, content)

    @contextmanager
    def _following(self) -> Iterator[Followers]:
        """What rows must follow from the entries of the log: versions of the policy, keys, accounts, people."""
        with StandingsAgain(self.database, self.subjects) as standings:
            yield Followers(self.policies.again(), self.access.again(), self.staff.again(), standings)

    def shown_settings(self) -> dict[str, str]:
        """The settings by name, for people to look at; of passwords only whether they are set."""
        return shown(self.settings)

    @property
    def jwk(self) -> dict[str, str]:
        """The public key of receipts and proofs, as a JWK."""
        return self.statements.jwk

    def fingerprint(self, content: bytes) -> bytes:
        """Recognises a request without keeping it: a keyed digest, as its content may be personal."""
        return hmac.digest(self._index_secret, b"senim request\n" + content, "sha256")[:16]

    def derived(self, use: str) -> bytes:
        """A secret for one use alone, e.g. the sessions of a door; the same whenever this folder is opened."""
        return hmac.digest(self._index_secret, b"senim derived\n" + use.encode(), "sha256")

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
        self.technical.flush()
        return self.log.seal()

    def upkeep(self) -> None:
        """Work on the databases that acts should not have to wait for."""
        self.settle()
        self.documents.settle()
        self.daily.catch_up(most=100_000)
        self.database.engine.upkeep()
        self.key_store.engine.upkeep()

    def tidy_keys(self) -> None:
        """Bring destroyed keys out of the key store's files (WAL, dead rows), if any were destroyed since."""
        erased = self.persons.destroyed()
        if erased != self._erased and self.key_store.engine.tidy():
            self._erased = erased

    def attend(self) -> None:
        """Remind of requests that are due; destroy what is over: papers of requests, sessions, technical data."""
        self.rights.remind()
        self.rights.tidy()
        self.staff.tidy()
        self.accounts.signing_in.tidy()
        self.technical.sweep()

    def close(self) -> None:
        """Commit and seal what waits, and close the databases; they are closed whatever happens."""
        try:
            self.messages.close()
            self.technical.flush(everything=True)
            self.tick()
            self.log.release()
        finally:
            self.systems.close()
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
    return Senim(folder, settings, environment=environment, clock=Clock(now or utc_now))


def make_folder(folder: Path, policy: bytes, *, database: str = "", key_store: str = "", origin: str = "") -> None:
    """Make an operator's folder: policy, settings, keys, empty databases. Raises Invalid if there is one already."""
    if (folder / FILE).exists():
        raise Invalid(Code.FOLDER_WRONG, folder.name, detail="there is one already")
    settings = Settings(
        database=database or Settings().database,
        keys=KeysSettings(store=key_store or KeysSettings().store),
        log=LogSettings(origin=origin),
    )
    if settings.keys.store == settings.database:
        raise Invalid(Code.SETTING_WRONG, "keys.store", detail="keys and data must be kept apart")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "log").mkdir(exist_ok=True)
        (folder / "policy.yaml").write_bytes(policy)
        keys = FileKeys(folder / settings.keys.folder)
        for name in ("kek-1", *SECRETS):
            keys.create(name)
        with closing(open_database(settings.keys.store, folder, create=True)) as opened:
            if read_checks(opened):
                raise Invalid(Code.SETTING_WRONG, "keys.store", detail="another folder has its keys there")
            open_database(settings.database, folder, keys=opened, create=True).close()
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
        folder.mkdir(mode=0o700)
        for file, content in _empty_databases().items():
            (folder / file).touch(mode=0o600)
            (folder / file).write_bytes(content)
        make_folder(folder, policy, database=database, origin="throwaway.example/log")
        with open_senim(folder, environment={}, now=now) as senim:
            senim.run(senim.actor(), lambda work: senim.policies.publish(work, policy))
            yield senim


@cache
def _empty_databases() -> dict[str, bytes]:
    """The files of both databases with all tables and nothing in them: migrated once, for every drill to copy."""
    with TemporaryDirectory(prefix="senim-") as name:
        folder = Path(name)
        make_folder(folder, b"")
        return {path.name: path.read_bytes() for path in folder.glob("*.db")}


def _local_sites(names: str) -> frozenset[str]:
    """Origins on this machine that count as sites. Raises Invalid (setting_wrong): no other machine's may."""
    found = listed(names)
    for one in found:
        if origin_of(one) != one or urlsplit(one).hostname not in THIS_MACHINE:
            raise Invalid(Code.SETTING_WRONG, "serve.local_sites", detail="such as http://127.0.0.1:8700")
    return frozenset(found)


def _roots(trusted: RightsSettings, folder: Path) -> Roots | None:
    """Whom qualified signatures are trusted from, or None if nobody is. Raises Invalid (setting_wrong)."""
    if not trusted.roots:
        return None
    read: dict[str, list[bytes]] = {}
    for name in ("roots", "between", "revoked"):
        path = getattr(trusted, name)
        try:
            read[name] = [(folder / path).read_bytes()] if path else []
        except OSError as error:
            raise Invalid(Code.SETTING_WRONG, f"rights.{name}", detail=error.strerror or "") from error
    return Roots.read(read["roots"], between=read["between"], revoked=read["revoked"])


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
