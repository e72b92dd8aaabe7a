"""The policy at the console: drafts that nobody loses, problems with their lines, and publishing by two people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from senim.errors import Code
from senim.policy import Draft
from senim.testing import FixedClock, Stage
from tests.console import Colleague
from tests.features.acting import recorded, refused, stranger


def drafted(me: Colleague, name: str = "Autumn") -> Draft:
    """A draft from the version in force, begun at the page."""
    answer = me.post("/console/policy/drafts", {"name": name, "base": "1"})
    assert answer.status_code == 303
    return me.senim.drafts.find(me.senim.works.begin(me.senim.actor()), answer.location.rsplit("/", 1)[1])


def now(me: Colleague, draft: Draft) -> Draft:
    """It as it is now."""
    return me.senim.drafts.find(me.senim.works.begin(me.senim.actor()), draft.id)


def save(me: Colleague, draft: Draft, source: bytes, **form: str) -> int:
    """Save a text at the page; the status of the answer."""
    told = {"name": draft.name, "revision": str(draft.revision), "source": source.decode().replace("\n", "\r\n")}
    return me.post(f"/console/policy/drafts/{draft.id}", {**told, **form}).status_code


def retitled(source: bytes, title: str = "Another edition") -> bytes:
    """The small policy with another title."""
    return source.replace(b"en: Privacy policy}", b"en: %s}" % title.encode())


def propose(me: Colleague, draft: Draft, effective: str = "") -> int:
    """Propose a draft as it is; the status of the answer."""
    form = {"digest": now(me, draft).digest, "effective": effective}
    return me.post(f"/console/policy/drafts/{draft.id}/propose", form).status_code


def test_a_new_version_takes_two_people(console: Callable[..., Colleague], mini: bytes) -> None:
    """One proposes exact bytes and cannot approve them; another does; each step is in the log with the digest."""
    one, other = console(name="one"), console(name="other")
    draft = drafted(one)
    text = retitled(mini)
    digest = hashlib.sha256(text).hexdigest()
    said: list[tuple[str, str]] = []

    def all_steps() -> None:
        assert save(one, draft, text) == 303
        assert propose(one, draft) == 303
        page = one.get(f"/console/policy/drafts/{draft.id}/publish").text
        said.extend(re.findall(r"<dt>(Digest of [^<]+)</dt><dd><code>(\w+)</code></dd>", page))
        assert "somebody else has to approve" in page
        assert one.post(f"/console/policy/drafts/{draft.id}/approve", {"digest": digest}).status_code == 403
        assert "Waits for your approval" in other.get("/console/policy").text
        assert "Waits for your approval" not in one.get("/console/policy").text
        assert "Drafts of the policy waiting" in other.get("/console/").text, "where the day begins"
        assert "Drafts of the policy waiting" not in one.get("/console/").text
        assert other.post(f"/console/policy/drafts/{draft.id}/approve", {"digest": digest}).status_code == 303

    entries = recorded(one.senim, all_steps)
    assert [(entry.act, entry.outcome, entry.digest) for entry in entries if entry.act != "policy.published"] == [
        ("policy.drafted", "done", digest),
        ("policy.proposed", "done", digest),
        ("policy.approved", "refused", None),
        ("policy.approved", "done", digest),
    ]
    version = one.senim.policies.version(2)
    assert (version.source, version.published_by) == (text, f"staff:{other.account.id}")
    file, content = ("Digest of the file (SHA-256)", digest), ("Digest of what it says (SHA-256)", version.digest)
    assert said == [file, content], "both before it is approved: the version is known by the second"
    listed = one.get("/console/policy/").text
    for shown in (digest, version.digest):
        assert f">{shown[:16]}…</code>" in listed
    for act, (label, value) in (("policy.approved", file), ("policy.published", content)):
        index = next(number for number, entry in one.senim.log.entries() if (entry.act, entry.policy) == (act, 2))
        assert f"<dt>{label}</dt><dd><code>{value}</code></dd>" in one.get(f"/console/log/{index}").text
    assert one.senim.log.verify().ok
    assert one.get(f"/console/policy/drafts/{draft.id}").status_code == 404
    assert one.get("/console/policy/versions/2.yaml").data == text


def test_a_change_ends_the_proposal(console: Callable[..., Colleague], mini: bytes) -> None:
    """What was changed since it was proposed has to be proposed anew; what was shown before is not approved."""
    one, other = console(name="one"), console(name="other")
    draft = drafted(one)
    save(one, draft, retitled(mini))
    propose(one, draft)
    shown = now(one, draft)
    assert save(other, shown, retitled(mini, "Yet another")) == 303
    assert now(one, draft).proposed_by == ""
    approve = f"/console/policy/drafts/{draft.id}/approve"
    assert other.post(approve, {"digest": shown.digest}).status_code == 409
    propose(one, draft)
    assert other.post(approve, {"digest": shown.digest}).status_code == 409
    assert len(one.senim.policies.versions()) == 1
    assert other.post(f"/console/policy/drafts/{draft.id}/withdraw").status_code == 303
    assert other.post(approve, {"digest": now(one, draft).digest}).status_code == 409


def test_nobody_overwrites_anybody(console: Callable[..., Colleague], mini: bytes) -> None:
    """Whoever saves a draft that another saved meanwhile is refused, and sees both texts."""
    one, other = console(name="one"), console(name="other")
    draft = drafted(one)
    assert save(one, draft, retitled(mini, "First")) == 303
    form = {"name": draft.name, "revision": "1", "source": retitled(mini, "Second").decode()}
    answer = other.post(f"/console/policy/drafts/{draft.id}", form)
    assert answer.status_code == 409
    assert "en: First}" in answer.text
    assert "en: Second}" in answer.text
    assert b"en: First}" in now(one, draft).source
    revision = re.search(r'name="revision" value="(\d+)"', answer.text.partition("<main")[2])
    assert revision
    assert other.post(f"/console/policy/drafts/{draft.id}", {**form, "revision": revision[1]}).status_code == 303
    assert b"en: Second}" in now(one, draft).source


def test_problems_are_told_with_their_line(console: Callable[..., Colleague], mini: bytes) -> None:
    """Every problem with line, column and what to do; such a file cannot be proposed. A missing text is marked."""
    me = console()
    draft = drafted(me)
    wrong = mini.replace(b"  - id: mini-2\n", b"  - id: mini-2\n    nonsense: 1\n")
    assert save(me, draft, wrong) == 303
    line = wrong[: wrong.index(b"nonsense")].count(b"\n") + 1
    page = me.get(f"/console/policy/drafts/{draft.id}").text
    assert f'data-line="{line}"' in page
    assert "nonsense: 1" in page
    assert propose(me, draft) == 400
    lacking = re.sub(rb"(- id: mini-2\n(?:.*\n)*?.*?kk: )[^\n]*?(, ru|\n)", rb'\1""\2', mini, count=1)
    assert lacking != mini
    save(me, now(me, draft), lacking)
    page = me.get(f"/console/policy/drafts/{draft.id}/clauses").text
    assert page.count('class="lacking"') == 1
    assert '<a href="#mini-2">mini-2</a>' in page


@pytest.mark.parametrize(
    ("wrong", "kk", "ru"),
    [
        ((b"\nclauses:", b"\nclausez:"), "Мүмкін, «clauses»?", "Может быть, «clauses»?"),
        ((b"\nclauses:", b"\nclausez:"), "Мынаны қосыңыз: «clauses:».", "Добавьте «clauses:»."),
        ((b"kind: marketing", b"kind: marketting"), "ешқайсысына жатпайды", "не из числа допустимых"),
        ((b"en: newsletter}", b"en: }"), "Мәтіні жоқ тіл: en.", "Нет текста на языке: en."),
    ],
)
def test_hints_are_in_the_reader_s_language(
    console: Callable[..., Colleague], mini: bytes, wrong: tuple[bytes, bytes], kk: str, ru: str
) -> None:
    """What was most likely meant is said in words; only names of the format are not translated."""
    assert mini.count(wrong[0]) >= 1
    for language, says in (("kk", kk), ("ru", ru)):
        me = console(language=language)
        draft = drafted(me)
        save(me, draft, mini.replace(*wrong))
        page = me.get(f"/console/policy/drafts/{draft.id}").text
        assert says in page
        assert {"kk": "-баған", "ru": "столбец"}[language] in page
        assert "did you mean" not in page


def test_what_changes_and_who_is_asked_anew(console: Callable[..., Colleague], mini: bytes, stage: Stage) -> None:
    """Before publishing: in plain words, clause by clause, and how many people would have to consent anew."""
    me = console(language="ru")
    stage.person()
    draft = drafted(me)
    save(me, draft, retitled(mini))
    page = me.get(f"/console/policy/drafts/{draft.id}/changes").text
    assert "никого не спросят заново" in page
    purpose = stage.consent_purpose()
    wider = me.senim.policies.version(1).policy.purposes[purpose]
    assert wider.term != "unlimited"
    operations = re.search(rb"  %s:\n(?:    .*\n)*?    operations: \[(.*?)\]" % purpose.encode(), mini)
    assert operations
    text = mini[: operations.start(1)] + b"systematise, " + mini[operations.start(1) :]
    assert save(me, now(me, draft), text) == 303
    page = me.get(f"/console/policy/drafts/{draft.id}/changes").text
    assert "согласие дали: 1" in page
    assert me.get(f"/console/policy/drafts/{draft.id}/structure").status_code == 200


def test_people_are_counted_in_bounded_work(console: Callable[..., Colleague], stage: Stage) -> None:
    """With more people than are looked at it is said that it is a sample."""
    senim, purpose = console().senim, stage.consent_purpose()
    for _ in range(3):
        stage.person()
    whole = senim.consents.affected(senim.database, [purpose], 1, most=3)
    assert (whole.counts[purpose], whole.looked, whole.whole) == (3, 3, True)
    some = senim.consents.affected(senim.database, [purpose], 1, most=2)
    assert (some.looked, some.whole) == (2, False)


def test_a_day_ahead_and_its_cancelling(console: Callable[..., Colleague], mini: bytes, clock: FixedClock) -> None:
    """A version may be approved for a day ahead, and taken back until then; a day past is refused."""
    one, other = console(name="one"), console(name="other")
    draft = drafted(one)
    save(one, draft, retitled(mini))
    assert propose(one, draft, (clock.moment - timedelta(days=1)).isoformat()) == 400
    assert propose(one, draft, "soon") == 400
    assert propose(one, draft, (clock.moment + timedelta(days=9)).replace(tzinfo=None).isoformat()) == 303
    form = {"digest": now(one, draft).digest}
    assert other.post(f"/console/policy/drafts/{draft.id}/approve", form).status_code == 303
    assert one.senim.policies.in_force(clock.moment).version == 1
    assert "to come" in one.get("/console/policy").text
    assert one.get("/console/policy/versions/2/cancel").status_code == 200
    assert one.post("/console/policy/versions/2/cancel").status_code == 303
    assert one.senim.policies.version(2).cancelled is not None


def test_dangerous_acts_want_a_fresh_sign_in(console: Callable[..., Colleague], mini: bytes, clock: FixedClock) -> None:
    """Proposing asks for the password again after ten minutes; the date that was typed stays, and holds."""
    me = console()
    draft = drafted(me)
    save(me, draft, retitled(mini))
    clock.move(minutes=11)
    day = (clock.moment + timedelta(days=9)).replace(tzinfo=None).isoformat()
    asked = me.post(f"/console/policy/drafts/{draft.id}/propose", {"digest": now(me, draft).digest, "effective": day})
    assert now(me, draft).proposed_by == ""
    assert me.again(asked).status_code == 303
    assert now(me, draft).proposed_by == f"staff:{me.account.id}"
    assert now(me, draft).effective_at > 0


def test_only_who_may_write_the_policy_does(console: Callable[..., Colleague]) -> None:
    """A role without the grant sees no draft; the verbs refuse it too, and what is no name of a draft."""
    me, desk = console(), console(role="desk")
    draft = drafted(me)
    for path in ("", f"/drafts/{draft.id}", f"/drafts/{draft.id}/publish"):
        assert desk.get(f"/console/policy{path}").status_code == 403
    senim = me.senim
    refused(Code.ROLE_NOT_ALLOWED, lambda: senim.run(stranger(), lambda work: senim.drafts.drop(work, draft.id)))
    refused(Code.NOT_FOUND, lambda: senim.run(senim.actor(), lambda work: senim.drafts.drop(work, "x")))
    assert me.post("/console/policy/drafts", {"name": " ", "base": "1"}).status_code == 303
    assert "1 to 80 characters" in me.get("/console/policy").text
    assert len(senim.drafts.all(senim.works.begin(senim.actor()))) == 1
    assert me.get(f"/console/policy/drafts/{draft.id}/drop").status_code == 200
    assert me.post(f"/console/policy/drafts/{draft.id}/drop").status_code == 303
    assert senim.drafts.all(senim.works.begin(senim.actor())) == []
