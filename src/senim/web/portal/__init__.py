"""The person's own pages: what is held about them, their choices, their requests."""

from __future__ import annotations

from flask import Flask

from senim.app import Senim
from senim.web.portal.asking import asking
from senim.web.portal.changing import changing
from senim.web.portal.choosing import choosing
from senim.web.portal.entering import entering
from senim.web.portal.others import others
from senim.web.portal.seeing import seeing
from senim.web.portal.visit import guarded
from senim.web.shared.pages import Door, door

MOST_FORM = 1024 * 1024
"""Bytes of a form without files."""


def portal(senim: Senim) -> Flask:
    """The Flask application below ``/portal``."""
    app = door(senim, Door(name="portal", module=__name__, words=("changes", "portal"), most=MOST_FORM))
    guarded(senim, app)
    for pages in (entering, seeing, choosing, changing, asking, others):
        app.register_blueprint(pages(senim))
    return app
