"""`ingle runtimes`: what there is, what is missing, and the command that gets it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from ingle.model.clock import SystemClock, utc_date
from ingle.model.runtimes import RUNTIMES
from ingle.model.settings import Settings
from ingle.worker.catalogue import Catalogue, Missing, ProvidedFamily, PythonFamily, StagingError


def report(settings: Settings, as_json: bool) -> None:
    """Print every runtime that Lambda has, and whether functions of it can run here."""
    catalogue = Catalogue([_python(settings), ProvidedFamily()])
    catalogue.discover()
    there = [
        {"runtime": one.runtime, "version": one.version, "interpreter": one.interpreter, "notes": one.notes}
        for one in catalogue.installations
    ]
    names = [one.runtime for one in catalogue.installations]
    missing = [
        {"runtime": name, "message": found.message}
        for name in offered()
        if name not in names and isinstance(found := catalogue.availability(name), Missing)
    ]
    if as_json:
        click.echo(json.dumps({"installed": there, "missing": missing}, indent=2))
        return
    for one in there:
        click.echo(
            f"{one['runtime']}: {one['version']} ({one['interpreter'] or 'the function brings its own'})"
        )
        for note in one["notes"]:
            click.echo(f"    {note}")
    for lack in missing:
        click.echo(f"{lack['runtime']}: {lack['message']}")


def offered() -> list[str]:
    """The runtimes that Lambda takes for new functions today."""
    today = utc_date(SystemClock().time())
    return [
        name for name, one in RUNTIMES.items() if one.create_blocked is None or one.create_blocked > today
    ]


def install(settings: Settings, names: Sequence[str]) -> None:
    """Fetch from PyPI what the named runtimes lack; with no names, what any runtime found here lacks."""
    family = _python(settings)
    wanted = list(names) or [one.runtime for one in family.discover() if one.notes]
    for name in wanted:
        click.echo(f"{name}: fetching")
        try:
            family.install(name)
        except (StagingError, ValueError) as error:
            raise click.ClickException(f"{name}: {error}") from error


def _python(settings: Settings) -> PythonFamily:
    return PythonFamily(settings.directory() / "runtimes")
