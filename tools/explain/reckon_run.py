"""The histories of ReckOn's neurons, which its host leads from timestep to timestep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from draupnir.emulator.codec import from_limbs
from draupnir.emulator.configuration import Configuration
from draupnir.emulator.declare import Chip
from draupnir.emulator.errors import InputError
from draupnir.emulator.kernel.arith import signed
from draupnir.emulator.kernel.jit import plain
from draupnir.emulator.parts.handshake import Environment
from draupnir.emulator.reckon import host as hosts
from draupnir.emulator.reckon.chip import Model
from draupnir.emulator.reckon.events import watched
from draupnir.emulator.reckon.layout import CHIP, N_OUT, NEURONS, PAIR, U_BITS, WEIGHT, WINP, WOUT, WREC, N
from draupnir.emulator.reckon.notes import NOBODY, Watched
from draupnir.emulator.reckon.pair import HALF_BITS
from draupnir.emulator.speeds import limits
from draupnir.tools.explain import reckon_words as words
from draupnir.tools.explain.history import ExplainedNeuron, History
from draupnir.tools.explain.part import Explainer, Question, RunTerms, check_number
from draupnir.tools.explain.visits import SynapseTurn, Visit
from draupnir.tools.run import events as event_files
from draupnir.tools.run import hosted

assert WOUT.matrix is not None
OUT = WOUT.matrix.columns[0]  # the name of the output neurons
LAST = "SPI_NUM_REC_NEUR"
POTENTIAL, OUT_POTENTIAL = "neur_u", "oneur_u"


class _ReckonExplainer:
    """Explains the recurrent and the output neurons of ReckOn; see ``part.Explainer``."""

    def check(self, chip: Chip, question: Question) -> None:
        if question.population not in ("", OUT):
            right = f"a number such as 17 for a recurrent neuron, or {OUT}:3 for an output neuron"
            raise InputError(f"--neuron {question.neuron_text}: right is {right}")
        if question.population:
            check_number(f"--neuron {OUT}:", question.neuron, chip.name, N_OUT, "output neurons")
        else:
            check_number("--neuron ", question.neuron, chip.name, N, "recurrent neurons")
        check_number("--synapse ", question.pre, chip.name, N)

    def explain(
        self,
        configuration: Configuration,
        events: Path,
        question: Question,
        terms: RunTerms,
        advance: Callable[[int], None],
    ) -> History:
        model = Model(terms.seed)
        configuration.apply(model)
        ops, host = hosted.read(events, model, terms.timesteps), _host(terms.environment)
        limit = hosts.clock_limit(ops, host) if question.cycle is None else question.cycle + 1
        reader = _Reader(configuration, question, int(model.registers[0].cycle))
        n_lines, n_advanced, n_cycles, is_complete = event_files.count(events), 0, 0, False
        visits: list[Visit] = []
        for piece in watched.run(model, ops, host, reader.watched, limit):
            visits += reader.visits(piece)
            n_cycles, is_complete = n_cycles + piece.n_cycles, piece.is_complete
            n_used = n_lines * piece.n_done // max(len(ops), 1)
            advance(n_used - n_advanced)
            n_advanced = n_used
        if question.cycle is None and not is_complete:
            raise limits.NotAtRest(f"{limits.not_at_rest(n_cycles, 0)}; --cycle N explains the clocks up to N")
        return History(
            CHIP.name, question.neuron_text, question.pre, reader.subject(visits), visits, n_cycles, question.cycle
        )


EXPLAINER: Explainer = _ReckonExplainer()


def _host(e: Environment) -> hosts.Host:
    return hosts.Host(gap=e.gap, hold=e.hold, ack_delay=e.ack_delay, ack_hold=e.ack_hold)


class _Reader:
    """Reads notes as visits.

    first_cycle : the number that the model gives the first clock of the run
    """

    def __init__(self, configuration: Configuration, question: Question, first_cycle: int) -> None:
        self._registers = {name: contents[0] for name, contents in configuration.registers.items()}
        self._configuration, self._question, self._first_cycle = configuration, question, first_cycle
        self._is_output, self._odd = bool(question.population), question.neuron & 1
        pre = NOBODY if question.pre is None else question.pre
        both = (NOBODY, question.neuron) if self._is_output else (question.neuron, NOBODY)
        self.watched = Watched(*both, pre)

    def visits(self, piece: watched.NotedPiece) -> Iterator[Visit]:
        """Yield the visits of a piece."""
        for note, turns in zip(piece.noted, piece.turns, strict=True):
            yield self._visit(note, turns)

    def _visit(self, note: Any, turns: Any) -> Visit:
        stimulus = words.stimulus_of(note, self._is_output)
        keeps = ("learning_signal", "neur_h", "trace_reg") if note.keeps else ()
        return Visit(
            int(note.cycle) - self._first_cycle,
            words.event_text(note, self._is_output),
            self._state(int(note.old_state)) if note.is_written else None,
            self._state(int(note.new_state)) if note.is_written else None,
            stimulus,
            bool(note.spikes),
            tuple(self._turns(note, turns)) if note.is_turn else (),
            words.detail_text(stimulus, self._registers),
            words.moment_text(note),
            bool(note.steps),
            bool(note.forgets),
            {name: int(getattr(note, name)) for name in keeps},
        )

    def _state(self, bits: int) -> dict[str, int]:
        """The state of the neuron, by the names of its fields without the digit of its half."""
        if self._is_output:
            return {OUT_POTENTIAL: plain(signed)(bits, U_BITS)}
        return {
            f.name.removesuffix(str(self._odd)): f.take(bits << HALF_BITS * self._odd)
            for f in PAIR
            if f.kind == "state" and f.name.endswith(str(self._odd))
        }

    def _turns(self, note: Any, turns: Any) -> Iterator[SynapseTurn]:
        pre, neuron = self._question.pre, self._question.neuron
        assert pre is not None
        for memory, turn in zip(self._memories, turns, strict=False):
            yield SynapseTurn(
                f"{memory} {pre} -> {neuron}",
                {WEIGHT["w"].name: int(turn.old_w)},
                {WEIGHT["w"].name: int(turn.new_w)},
                words.why(memory, pre, note, turn, self._registers),
                words.terms_of(memory, note, turn),
            )

    @property
    def _memories(self) -> tuple[str, ...]:
        return (WOUT.name,) if self._is_output else (WINP.name, WREC.name)

    def subject(self, visits: list[Visit]) -> ExplainedNeuron:
        """The neuron, with those of its traces that are ever above 0."""
        learn = self._registers[words.LEARN]
        rest = "no timestep with TARGET_VALID comes" if learn else f"{words.LEARN} is 0"
        if self._is_output:
            name = f"output neuron {self._question.neuron}"
            return ExplainedNeuron(name, "leaky integrator", OUT_POTENTIAL, WEIGHT["w"].name, None, rest=rest)
        parameters = self._parameters()
        states = [visit.state_after for visit in visits if visit.state_after]
        traces = [name for name in (states[0] if states else {}) if name != POTENTIAL]
        return ExplainedNeuron(
            f"neuron {self._question.neuron}",
            "recurrent LIF",
            POTENTIAL,
            WEIGHT["w"].name,
            parameters["thr"],
            parameters,
            rest=rest,
            silence="" if any(visit.ends_timestep for visit in visits) else self._unused(),
            curves={name: {} for name in traces if any(state[name] for state in states)},
        )

    def _unused(self) -> str:
        return f"no timestep ends for it; {LAST} is {self._registers[LAST]}, the last recurrent neuron"

    def _parameters(self) -> Mapping[str, int]:
        content = from_limbs(self._configuration.memories[NEURONS.name][self._question.neuron >> 1])
        return {f.name: f.take(content) for f in PAIR if f.kind == "parameter"}
