"""The settings as they are, to be looked at: they are changed in the operator's folder."""

from __future__ import annotations

from flask import Blueprint, render_template

from senim.version import __version__
from senim.web.console.guard import Answer, platform

pages = Blueprint("settings", __name__, url_prefix="/settings")


@pages.get("/")
def index() -> Answer:
    """All of them, by section; secrets are hidden."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for name, value in platform().shown_settings().items():
        sections.setdefault(name.rpartition(".")[0], []).append((name, value))
    return render_template("console/settings.html", sections=sections, version=__version__)
