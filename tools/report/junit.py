"""Results as JUnit XML, which continuous integration reads."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from draupnir.golden.compare import ComparedBits
from draupnir.tools.report.provenance import Origin

_NOT_XML = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f]"
)  # characters that XML does not allow, such as the colours of a terminal


@dataclass(frozen=True)
class JUnitResult:
    """The result of a test or a case.

    failure : the reason of the failure, "" if it passed
    skipped : the reason why it says nothing, "" if it passed or failed
    seconds : the time that it took, None if not known
    properties : its counts, as texts
    """

    group: str
    name: str
    failure: str = ""
    seconds: float | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    skipped: str = ""


def counts(n_clocks: int, n_mismatches: int, bits: ComparedBits) -> dict[str, str]:
    """The properties of a comparison of pins. n_clocks, n_mismatches : at least 0"""
    return {
        "clocks compared": str(n_clocks),
        "mismatches": str(n_mismatches),
        "output bits": str(bits),
        "unknown bits": str(bits.n_unknown),
    }


def xml(suite: str, results: Sequence[JUnitResult], origin: Origin) -> str:
    """The text of an XML file: a suite with its origin as properties, and its results."""
    n_failed = sum(bool(result.failure) for result in results)
    root = ElementTree.Element("testsuite", name=suite, tests=str(len(results)), failures=str(n_failed))
    if n_skipped := sum(bool(result.skipped) for result in results):
        root.set("skipped", str(n_skipped))
    root.set("timestamp", origin.date)
    _properties(root, dict(origin.rows()))
    for result in results:
        case = ElementTree.SubElement(root, "testcase", classname=result.group, name=result.name)
        if result.seconds is not None:
            case.set("time", f"{result.seconds:.3f}")
        _properties(case, result.properties)
        if result.failure:
            message = result.failure.split("\n", 1)[0]
            ElementTree.SubElement(case, "failure", message=message).text = result.failure
        elif result.skipped:
            ElementTree.SubElement(case, "skipped", message=result.skipped)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return _NOT_XML.sub("", text.decode()) + "\n"


def _properties(element: ElementTree.Element, text_by_name: Mapping[str, str]) -> None:
    if text_by_name:
        properties = ElementTree.SubElement(element, "properties")
        for name, text in text_by_name.items():
            ElementTree.SubElement(properties, "property", name=name, value=text)
