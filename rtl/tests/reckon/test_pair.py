import random
from typing import Any

from draupnir.emulator.reckon.layout import LFSRS
from draupnir.rtl.reckon.pair import HiddenNeuron
from draupnir.rtl.tests.reckon import naive
from draupnir.rtl.tests.reckon.test_lfsr import as_word
from draupnir.rtl.tests.reckon.test_lfsr import naive as bits_of
from draupnir.rtl.tests.simulate import run_clocked

RANDOM = {  # the bits of its LFSR that each stochastic rounding uses
    name: as_word(bits_of(lfsr, lfsr.reset, lfsr.unfold))
    for name in ("neur_u", "tinp", "trec", "tout")
    for lfsr in LFSRS
    if lfsr.name == f"lfsr_strnd_{name}0"
}


def _case(rng: random.Random) -> dict[str, Any]:
    potentials = (-32768, 32767, -1, 0, rng.randrange(-32768, 32768))
    return {
        "state": {
            "neur_u": rng.choice(potentials),
            "trace_inp": rng.choice([0, 4095, rng.randrange(4096)]),
            "trace_rec": rng.choice([0, 4095, rng.randrange(4096)]),
            "trace_out": rng.choice([0, 1023, rng.randrange(1024)]),
        },
        "event": {name: rng.random() < 0.3 for name in ("trace_inp", "trace_rec", "trace_out")},
        "integrates": rng.randrange(2),
        "steps": rng.randrange(2),
        "step_writes": rng.randrange(2),
        "w_inp": rng.randrange(-128, 128) << rng.randrange(8),
        "w_rec": rng.randrange(-128, 128) << rng.randrange(8),
        "noise": rng.choice([0, rng.randrange(-32768, 32768)]),
        "alpha": rng.choice([0x8000, 0x7FFF, 0x8FFF, rng.randrange(0x7000, 0x9000)]),
        "thr": rng.choice(potentials),
        "config.spi_en_stoch_round": rng.randrange(2),
        "config.spi_kappa": rng.choice([0x80, 0x7A, rng.randrange(256)]),
        "config.spi_rst_mode": rng.randrange(2),
        **{f"config.spi_fp_loc_{t}": rng.randrange(8) for t in ("tinp", "trec", "tout")},
    }


def _expected(c: dict[str, Any]) -> tuple[dict[str, int], int]:
    """Return the expected state and spike."""
    state, en, kappa = c["state"], c["config.spi_en_stoch_round"], c["config.spi_kappa"]
    u, expected_state = state["neur_u"], {}
    spike = c["step_writes"] and u >= c["thr"]
    alpha_en, kappa_en = en and c["alpha"] != 0x8000, en and kappa != 0x80
    if c["integrates"]:
        expected_state["neur_u"] = naive.integrate(u, c["w_inp"], c["w_rec"], c["noise"])
    elif c["step_writes"]:
        leaked = naive.decay(u, c["alpha"], 15, 16, alpha_en, RANDOM["neur_u"])
        expected_state["neur_u"] = (0 if c["config.spi_rst_mode"] else leaked - c["thr"]) if spike else leaked
    else:
        expected_state["neur_u"] = 0
    for name, bits, increment in (("inp", 12, 8), ("rec", 12, 8), ("out", 10, 2)):
        trace = state[f"trace_{name}"]
        if c["event"][f"trace_{name}"]:
            trace = min(trace + (increment << c[f"config.spi_fp_loc_t{name}"]), (1 << bits) - 1)
        elif c["steps"] and name == "out":
            trace = naive.decay(trace, kappa, 7, bits, kappa_en, RANDOM["tout"])
        elif c["steps"]:
            trace = naive.decay(trace, c["alpha"], 15, bits, alpha_en, RANDOM[f"t{name}"])
        expected_state[f"trace_{name}"] = trace
    expected_state["neur_u"] = naive.signed(expected_state["neur_u"], 16)
    return expected_state, int(spike)


def test_a_neuron_does_what_the_originals_does() -> None:
    neuron, rng = HiddenNeuron(0), random.Random(11)

    async def bench(ctx: Any) -> None:
        for _ in range(600):
            case = _case(rng)
            for name, level in case.items():
                path, _, register = name.partition(".")
                target = getattr(neuron.config, register) if register else getattr(neuron, path)
                ctx.set(target, level)
            state_next = ctx.get(neuron.state_next)
            actual_state = {name: state_next[name] for name in case["state"]}
            assert (actual_state, ctx.get(neuron.spike)) == _expected(case), case

    run_clocked(neuron, bench, domains=("srst",))


def test_rounding_takes_new_bits_only_in_the_clock_that_writes() -> None:
    neuron = HiddenNeuron(0)
    lfsr = next(lfsr for lfsr in LFSRS if lfsr.name == "lfsr_strnd_neur_u0")
    expected = bits_of(lfsr, lfsr.reset, 2 * lfsr.unfold)

    async def bench(ctx: Any) -> None:
        ctx.set(neuron.config.spi_en_stoch_round, 1)
        ctx.set(neuron.alpha, 0x7FFF)
        await ctx.tick("srst").repeat(3)
        for step in range(2):
            ctx.set(neuron.step_writes, 1)
            rand = as_word(expected[step * lfsr.unfold :][: lfsr.unfold])
            for u in (-20000, 12345):
                state = {"neur_u": u, "trace_inp": 0, "trace_rec": 0, "trace_out": 0}
                ctx.set(neuron.state, state)
                ctx.set(neuron.thr, 32767)
                leaked = naive.decay(u, 0x7FFF, 15, 16, 1, rand)
                assert ctx.get(neuron.state_next)["neur_u"] == naive.signed(leaked, 16)
            await ctx.tick("srst")

    run_clocked(neuron, bench, domains=("srst",))
