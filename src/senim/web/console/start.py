"""The start page."""

from __future__ import annotations

from flask import Blueprint, render_template

from senim.web.console.guard import Answer

pages = Blueprint("start", __name__)


@pages.get("/")
def index() -> Answer:
    """What needs doing."""
    return render_template("console/start.html")
