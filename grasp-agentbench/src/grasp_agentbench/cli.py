"""``grasp agentbench``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.group()
def agentbench() -> None:
    """The machines of AgentBench's OS."""


@agentbench.command("os-image")
@click.option(
    "--from",
    "archive",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Archive of a root file system, such as docker export writes, instead of mmdebstrap.",
)
@click.option("--suite", help="Release of Debian or Ubuntu that mmdebstrap installs.  [bookworm]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def os_image(archive: Path | None, suite: str | None, as_json: bool) -> None:
    """Make the image whose programs the machines of agentbench-os have.

    Without one, the sandbox userns shows the host's programs: their rights can't be changed,
    and nothing can be installed beside them. With one, machines are alike wherever they run.
    It is a small Debian of some 300 MB, fetched by mmdebstrap (apt-get install mmdebstrap)
    in a minute or two, and lies in GRASP's cache or in the folder GRASP_OS_IMAGE. Root and
    other users have one each.

    \b
    grasp agentbench os-image
    docker export $(docker create ubuntu) > ubuntu.tar
    grasp agentbench os-image --from ubuntu.tar
    """
    from grasp_agentbench.os_interaction.sandbox.image import (
        SUITE,
        bootstrap,
        image_home,
        unpack,
    )

    if archive is not None and suite is not None:
        raise click.UsageError("an archive has its release already: leave out --suite or --from")
    home = image_home()
    image = bootstrap(home, suite or SUITE) if archive is None else unpack(archive, home)
    if as_json:
        about = {"image": str(home), "origin": image.origin, "sha256": image.sha256}
        click.echo(json.dumps(about, indent=2))
    else:
        click.echo(f"{home} has {image.origin}; agentbench-os uses it from now on.")
