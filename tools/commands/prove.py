"""`draupnir prove`: golden model and RTL compute the same for every input, or the input for which they differ."""

from __future__ import annotations

from pathlib import Path

import click

from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import options, outputs
from draupnir.tools.terminal.arguments import FOLDER, chip_argument, json_option
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/prove")


@click.command("prove")
@chip_argument
@options.rtl_options("A folder of Verilog, or a list of its files (.f), to prove beside our RTL.")
@click.option("--of", "parts", metavar="PART", multiple=True, help="Prove only this part; may be repeated.")
@click.option(
    "--limit",
    metavar="SECONDS",
    type=click.FloatRange(0, 86400, min_open=True),
    default=60.0,
    show_default=True,
    help="Time of the solver for each proof.",
)
@json_option
@click.option("-o", "--output", metavar="DIR", type=FOLDER, default=BUILD, show_default=True)
def command(chip: str, rtl: options.Rtl, parts: tuple[str, ...], limit: float, as_json: bool, output: Path) -> None:
    """Prove that golden model and RTL compute the same.

    The parts are the combinational ones of a chip, such as a neuron. A proof holds for every content of the part's
    inputs. If the two differ, the message has an input for which they do, and the exit status is 1; so it is if the
    time was not enough. The file prove.json has all claims, with their assumptions.

    \b
    Example: draupnir prove odin --rtl ~/ODIN/src --of lif
    """
    # Imported here, because --help needs none of it.
    from draupnir.tools.proofs import job

    leaves = job.leaves(chip, parts)
    declaration = rtl.declaration(chip)
    outputs.check({"--rtl": rtl.folder}, folders={"-o": output}, names=("prove.json",), adds_verilog=True)
    design = rtl.design(declaration, output) if rtl.folder else None
    proofs: list[job.PartProof] = []
    n_proofs = len(leaves) + sum(getattr(leaf, "original", None) is not None for leaf in leaves) * (design is not None)
    with progress(f"proofs of {chip}", n_proofs, "proofs") as advance:

        def took(proof: job.PartProof) -> None:
            proofs.append(proof)
            advance(1)

        holds = job.prove(leaves, design, limit, output, took)
    origin = provenance.origin([], rtl.folder, design.files if design else []).as_json()
    report = {"chip": chip, "holds": holds, "proofs": [proof.as_json() for proof in proofs], "origin": origin}
    (output / "prove.json").write_text(schema.text("prove", report) + "\n")
    if as_json:
        schema.echo("prove", report)
    else:
        for proof in proofs:
            click.echo(f"{proof.part:12}{proof.rtl:16}{proof}")
    if not holds:
        raise DifferenceFound
