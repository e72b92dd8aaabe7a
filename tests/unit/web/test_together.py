"""Numbers in Kazakh stay in one line with what hangs on them, and nothing else of a page changes."""

from __future__ import annotations

import re

import pytest

from senim.web.shared.together import together

TAG = re.compile(r'<span class="together">([^<]*)</span>')


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("<p>Заңның 25-бабының 16-тармағы</p>", ["25-бабының", "16-тармағы"]),
        ("<p>2026-жылғы, (3-тармақ), 5-ші.</p>", ["2026-жылғы", "3-тармақ", "5-ші"]),
        ("<a href='/x' title='16-тармағы'>94-V, 16-6, R-2026-00000001</a>", []),
        ("<p>№ 870-12-тармақ</p>", []),
        ('<input value="16-тармағы"><textarea>16-тармағы</textarea><option>16-тармағы</option>', []),
        ("<title>16-тармағы</title><code>16-тармағы</code><svg><text>16-тармағы</text></svg>", []),
        ("<pre>16-тармағы\n</pre><p>16-тармағы</p>", ["16-тармағы"]),
        (f"<p>16-{'ұ' * 40}</p>", []),
        ("<p>16 - тармағы, он-бес</p>", []),
    ],
)
def test_what_hangs_on_a_number_stays_with_it(page: str, kept: list[str]) -> None:
    """In texts that are read; not in what is sent back, quoted, or drawn."""
    shown = together(page)
    assert TAG.findall(shown) == kept
    assert TAG.sub(r"\1", shown) == page
