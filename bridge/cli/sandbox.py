"""``bridge sandbox``: serve a practice library until stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.talk import Settings, settings, shared
from bridge.errors import NotAVaultError, UsageError

if TYPE_CHECKING:
    from bridge.sandbox.server import SandboxServer


@click.command()
@shared
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the library's data are.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; otherwise a free one.")
@click.option(
    "--seed",
    type=click.Choice(["demo", "empty"]),
    default="empty",
    show_default=True,
    help="What a new library holds.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="SPEC",
    help="Fail on purpose: 503:times=2,method=POST or drop-after.",
)
@settings
def sandbox(talk: Settings, data: Path | None, port: int, seed: str, faults: tuple[str, ...]) -> None:
    """Serve a practice library on this machine.

    It answers the Zotero Web API on 127.0.0.1 until it is stopped with Ctrl-C. It is for trying things out, not a place
    to keep papers. In a demo vault it serves that vault's library.
    """
    from bridge.sandbox.faults import parse_fault
    from bridge.sandbox.server import serve

    def announce(server: SandboxServer) -> None:
        if talk.json:
            # Flushed at once: whoever started us waits for this line.
            click.echo(json.dumps({"url": server.url, "library": server.library, "key": server.key}))
            return
        header = f"-H 'Zotero-API-Key: {server.key}'"
        talk.say(f"Serving {server.library} at {server.url} until Ctrl-C.")
        talk.say("Its key opens this practice library and nothing else. Try, in another terminal:")
        talk.say(f"  curl {header} '{server.url}/{server.library}/items/top?limit=3'")
        talk.say("and to change a paper, with its key in place of KEY:")
        change = """-X PATCH -H 'If-Unmodified-Since-Version: 999999' -d '{"title": "A new title"}'"""
        talk.say(f"  curl {header} {change} '{server.url}/{server.library}/items/KEY'")

    serve(
        data or _data_of_vault(talk.vault),
        port=port,
        seed=seed,
        faults=[parse_fault(text) for text in faults],
        announce=announce,
    )


def _data_of_vault(vault: Path | None) -> Path:
    from bridge.app import App

    try:
        app = App.open(vault)
    except NotAVaultError:
        raise UsageError("say with --data DIR where the library's data are; this is no demo vault") from None
    if app.config.sandbox is None:
        raise UsageError("this vault has no practice library; name a folder with --data DIR")
    return app.vault / app.config.sandbox.data
