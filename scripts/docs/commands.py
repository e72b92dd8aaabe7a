"""``commands.md``: the command line, as click knows it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import click

from scripts.docs.markdown import code, fill, table
from senim.cli import COMMANDS, senim

Told = tuple[str, click.Command]
"""A command's full name, and the command."""

_EVERYWHERE = ("-C", "--json")
"""Options that are told once for all commands."""


def every() -> Iterator[Told]:
    """All commands in the order of ``senim --help``, groups before what is in them."""
    for name, (place, _) in COMMANDS.items():
        module, _, attribute = place.partition(":")
        yield from _within(f"senim {name}", getattr(importlib.import_module(module), attribute))


def _within(name: str, command: click.Command) -> Iterator[Told]:
    yield name, command
    if isinstance(command, click.Group):
        for inner, one in command.commands.items():
            yield from _within(f"{name} {inner}", one)


def page() -> str:
    """The page."""
    index = [[f"[`senim {name}`](#senim-{name})", says] for name, (_, says) in COMMANDS.items()]
    return fill(
        "commands",
        says=(senim.help or "").strip(),
        index=table(["command", "what it does"], index),
        commands="\n".join(_told(name, command) for name, command in every()),
    )


def _told(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    level = "##" if name.count(" ") == 1 else "###"
    says = (command.help or "").strip()
    pieces = " ".join(command.collect_usage_pieces(context))
    usage = "" if isinstance(command, click.Group) else f"\n    {name} {pieces}\n"
    own = [one for one in command.params if isinstance(one, click.Option) and not _common(one)]
    rows = [[_names(one), one.help or "", _values(one), _default(one, context)] for one in own]
    options = f"\n{table(['option', 'meaning', 'values', 'default'], rows)}" if rows else ""
    has = [code(one.opts[0]) for one in command.params if _common(one)]
    also = f"\nAlso {' and '.join(has)}.\n" if has else ""
    return f"{level} {name}\n\n{says}\n{usage}{options}{also}"


def _common(one: click.Parameter) -> bool:
    return any(name in one.opts for name in _EVERYWHERE)


def _names(option: click.Option) -> str:
    return ", ".join(code(name) for name in (*option.opts, *option.secondary_opts))


def _values(option: click.Option) -> str:
    kind = option.type
    if option.is_flag:
        return ""
    if isinstance(kind, click.Choice):
        told = ", ".join(code(str(choice)) for choice in kind.choices)
    elif isinstance(kind, click.IntRange):
        told = f"{kind.min if kind.min is not None else ''}–{kind.max if kind.max is not None else ''}"
    else:
        told = {"path": "a path", "text": "text", "integer": "a number", "datetime": "a date"}.get(kind.name, kind.name)
    return f"{told}, may be repeated" if option.multiple else told


def _default(option: click.Option, context: click.Context) -> str:
    if option.required:
        return "**required**"
    if option.is_flag or option.multiple:
        return ""
    found = option.get_default(context)
    return code(str(found)) if isinstance(found, str | int | Path) and str(found) else ""
