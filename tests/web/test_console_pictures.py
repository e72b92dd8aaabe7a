"""Pictures in a browser: where the words of a drawing end, which only a browser tells."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

from playwright.sync_api import Browser

from senim.languages import LANGUAGES
from senim.web.console.charts import flow
from tests.console import account, cookie
from tests.web.conftest import DESKTOP, Served


def test_no_label_of_the_flow_runs_into_the_next_column(serve: Callable[..., Served], browser: Browser) -> None:
    """In each language, with the longest names that an example has: letters are of many widths."""
    served = serve(policy=resources.files("senim.profiles").joinpath("airline.yaml").read_bytes())
    senim: Any = served.stage.platform
    for language in LANGUAGES:
        name, value, _ = cookie(senim, account(senim, language=language).token)
        context = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]  # a dict of two numbers
        context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/console"}])
        page = context.new_page()
        page.goto(f"{served.url}/console/pictures/flow")
        ends = page.evaluate(
            "Array.from(document.querySelectorAll('.chart-label, .chart-heading'), one => {"
            " const box = one.getBBox(); return [one.textContent, box.x, box.x + box.width]; })"
        )
        assert len(ends) > 20
        width = 4 * flow.COLUMN + flow.LAST
        limits = [min(((begins + 2) // flow.COLUMN + 1) * flow.COLUMN, width) for _, begins, _ in ends]
        assert [told for (told, _, end), limit in zip(ends, limits, strict=True) if end > limit] == []
        context.close()
