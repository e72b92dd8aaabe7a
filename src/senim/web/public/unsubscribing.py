"""The end of mailings: a page that shows what a link ends, and one click that ends it (RFC 8058; travel-48).

Mail programs follow links by themselves to look for harm, so opening the page ends nothing. The POST carries no
session and needs none: whoever holds the link may end the mailing, and take that back for a day.
"""

from __future__ import annotations

from flask import Blueprint, Response, g, render_template, request, url_for

from senim.app import Senim
from senim.languages import LANGUAGES, wording
from senim.messaging.marketing import BY_LINK, Subscription
from senim.web.shared.pages import FORMS, PRIVATE
from senim.web.shared.switching import by_links


def unsubscribing(senim: Senim) -> Blueprint:
    """The routes under ``/unsubscribe``."""
    pages = Blueprint("unsubscribing", __name__)

    def look(token: str) -> Response:
        return page(senim.marketing.look(senim.works.begin(BY_LINK), token), token)

    def end(token: str) -> Response:
        return page(senim.run(BY_LINK, lambda work: senim.marketing.unsubscribe(work, token)), token)

    def undo(token: str) -> Response:
        return page(senim.run(BY_LINK, lambda work: senim.marketing.undo(work, token)), token, undone=True)

    def page(subscription: Subscription, token: str, *, undone: bool = False) -> Response:
        """Who comes back to it, or reads it in another language, can still take a mistake back."""
        returns = subscription.ended and senim.marketing.returns(senim.works.begin(BY_LINK), token)
        return _page(subscription, token, returns=returns, undone=undone)

    pages.add_url_rule("/unsubscribe/<token>", view_func=look, methods=["GET"], endpoint="look")
    pages.add_url_rule("/unsubscribe/<token>", view_func=end, methods=["POST"], endpoint="end")
    pages.add_url_rule("/unsubscribe/<token>/undo", view_func=undo, methods=["POST"], endpoint="undo")
    return pages


def _page(subscription: Subscription, token: str, *, returns: bool, undone: bool) -> Response:
    g.language = next((one for one in LANGUAGES if one == request.args.get("language")), g.language)
    words = wording("pages")
    by_links()
    step = "undone" if undone else "ended" if subscription.ended else "ask"
    body = render_template(
        "unsubscribe.html",
        title=words[f"unsubscribe-{step}"].in_(g.language),
        subscription=subscription,
        name=subscription.name.in_(g.language),
        token=token,
        step=step,
        returns=returns,
        unsubscribe_in=lambda one: url_for("unsubscribing.look", token=token, language=one),
    )
    return Response(body, headers={**PRIVATE, "Content-Security-Policy": FORMS})
