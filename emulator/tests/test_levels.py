"""Our chips' levels have the types of the protocols: the type checker checks the names below."""

from draupnir.emulator import chips
from draupnir.emulator.gungnir.events import closed_loop as gungnir_loop
from draupnir.emulator.gungnir.events import engine as gungnir_engine
from draupnir.emulator.odin.events import closed_loop as odin_loop
from draupnir.emulator.odin.events import engine as odin_engine
from draupnir.emulator.reckon import host
from draupnir.emulator.reckon.events import closed_loop as reckon_loop
from draupnir.emulator.reckon.events import engine as reckon_engine
from draupnir.emulator.speeds.levels import (
    BUS_ENGINE,
    CLOSED_LOOP,
    ENGINE,
    HOST,
    HOSTED_ENGINE,
    BusLevel,
    ClosedLoopLevel,
    HostedLevel,
    HostRoom,
    Level,
)
from draupnir.emulator.tinyodin.events import closed_loop as tinyodin_loop
from draupnir.emulator.tinyodin.events import engine as tinyodin_engine

BUS_ENGINES: dict[str, BusLevel] = {"odin": odin_engine, "tinyodin": tinyodin_engine, "gungnir": gungnir_engine}
HOSTED_ENGINES: dict[str, HostedLevel] = {"reckon": reckon_engine}
CLOSED_LOOPS: dict[str, ClosedLoopLevel] = {
    "odin": odin_loop,
    "tinyodin": tinyodin_loop,
    "reckon": reckon_loop,
    "gungnir": gungnir_loop,
}
HOSTS: dict[str, HostRoom] = {"reckon": host}


def test_a_chip_s_levels_are_those_that_its_object_names() -> None:
    engines: dict[str, Level] = {**BUS_ENGINES, **HOSTED_ENGINES}
    for name, engine in engines.items():
        package = chips.package(name)
        assert ENGINE.load(package) is engine
        assert CLOSED_LOOP.load(package) is CLOSED_LOOPS[name]
        assert (HOSTED_ENGINE if name in HOSTS else BUS_ENGINE).load(package) is engine
        assert HOST.load(package) is HOSTS.get(name)
