import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from draupnir.emulator import chips, state
from draupnir.emulator.declare import Block, Chip, Field, Memory, Pin, Reg, Word
from draupnir.emulator.trace import new_rows

TOY = Chip(
    "toy",
    "",
    (Pin("CLK", "in", 1, "clock", ""),),
    (Memory("mem", 3, 40, (Word("w", 40, (Field("f", 0, 40, ""),)),)),),
    (),
    (Block("b", (Reg("cnt", 4), Reg("kept", 4, None), Reg("fifo", 3, None, (2, 3)), Reg("marks", 1, 1, (4,)))),),
    (),
    "",
)
EXTRA = (Reg("cycle", 63),)
every_chip = pytest.mark.parametrize("name", chips.names())


def new(seed: int | None = None) -> tuple[np.recarray, dict[str, np.ndarray]]:
    return state.new_registers(TOY, EXTRA, seed), {"mem": state.new_memory(TOY.memories[0])}


@every_chip
def test_every_register_is_a_64_bit_integer(name: str) -> None:
    dtype = state.record_dtype(chips.declaration(name))
    assert all(dtype[field].base == np.int64 for field in dtype.fields or ())


def test_arrays_of_registers_are_flat() -> None:
    dtype = state.record_dtype(TOY, EXTRA)
    assert dtype.names == ("cnt", "kept", "fifo", "marks", "cycle")
    assert dtype["fifo"].shape == (6,) and dtype["cnt"].shape == ()


@every_chip
def test_all_bits_are_0_before_the_first_clock(name: str) -> None:
    chip = chips.declaration(name)
    assert not state.new_registers(chip).tobytes().strip(b"\0")
    assert not any(state.new_memory(memory).any() for memory in chip.memories)


@every_chip
@given(seed=st.integers(0, 1000))
def test_a_random_start_touches_only_registers_without_a_reset(name: str, seed: int) -> None:
    chip = chips.declaration(name)
    record = state.new_registers(chip, EXTRA, seed)
    names = [reg.name for reg in state.registers(chip) if reg.reset is None]
    assert not any(record[reg].any() for reg in record.dtype.fields or () if reg not in names)
    assert state.out_of_range(chip, record) == []


@every_chip
def test_random_starts_reach_every_bit_of_every_register_without_a_reset(name: str) -> None:
    chip = chips.declaration(name)
    records = [state.new_registers(chip, seed=seed) for seed in range(64)]
    for reg in state.registers(chip):
        if reg.reset is None:
            bits = np.bitwise_or.reduce([record[reg.name] for record in records])
            assert (bits == (1 << reg.width) - 1).all(), reg.name


def test_a_seed_gives_the_same_start_again() -> None:
    assert state.new_registers(TOY, seed=7).tobytes() == state.new_registers(TOY, seed=7).tobytes()
    assert state.new_registers(TOY, seed=7).tobytes() != state.new_registers(TOY, seed=8).tobytes()


def test_a_memory_is_words_by_limbs() -> None:
    memory = state.new_memory(TOY.memories[0])
    assert memory.shape == (3, 2) and memory.dtype == np.uint32


@pytest.mark.parametrize(("content", "names"), [(15, []), (16, ["cnt"]), (-1, ["cnt"])])
def test_a_register_beyond_its_width_is_named(content: int, names: list[str]) -> None:
    record, _ = new()
    record.cnt[0] = content
    assert state.out_of_range(TOY, record) == names


def test_one_element_beyond_its_width_is_enough() -> None:
    record, _ = new()
    record["fifo"][0, 5] = 8
    assert state.out_of_range(TOY, record) == ["fifo"]


def test_a_restored_snapshot_undoes_what_came_after() -> None:
    record, memories = new(seed=1)
    memories["mem"][2] = (5, 6)
    old_bytes = record.tobytes(), memories["mem"].tobytes()
    snapshot = state.take(record, memories)
    record.cnt[0] = 3
    record["fifo"][0, :] = 0
    memories["mem"][:] = 9
    state.put_back(snapshot, record, memories)
    assert (record.tobytes(), memories["mem"].tobytes()) == old_bytes


def test_restoring_writes_into_the_arrays_in_place() -> None:
    record, memories = new()
    element, memory = record[0], memories["mem"]
    snapshot = state.take(record, memories)
    record.cnt[0] = 3
    memory[0, 0] = 3
    state.put_back(snapshot, record, memories)
    assert element.cnt == 0 and memories["mem"] is memory and memory[0, 0] == 0


def test_equal_snapshots_do_not_differ() -> None:
    record, memories = new(seed=1)
    assert state.diff(state.take(record, memories), state.take(record, memories)) == []


def test_a_difference_names_register_or_memory_and_both_values() -> None:
    record, memories = new()
    start = state.take(record, memories)
    record.cnt[0] = 10
    record["fifo"][0, 4] = 2
    memories["mem"][2, 1] = 255
    end = state.take(record, memories)
    assert state.diff(start, end) == ["cnt: 0x0 -> 0xa", "fifo[4]: 0x0 -> 0x2", "mem[2, 1]: 0x0 -> 0xff"]


@every_chip
def test_a_drive_without_rows_loads_the_machine_code_and_changes_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It calls the kernels. Without that, the first rows would load them, and these rows may be timed."""
    model = chips.model(name)(seed=1)
    run, n_rows = model._run, list[int]()

    def noting_run(inputs: np.ndarray, clk: np.ndarray, out: np.ndarray) -> None:
        n_rows.append(len(inputs))
        run(inputs, clk, out)

    monkeypatch.setattr(model, "_run", noting_run)
    start = model.snapshot()
    outputs = model.drive(new_rows(model.chip.input_word, 0), np.zeros(0, np.uint8))
    assert n_rows == [0] and len(outputs) == 0
    assert state.diff(start, model.snapshot()) == []
