"""``/v1``: the door of the operator's systems."""

from __future__ import annotations

from typing import Any

import falcon
import msgspec

from senim.app import Senim
from senim.errors import Code, Invalid, NotFound, SenimError, Unavailable, places
from senim.web.api.calls import refuse, responder
from senim.web.api.openapi import document
from senim.web.api.routes import OPERATIONS


def api(senim: Senim) -> falcon.App[Any, Any]:
    """The WSGI application of ``/v1``."""
    app = falcon.App()
    app.req_options.strip_url_path_trailing_slash = False
    app.req_options.auto_parse_qs_csv = False
    by_path: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        act = responder(senim, operation)
        by_path.setdefault(operation.path, {})[f"on_{operation.method.lower()}"] = act
        if operation.method == "GET":
            by_path[operation.path]["on_head"] = act
    for path, responders in by_path.items():
        app.add_route(path, type("Resource", (), {name: staticmethod(act) for name, act in responders.items()})())
    url = senim.settings.serve.url or f"http://{senim.settings.serve.address}:{senim.settings.serve.port}"
    told = msgspec.json.encode(document(OPERATIONS, url))
    described = staticmethod(_static(told))
    app.add_route("/v1/openapi.json", type("Resource", (), {"on_get": described, "on_head": described})())
    app.add_error_handler(Exception, _unexpected)
    app.add_error_handler(falcon.HTTPError, _http)
    return app


def _static(content: bytes) -> Any:
    def on_get(request: falcon.Request, response: falcon.Response) -> None:
        response.data, response.content_type = content, "application/json"
        response.set_header("X-Content-Type-Options", "nosniff")
        response.set_header("Cache-Control", "public, max-age=300")

    return on_get


def _http(request: falcon.Request, response: falcon.Response, error: falcon.HTTPError, params: dict[str, Any]) -> None:
    """Falcon's own refusals (no route, wrong method) as ours."""
    kinds: dict[str, SenimError] = {
        "404": NotFound(Code.NOT_FOUND, "path"),
        "405": Invalid(Code.METHOD_NOT_ALLOWED, "method"),
    }
    refuse(request, response, kinds.get(str(error.status)[:3], Invalid(Code.BODY_MALFORMED, "request")))
    for name, value in dict(error.headers or {}).items():
        response.set_header(name, value)


def _unexpected(request: falcon.Request, response: falcon.Response, error: Exception, params: dict[str, Any]) -> None:
    """A bug: the caller learns that it happened, the operator's log where; neither learns a value."""
    import sys

    print(f"internal error: {type(error).__name__} in {places(error)}", file=sys.stderr)  # noqa: T201  # the service's own log
    refuse(request, response, Unavailable(Code.INTERNAL))
