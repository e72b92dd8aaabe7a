"""A third party as many sites call one: a counter, a pixel, a film. It remembers what it was asked for."""

from __future__ import annotations

from flask import Flask, Response

_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


def tracker(asked: list[str] | None = None) -> Flask:
    """The third party; ``asked`` gets the path of every request."""
    app = Flask("tracker")
    seen = asked if asked is not None else []

    @app.get("/<name>")
    def serve(name: str) -> Response:
        seen.append(name)
        if name == "pixel.gif":
            return Response(_PIXEL, mimetype="image/gif")
        if name == "film":
            return Response("<!doctype html><title>Film</title><p>Film", mimetype="text/html")
        return Response("document.cookie = 'visitor=1; path=/'; window.counted = true;", mimetype="text/javascript")

    return app
