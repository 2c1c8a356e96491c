"""The commands."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import click

import ingle.main
from ingle.cli import coverage
from ingle.cli import logs as logs_command
from ingle.cli import reset as reset_command
from ingle.cli import runtimes as runtimes_command
from ingle.cli.doctor import examine
from ingle.model.settings import SettingError, Settings, Source, load


def _settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """One flag for each setting."""
    for one in reversed(fields(Settings)):
        command = _option(one)(command)
    return command


def _option(one: Field[Any]) -> Callable[..., Any]:
    flag, text = f"--{one.name.replace('_', '-')}", one.metadata["help"]
    if isinstance(one.default, bool):
        return click.option(flag, one.name, is_flag=True, default=None, help=text)
    if isinstance(one.default, tuple):
        # None where it was not given: the environment and the file have their say then.
        return click.option(
            flag, one.name, multiple=True, callback=lambda _context, _option, given: given or None, help=text
        )
    choices = one.metadata["choices"]
    kind = click.Choice(choices) if choices else type(one.default)
    return click.option(flag, one.name, type=kind, default=None, help=text)


def _load(flags: dict[str, Any]) -> tuple[Settings, list[Source]]:
    try:
        return load(flags, os.environ, Path.cwd())
    except SettingError as error:
        raise click.ClickException(str(error)) from error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(ingle.__version__, prog_name="ingle")
def main() -> None:
    """Your own AWS Lambda: the real API, real sandboxes, no Docker."""


@main.command()
@_settings_options
def up(**flags: Any) -> None:
    """Start Ingle in the foreground; stop it with Ctrl-C or SIGTERM."""
    settings, _ = _load(flags)
    try:
        ingle.main.run(settings, announce=click.echo)
    except ingle.main.StartError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@_settings_options
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def config(as_json: bool, **flags: Any) -> None:
    """Show every setting, its value and where the value comes from."""
    _, sources = _load(flags)
    if as_json:
        click.echo(
            json.dumps({one.name: {"value": one.value, "from": one.origin} for one in sources}, indent=2)
        )
        return
    for one in sources:
        click.echo(f"{one.name} = {json.dumps(one.value)}  ({one.origin})")
        click.echo(f"    {one.help}  [INGLE_{one.name.upper()}]")


@main.command()
@_settings_options
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool, **flags: Any) -> None:
    """Say what this machine can do, and how to get the rest."""
    settings, _ = _load(flags)
    findings = examine(settings)
    if as_json:
        click.echo(json.dumps(findings, indent=2))
        return
    for title, lines in findings.items():
        click.secho(title, bold=True)
        for line in lines:
            click.echo(f"  {line}")


@main.group(invoke_without_command=True)
@_settings_options
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def runtimes(context: click.Context, /, as_json: bool, **flags: Any) -> None:
    """List the runtimes: what is installed, what is missing, and the command that gets it."""
    context.obj, _ = _load(flags)
    if context.invoked_subcommand is None:
        runtimes_command.report(context.obj, as_json)


@runtimes.command()
@click.argument("names", nargs=-1)
@click.pass_obj
def install(settings: Settings, names: tuple[str, ...]) -> None:
    """Fetch from PyPI what runtimes lack (boto3 for older Pythons): all that are here, or NAMES."""
    runtimes_command.install(settings, names)


@main.command()
def api_coverage() -> None:
    """Say which operations of Lambda's API there are, and what is not acted upon yet, in Markdown."""
    click.echo(coverage.page(), nl=False)


@main.command()
@click.option("--account", default="000000000000", show_default=True, help="Whose things are deleted.")
@click.option("--endpoint-url", envvar="AWS_ENDPOINT_URL", default="http://127.0.0.1:4566", show_default=True)
@click.confirmation_option(prompt="Delete everything that the account has in Ingle?")
def reset(account: str, endpoint_url: str) -> None:
    """Delete everything that an account has in a running Ingle, in every service and region."""
    click.echo(reset_command.reset(endpoint_url, account))


@main.command()
@click.argument("name")
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--since", default=0.0, help="Seconds to look back; 0 shows all.")
@click.option("--endpoint-url", envvar="AWS_ENDPOINT_URL", default="http://127.0.0.1:4566", show_default=True)
def logs(name: str, follow: bool, since: float, endpoint_url: str) -> None:
    """Print the log of function NAME (or of a log group, if NAME begins with a slash)."""
    try:
        logs_command.show(name, follow, since, endpoint_url)
    except KeyboardInterrupt:
        sys.exit(0)
