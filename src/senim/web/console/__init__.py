"""The staff's pages: what needs doing, requests, people, registers, the policy, the log."""

from __future__ import annotations

from flask import Flask, render_template

from senim.app import Senim
from senim.web.shared.pages import Door, door

MOST_FORM = 1024 * 1024
"""Bytes of a form. Files come by pages of their own, with the limits of their fields."""


def console(senim: Senim) -> Flask:
    """The Flask application below ``/console``."""
    app = door(senim, Door(name="console", module=__name__, words=("console",), most=MOST_FORM, strict=True))
    app.add_url_rule("/", view_func=lambda: render_template("console/start.html"), endpoint="start")
    return app
