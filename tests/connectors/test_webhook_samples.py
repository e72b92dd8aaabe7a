"""The samples that others copy verify what we sign, refuse what we did not, and sign what we take."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from senim.connectors.webhook import check, sign

EXAMPLES = Path(__file__).parents[2] / "examples" / "webhooks"
NOW, NONCE, BODY = 1_795_338_000, "0123456789abcdef" * 2, '{"senim":1,"who":{"name":["Әсел"]}}'.encode()
NEW, OLD = "the new secret of forty characters .....", "the old secret of forty characters ....."
GOOD = sign(BODY, [NEW.encode()], at=NOW, nonce=NONCE)
BOTH = sign(BODY, [NEW.encode(), OLD.encode()], at=NOW, nonce=NONCE)
CASES = (
    (GOOD, True, [NEW], NONCE),
    (BOTH, True, [OLD], NONCE),
    (GOOD, True, [OLD, NEW], NONCE),
    (GOOD, False, [NEW], None),
    (GOOD, True, [OLD], None),
    (sign(BODY, [NEW.encode()], at=NOW - 301, nonce=NONCE), True, [NEW], None),
    (sign(BODY, [NEW.encode()], at=NOW + 301, nonce=NONCE), True, [NEW], None),
    (sign(BODY + b" ", [NEW.encode()], at=NOW, nonce=NONCE), True, [NEW], None),
    (sign(BODY, [NEW.encode()], at=NOW, nonce=NONCE, answer=True), True, [NEW], None),
    (GOOD.replace("t=", "t=+"), True, [NEW], None),
    (f"{GOOD}\n", True, [NEW], None),
    ("", True, [NEW], None),
)
Told = tuple[list[str | None], str]


def by_python() -> Told:
    """What the Python sample says."""
    sample = runpy.run_path(str(EXAMPLES / "python" / "verify.py"))
    found = [
        sample["verify"](header, BODY, secrets, lambda _, first=first: first, NOW)
        for header, first, secrets, _ in CASES
    ]
    return found, sample["signature"](BODY, NEW, NONCE, NOW)


def by_node() -> Told:
    """What the JavaScript sample says."""
    script = """
const { verify, signature } = require(process.argv[1]);
const { cases, body, secret, nonce, now } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const raw = Buffer.from(body);
const found = cases.map(([header, first, secrets]) => verify(header, raw, secrets, () => first, now));
console.log(JSON.stringify([found, signature(raw, secret, nonce, now)]));
"""
    return _run("node", "-e", script, str(EXAMPLES / "js" / "verify.js"))


def by_php() -> Told:
    """What the PHP sample says."""
    script = """
require $argv[1];
$told = json_decode(stream_get_contents(STDIN), true);
$found = array_map(
    fn ($case) => senim_verify($case[0], $told['body'], $case[2], fn () => $case[1], $told['now']), $told['cases']
);
echo json_encode([$found, senim_signature($told['body'], $told['secret'], $told['nonce'], $told['now'])]);
"""
    return _run("php", "-r", script, "--", str(EXAMPLES / "php" / "verify.php"))


def _run(program: str, *arguments: str) -> Told:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    told = {"cases": CASES, "body": BODY.decode(), "secret": NEW, "nonce": NONCE, "now": NOW}
    done = subprocess.run([program, *arguments], input=json.dumps(told).encode(), capture_output=True, check=True)
    found, signed = json.loads(done.stdout)
    return found, signed


@pytest.mark.parametrize("sample", [by_python, by_node, by_php])
def test_a_sample_does_as_we_do(sample: Callable[[], Told]) -> None:
    """It takes what is signed with either secret, refuses the old, the changed, the repeated, and signs its answer."""
    found, signed = sample()
    assert found == [wanted for *_, wanted in CASES]
    assert check(signed, BODY, [NEW.encode()], now=NOW, answers=NONCE) == NONCE
