"""``grasp view``."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
def view(run: Path, port: int) -> None:
    """Serve the page of RUN on this machine; it tells when the run has gone on.

    \b
    Examples:
      grasp view runs/mine
      grasp view runs/mine --port 8000
    """
    from grasp.report.html.live import server
    from grasp.runs.rundir import require_run

    with server(require_run(run), port) as serving:
        host, number = serving.server_address[:2]
        click.echo(f"http://{host!s}:{number}/ shows {run}; stop with Ctrl-C")
        with contextlib.suppress(KeyboardInterrupt):
            serving.serve_forever()
