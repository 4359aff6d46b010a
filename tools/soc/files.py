"""All files that put a chip on a bus: Verilog, the C driver, an image of a network, and the page of the address map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from draupnir.emulator.configuration import Configuration
from draupnir.golden.files import filling
from draupnir.rtl import emit
from draupnir.rtl.soc import peripheral
from draupnir.rtl.soc.address_map import AddressMap
from draupnir.rtl.soc.registers import STICKY
from draupnir.tools.soc import image, page

HERE = Path(__file__).parent


def write(
    chip: str,
    bus: str,
    folder: Path,
    configuration: Configuration | None = None,
    is_zeroed: bool = False,
    **parameters: Any,
) -> list[Path]:
    """Write the files into a folder, and return their paths. The folder has all of them, or is as it was before.

    bus : a name in ``peripheral.FACES``
    configuration : the network of the image; None for no image; is_zeroed : as for ``image.image``
    parameters : parameters of the chip

    Raises InputError for a chip that cannot be on a bus, and for an unknown bus or parameter.
    """
    the_map = peripheral.map_of(chip, **parameters)
    name = f"{chip}_soc"
    texts = {
        f"{name}.h": render("header.h.jinja", name, bus, the_map),
        f"{name}.c": render("driver.c.jinja", name, bus, the_map),
        f"{name}.md": page.markdown(bus, the_map),
    }
    if configuration is not None:
        texts[f"{name}_image.h"] = image.c_source(name, image.image(the_map, configuration, is_zeroed))
    component = peripheral.make_peripheral(chip, bus, **parameters)
    with filling(folder) as scratch:
        emit.write_verilog(component, name, scratch)
        for file, text in texts.items():
            (scratch / file).write_text(text)
    return [folder / file for file in (f"{name}.v", *texts)]


def render(template: str, name: str, bus: str, the_map: AddressMap) -> str:
    """Return a file of the driver.

    template : its template in this room; name : the beginning of all names in C
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # loads slowly

    environment = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    prefix = name.upper()
    pins = zip(the_map.buses.levels_in, the_map.register("PINS_IN").word, strict=True)
    return environment.get_template(template).render(
        name=name,
        P=prefix,
        guard=f"{prefix}_H",
        title=the_map.chip.title,
        bus=peripheral.face(bus).title,
        map=the_map,
        running=sum(pin.rest << f.lsb for pin, f in pins),
        sticky=[f"MASK(IRQ_PENDING_{field.upper()})" for field in STICKY],
    )
