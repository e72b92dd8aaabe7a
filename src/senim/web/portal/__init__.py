"""The person's own pages: what is held about them, their choices, their requests."""

from __future__ import annotations

from flask import Flask, render_template

from senim.app import Senim
from senim.web.shared.pages import Door, door

MOST_FORM = 1024 * 1024
"""Bytes of a form. Files come by pages of their own, with the limits of their fields."""


def portal(senim: Senim) -> Flask:
    """The Flask application below ``/portal``."""
    app = door(senim, Door(name="portal", module=__name__, words=("portal",), most=MOST_FORM))
    app.add_url_rule("/", view_func=lambda: render_template("portal/start.html"), endpoint="start")
    return app
