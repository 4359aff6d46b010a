"""The options of `draupnir convert`. The command receives them as one object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click

from draupnir.tools.events.binning import Timesteps
from draupnir.tools.events.fitting import Crop, Fit, Polarity
from draupnir.tools.events.recording import FileOptions, SensorSize
from draupnir.tools.terminal.groups import grouped

FILE = click.Path(path_type=Path)
MOST_PIXELS = 1 << 15  # in one direction
MOST_ROWS = 1 << 16
UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000}  # us
MOST_BIN = 3_600_000_000  # us


def _size(ctx: click.Context, param: click.Parameter, text: str | None) -> SensorSize | None:
    """The size in a text WxH, or NxN in a text N of --pool."""
    if text is None:
        return None
    numbers = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text)
    alone = param.name == "pool"
    if numbers is None or not (numbers.group(2) or alone):
        raise click.BadParameter(f"{text!r}: right is {'N or ' * alone}WxH, for instance 128x128", ctx, param)
    size = SensorSize(int(numbers.group(1)), int(numbers.group(2) or numbers.group(1)))
    if not (1 <= size.width <= MOST_PIXELS and 1 <= size.height <= MOST_PIXELS):
        raise click.BadParameter(f"{text!r}: right is 1 to {MOST_PIXELS} pixels", ctx, param)
    return size


def _crop(ctx: click.Context, param: click.Parameter, text: str | None) -> Crop | None:
    """The part of a sensor in a text X,Y,W,H."""
    if text is None:
        return None
    numbers = re.fullmatch(r"(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})", text)
    if numbers is None:
        raise click.BadParameter(f"{text!r}: right is X,Y,W,H, for instance 32,32,64,64", ctx, param)
    x, y, width, height = map(int, numbers.groups())
    if not (width and height):
        raise click.BadParameter(f"{text!r}: right is a width and a height of at least 1", ctx, param)
    return Crop(x, y, SensorSize(width, height))


def _time(ctx: click.Context, param: click.Parameter, text: str) -> int:
    """A time in us, ms or s, as a whole number of us."""
    parts = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)(us|ms|s)", text)
    if parts is None:
        raise click.BadParameter(f"{text!r}: right is a number with its unit, us, ms or s: 1ms", ctx, param)
    length = Decimal(parts.group(1)) * UNITS[parts.group(2)]
    if length != int(length) or not 1 <= length <= MOST_BIN:
        right = f"right is a whole number of us, from 1us to {MOST_BIN // UNITS['s']}s"
        raise click.BadParameter(f"{text!r}: {right}", ctx, param)
    return int(length)


@dataclass(frozen=True)
class ConvertOptions:
    """The options of a conversion. ``OPTIONS`` has the meaning of each."""

    output: Path
    bin: int
    timesteps: int | None
    crop: Crop | None
    pool: SensorSize
    polarity: str
    size: SensorSize | None
    rows: int
    chip: str | None
    first_row: int
    clock: float | None

    @property
    def fit(self) -> Fit:
        """The way of an event to a row."""
        return Fit(self.crop, self.pool, Polarity(self.polarity), self.rows)

    @property
    def steps(self) -> Timesteps:
        """The timesteps of a sample."""
        return Timesteps(self.bin, self.timesteps)

    @property
    def files(self) -> FileOptions:
        """The part that a reader needs."""
        return FileOptions(self.size)


OPTIONS = (
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=FILE,
        required=True,
        help="Samples: .npz. With --chip an event file: .csv or .npy.",
    ),
    click.option(
        "--bin",
        metavar="TIME",
        callback=_time,
        default="1ms",
        show_default=True,
        help="Length of a timestep: 1ms, 500us, 0.1s.",
    ),
    click.option(
        "--timesteps",
        metavar="N",
        type=click.IntRange(1, 1 << 26),
        help="Timesteps of a sample.  [default: those of the longest]",
    ),
    click.option("--crop", metavar="X,Y,W,H", callback=_crop, help="Left, top, width, height of the part to take."),
    click.option(
        "--pool",
        metavar="N",
        callback=_size,
        default="1",
        show_default=True,
        help="Pixels that share a row: N for N x N, or WxH.",
    ),
    click.option(
        "--polarity",
        type=click.Choice([kind.value for kind in Polarity]),
        default="merge",
        show_default=True,
        help="One row for both polarities, a row for each, or events of one alone.",
    ),
    click.option("--size", metavar="WxH", callback=_size, help="Size of the sensor, if a file does not have it."),
    click.option(
        "--rows", metavar="N", type=click.IntRange(1, MOST_ROWS), default=256, show_default=True, help="Most rows."
    ),
    click.option("--chip", metavar="CHIP", help="Write an event file for this chip, of one recording."),
    click.option(
        "--first-row",
        metavar="N",
        type=click.IntRange(0, MOST_ROWS),
        default=0,
        show_default=True,
        help="With --chip: the row of input 0.",
    ),
    click.option(
        "--clock",
        metavar="MHZ",
        type=click.FloatRange(0, 1000, min_open=True),
        help="With --chip: the chip's clock, by which times become cycles.",
    ),
)

convert_options = grouped(ConvertOptions, OPTIONS, "options")
