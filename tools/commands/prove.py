"""`draupnir prove`: golden model and RTL compute the same for every input, or the input for which they differ."""

from __future__ import annotations

from pathlib import Path

import click

from draupnir.tools.report import provenance, schema
from draupnir.tools.terminal import options, outputs
from draupnir.tools.terminal.arguments import FOLDER, chip_argument, json_option, limit_option
from draupnir.tools.terminal.errors import DifferenceFound
from draupnir.tools.terminal.progress import progress

BUILD = Path("build/prove")


@click.command("prove")
@chip_argument
@options.rtl_options("A folder of Verilog, or a list of its files (.f), to prove beside our RTL.")
@click.option(
    "--of", "parts", metavar="PART", multiple=True, help="Prove only this part, or this block; may be repeated."
)
@limit_option("CPU time of the solver for each question of a proof; 10 s at most after one without an answer.", 300.0)
@click.option(
    "--solver", type=click.Choice(["bitwuzla", "z3"]), default="bitwuzla", show_default=True, help="What decides."
)
@json_option
@click.option("-o", "--output", metavar="DIR", type=FOLDER, default=BUILD, show_default=True)
def command(
    chip: str, rtl: options.Rtl, parts: tuple[str, ...], limit: float, solver: str, as_json: bool, output: Path
) -> None:
    """Prove that golden model and RTL compute the same.

    The parts are the combinational ones of a chip, such as a neuron, and the whole chip from one edge to the next. A
    proof holds for every content of the part's inputs, or of the whole chip. If the two differ, the message has
    contents for which they do, and the exit status is 1; so it is if the time was not enough. The file prove.json has
    all claims, with their assumptions; a neuron or a synapse that differs becomes a golden case in DIR/witnesses.

    \b
    Example: draupnir prove odin --rtl ~/ODIN/src --of lif
    """
    # Imported here, because --help needs none of it.
    from draupnir.tools.proofs import job

    claims = job.parts(chip, parts)
    job.check_solver("prove", solver)
    declaration = rtl.declaration(chip)
    job.check_size(declaration)
    outputs.check({"--rtl": rtl.folder}, folders={"-o": output}, names=("prove.json",), adds_verilog=True)
    design = rtl.design(declaration, output) if rtl.folder else None
    designs = job.Designs(chip, design, output, solver)
    todo = [(claim, name) for claim in claims for name in designs.rtls(claim)]
    todo.sort(key=lambda one: job.is_of_our_chip(*one))  # the longest ones at the end
    proofs: list[job.PartProof] = []
    width = max(12, 1 + max(len(claim.name) for claim in claims))
    with progress(f"proofs of {chip}", len(todo), "proofs") as advance:
        for claim, name in todo:
            proofs.append(designs.prove(claim, name, limit))
            advance(1)
            if not as_json:
                click.echo(f"{proofs[-1].part:{width}}{proofs[-1].rtl:16}{proofs[-1]}")
    holds = all(proof.proof.holds is True for proof in proofs)
    origin = provenance.origin([], rtl.folder, rtl.sources()).as_json()
    report = {"chip": chip, "holds": holds, "proofs": [proof.as_json() for proof in proofs], "origin": origin}
    schema.write(output / "prove.json", "prove", report)
    if as_json:
        schema.echo("prove", report)
    if not holds:
        raise DifferenceFound
