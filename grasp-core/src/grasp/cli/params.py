"""The option ``-P KEY=VALUE``, which several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from grasp.contracts import ConfigError

F = TypeVar("F", bound=Callable[..., object])


def param_option(help: str) -> Callable[[F], F]:
    """Add the option; the command gets ``params``, as overrides for ``load_config``."""
    return click.option(
        "-P", "--param", "params", multiple=True, metavar="KEY=VALUE", callback=_overrides,
        help=help,
    )  # fmt: skip


def _overrides(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    for value in values:
        key, equals, _ = value.partition("=")
        if not (equals and key.strip()):
            raise ConfigError(f"-P {value!r} is not of the form KEY=VALUE", "e.g. -P seed=7")
    return tuple(f"task_params.{value}" for value in values)
