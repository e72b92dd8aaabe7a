"""An answer as a page, a PDF and JSON. Pure: bytes out. Values go in as data, never as markup."""

from __future__ import annotations

import functools
from importlib import resources

import msgspec
from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from senim.rights.answers.records import Answer

_FOLDER = "senim.rights.answers"


def _source(name: str) -> str:
    return resources.files(_FOLDER).joinpath("templates", name).read_text(encoding="utf-8")


@functools.cache
def _template(name: str) -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, loader=FunctionLoader(_source)
    )
    return environment.get_template(name)


def page(answer: Answer) -> bytes:
    """A page that needs nothing else: no script, no picture, nothing that is loaded from anywhere."""
    return _template("answer.html").render(answer=answer).encode()


def document(answer: Answer) -> bytes:
    """A PDF (by typst, whose fonts come with it)."""
    import typst

    made: bytes = typst.compile(
        _source("answer.typ").encode(),
        format="pdf",
        sys_inputs={"answer": msgspec.json.encode(answer).decode()},
        ignore_system_fonts=True,
    )
    return made


def data(answer: Answer) -> bytes:
    """JSON for programs."""
    return msgspec.json.format(msgspec.json.encode(answer), indent=2)
