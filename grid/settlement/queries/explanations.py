"""Statements in plain words: every sentence is made from the figures that were settled."""

from dataclasses import dataclass

from grid.domain.lines import Header, Line
from grid.domain.mandates import energy_text, price_text
from grid.settlement.models import PointStatement
from grid.settlement.queries.statements import headers_of, lines_of


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A line, its slot's header, and what happened in plain words."""

    line: Line
    header: Header
    words: list[str]


def explained(statement: PointStatement, *, currency: str) -> list[ExplainedLine]:
    """Return a statement's lines with their headers and words. Raises Erased, LogDamaged."""
    pairs = zip(lines_of(statement), headers_of(statement.run), strict=True)
    return [ExplainedLine(line, header, explain(line, header, currency=currency)) for line, header in pairs]


def explain(line: Line, header: Header, *, currency: str) -> list[str]:
    """Return what one quarter hour was made of, sentence by sentence."""

    def at(price: int) -> str:
        return f"at {price_text(price)} {currency} per kWh"

    used, fed = line.import_wh - line.bought_wh, line.export_wh - line.sold_wh
    local = at(header.local_price)
    sentences = [
        (True, f"The meter counted {_kwh(line.import_wh)} used and {_kwh(line.export_wh)} fed in."),
        (line.hold_index is not None, "On hold: settled with the supplier alone, without local trade."),
        (
            line.bought_wh > 0,
            f"{_kwh(line.bought_wh)} were bought locally {local} and {price_text(header.fee_price)} grid fee.",
        ),
        (line.sold_wh > 0, f"{_kwh(line.sold_wh)} were sold locally {local}."),
        (used > 0, f"{_kwh(used)} came from the supplier {at(header.import_price)}."),
        (used < 0, f"{_kwh(-used)} bought were not used; the supplier took them {at(header.export_price)}."),
        (fed > 0, f"{_kwh(fed)} went to the supplier {at(header.export_price)}."),
        (fed < 0, f"{_kwh(-fed)} sold were not fed in; the supplier stood in {at(header.import_price)}."),
    ]
    return [text for applies, text in sentences if applies]


def _kwh(energy_wh: int) -> str:
    return f"{energy_text(energy_wh)} kWh"
