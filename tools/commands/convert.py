"""`draupnir convert`: make samples, or an event file, of recordings of events."""

from __future__ import annotations

from pathlib import Path

import click

from draupnir.tools.events.options import ConvertOptions, convert_options
from draupnir.tools.report import figures, schema
from draupnir.tools.terminal import outputs
from draupnir.tools.terminal.arguments import json_option


@click.command("convert")
@click.argument("recordings", metavar="RECORDING...", type=click.Path(path_type=Path), nargs=-1, required=True)
@convert_options
@json_option
def command(recordings: tuple[Path, ...], options: ConvertOptions, as_json: bool) -> None:
    """Make samples of recordings of event cameras and of spike trains.

    RECORDING is a file, a folder of files, a folder with a folder of files for each label, or a CSV with the header
    file,label. The formats are AEDAT 2, 3 and 4, Prophesee DAT and RAW (EVT 2 and 3), event_stream (.es), N-MNIST
    (.bin), SHD and SSC (.h5), spike trains in .nwb, .nix and .txt, and tables of t, x, y and p in .npy. Most need:
    pip install 'draupnir[events]'.

    A camera has more pixels than a chip has rows: --crop, --pool and --polarity choose the pixels of each row. Several
    events of one row in one timestep become one spike. The command says how many events were merged, and how many were
    lost. The row of an event is (y W + x) P + p in a picture of W x H pools, with P polarities, off before on.

    With --chip the output is an event file for draupnir run and draupnir host.

    \b
    Example: draupnir convert nmnist/Test --pool 3 --bin 5ms --timesteps 60 -o test.npz
             draupnir map tinyodin net.npz --samples test.npz -o build/net
             draupnir convert hand.aedat4 --crop 64,32,128,128 --pool 8 --chip odin --clock 75 -o events.csv
    """
    from draupnir.tools.events import job  # imported here, because --help needs none of it

    for recording in recordings:
        outputs.check({"RECORDING": recording}, {"-o": options.output})
    conversion = job.run(recordings, options)
    if as_json:
        schema.echo("convert", conversion.as_json())
    else:
        figures.show(conversion.rows())
    for note in conversion.notes:
        click.echo(f"note: {note}", err=True)
    for warning in conversion.warnings():
        click.echo(f"warning: {warning}", err=True)
