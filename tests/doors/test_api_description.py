"""The OpenAPI document says what the API does: it is valid, complete, and the API keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
from werkzeug.test import Client

from senim.testing import FixedClock, platform
from senim.version import __version__
from senim.web.api import api
from senim.web.api.calls import Operation
from senim.web.api.routes import OPERATIONS
from senim.web.site import site
from tests.conftest import HERE
from tests.doors.conftest import Door

EXAMPLES = 20
"""Requests of each kind for each operation; the same ones each time."""


UNFAILING = ("checkpoint", "tile", "bundle", "keys", "health")
"""Operations in whose requests nothing can be wrong by the document: no parameter, or a path of any form."""

KINDS = [
    (operation, mode)
    for operation in OPERATIONS
    for mode in schemathesis.GenerationMode
    if mode is schemathesis.GenerationMode.POSITIVE or operation.name not in UNFAILING
]


@pytest.fixture(scope="module")
def described() -> Iterator[Door]:
    """A service whose answers are held against its own document."""
    with platform((HERE / "policies" / "mini.yaml").read_bytes(), now=FixedClock()) as stage:
        door = Door(stage, Client(site(stage.platform)))  # type: ignore[arg-type]  # the stage's platform is a whole Senim
        door.person()
        door.seal()
        yield door


@pytest.fixture
def document(described: Door) -> dict[str, Any]:
    """The OpenAPI document as the service gives it."""
    answer = described.get("/v1/openapi.json", role=None)
    assert answer.headers["Content-Type"] == "application/json"
    told: dict[str, Any] = answer.json
    return told


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    """Every tool that reads OpenAPI 3.1 reads it."""
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == __version__
    assert not list(OPENAPI_31_VALIDATOR.iter_errors(document))


def test_every_route_is_described_and_every_description_is_a_route(described: Door, document: dict[str, Any]) -> None:
    """Nothing is hidden, and nothing is promised that is not there."""
    app = api(described.stage.platform)  # type: ignore[arg-type]
    routed = set()
    for operation in OPERATIONS:
        template = re.sub(r"{\w+(:path)?}", "000", operation.path)
        resource, methods, *_ = app._router.find(template, None) or (None, {})
        assert resource is not None, operation.path
        assert operation.method in methods
        routed.add((re.sub(r":path}", "}", operation.path), operation.method.lower()))
    told = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert told == routed
    inspected = _routes(app._router._roots)
    assert inspected - {"/v1/openapi.json"} == {operation.path for operation in OPERATIONS}


def _routes(nodes: Any) -> set[str]:
    """The paths that Falcon's router knows, whatever the declarations say."""
    found = set()
    for node in nodes:
        if node.uri_template:
            found.add(node.uri_template)
        found |= _routes(node.children)
    return found


def test_every_name_used_in_the_document_is_explained(document: dict[str, Any]) -> None:
    """Whoever writes a client finds each operation, each refusal and each parameter in words."""
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            assert told["summary"].endswith("."), (path, method)
            assert {"400", "401", "403", "404", "409", "410", "413", "415", "422", "503"} <= told["responses"].keys()
            wanted = set(re.findall(r"{(\w+)}", path))
            assert {one["name"] for one in told["parameters"] if one["in"] == "path"} == wanted
            assert ("security" in told) == ("x-grant" in told)


def test_operations_that_act_once_say_so(document: dict[str, Any]) -> None:
    """``Idempotency-Key`` is described wherever it is heeded, and nowhere else."""
    heeded = {operation.name for operation in OPERATIONS if operation.once}
    told = {
        one["operationId"]
        for methods in document["paths"].values()
        for one in methods.values()
        if any(param["name"] == "Idempotency-Key" for param in one["parameters"])
    }
    assert told == heeded
    posts = {one.name for one in OPERATIONS if one.method == "POST" and one.status == 201}
    assert posts - told == {"put_document", "disclose"}


@pytest.fixture(scope="module")
def contract(described: Door) -> Any:
    """The document as schemathesis reads it, from the application itself.

    What fits the document may still be refused by the policy in force (403, 422) or by what became of the person,
    but never as malformed.
    """
    app = site(described.stage.platform)  # type: ignore[arg-type]
    good = {"expected-statuses": ["2xx", "403", "404", "409", "410", "422"]}
    settled = schemathesis.Config.from_dict({"checks": {"positive_data_acceptance": good}})
    return schemathesis.openapi.from_wsgi("/v1/openapi.json", app, config=settled)


@pytest.mark.parametrize(("operation", "mode"), KINDS, ids=lambda kind: str(getattr(kind, "name", kind)).lower())
def test_the_api_keeps_to_its_document(
    contract: Any, described: Door, operation: Operation, mode: schemathesis.GenerationMode
) -> None:
    """Whatever is sent, right or wrong: no crash, a described status, a body of the described shape."""
    told = contract[re.sub(r":path}", "}", operation.path)][operation.method]
    known = {"Authorization": f"Bearer {described.token('shop')}"}
    alive = mode is schemathesis.GenerationMode.POSITIVE and "{subject}" in operation.path

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=told.as_strategy(generation_mode=mode))
    def keeps(case: schemathesis.Case[Any]) -> None:
        if alive:
            case.path_parameters["subject"] = described.person().subject
        case.call_and_validate(headers=known)

    keeps()
