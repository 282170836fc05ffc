"""Cases of statements.json: the amount formula, and a whole small run from inputs to roots."""

from dataclasses import astuple
from typing import Any

from grid.domain import amounts, statements
from grid.domain.amounts import Prices, Quantities
from grid.domain.statements import PointDay, PointStatement, RunResult
from tests.vectors import sample_run

_AMOUNTS: list[tuple[str, tuple[int, int, int, int], tuple[int, int, int, int]]] = [
    ("nothing happened", (0, 0, 0, 0), (120_000, 30_000, 300_000, 80_000)),
    ("1 kWh from the supplier", (1000, 0, 0, 0), (120_000, 30_000, 300_000, 80_000)),
    ("1 kWh to the supplier", (0, 1000, 0, 0), (120_000, 30_000, 300_000, 80_000)),
    ("1 kWh from a neighbour", (1000, 0, 1000, 0), (120_000, 30_000, 300_000, 80_000)),
    ("1 kWh to a neighbour", (0, 1000, 0, 1000), (120_000, 30_000, 300_000, 80_000)),
    ("bought 3, used 2: one goes back at the export price", (2, 0, 3, 0), (120_000, 30_000, 300_000, 80_000)),
    ("sold 3, gave 2: one is bought at the import price", (0, 2, 0, 3), (120_000, 30_000, 300_000, 80_000)),
    ("imports and exports in one slot", (7, 5, 3, 0), (120_001, 30_001, 300_001, 80_001)),
    ("a loss of a thousandth rounds to minus one", (1, 0, 0, 0), (0, 0, 1, 0)),
    ("a gain of 999 thousandths rounds to nothing", (0, 1, 0, 0), (0, 0, 0, 999)),
    ("the supplier pays for import", (1000, 0, 0, 0), (120_000, 30_000, -9_999, -25_003)),
    ("export costs", (0, 1, 0, 0), (120_000, 30_000, 300_000, -25_003)),
    ("a negative local price pays the buyer", (500, 0, 500, 0), (-4_001, 30_000, 300_000, 80_000)),
    ("bought and unused at a negative export price", (0, 0, 999, 0), (120_000, 30_000, 300_000, -25_003)),
    ("large", (10**9, 0, 10**6, 0), (10**9, 10**6, 10**9, -(10**9))),
]


def _amount_case(case: str, energy: Quantities, prices: Prices) -> dict[str, Any]:
    return {
        "case": case,
        "importWh": str(energy.imported),
        "exportWh": str(energy.exported),
        "boughtWh": str(energy.bought),
        "soldWh": str(energy.sold),
        "localPrice": str(prices.local),
        "feePrice": str(prices.fee),
        "importPrice": str(prices.import_),
        "exportPrice": str(prices.export),
        "thousandths": str(amounts.line_milli(energy, prices)),
        "amount": str(amounts.line_amount(energy, prices)),
    }


def _point_input(item: PointDay) -> dict[str, Any]:
    return {
        "point": "0x" + item.point.hex(),
        "account": "0x" + item.account.hex(),
        "key": "0x" + sample_run.point_key(item.point).hex(),
        "importWh": [metered.import_wh for metered in item.metered],
        "exportWh": [metered.export_wh for metered in item.metered],
        "intervalIndex": [metered.interval_index for metered in item.metered],
        "fills": [
            [slot, "0x" + fill.order_hash.hex(), fill.fill_index, fill.bought_wh, fill.sold_wh]
            for slot, fill in sorted(item.fills.items())
        ],
        "holds": [list(pair) for pair in sorted(item.holds.items())],
    }


def _point_output(item: PointStatement) -> dict[str, Any]:
    return {
        "point": "0x" + item.point.hex(),
        "position": item.position,
        "amounts": [line.amount for line in item.lines],
        "dayNet": str(item.day_net),
        "firstLine": "0x" + item.line_leaves[0].hex(),
        "lastLine": "0x" + item.line_leaves[95].hex(),
        "linesRoot": "0x" + item.lines_root.hex(),
        "leaf": "0x" + item.leaf.hex(),
    }


def _run_output(run: RunResult) -> dict[str, Any]:
    return {
        "runKey": "0x" + run.key.hex(),
        "points": [_point_output(item) for item in run.statements],
        "mismatchWh": [header.mismatch_wh for header in run.headers],
        "feeAmount": [header.fee_amount for header in run.headers],
        "residualAmount": [header.residual_amount for header in run.headers],
        "firstHeader": "0x" + run.header_leaves[0].hex(),
        "rows": [{"address": "0x" + row.address.hex(), "net": str(row.net)} for row in run.rows],
        "dust": str(run.dust),
        "pointsRoot": "0x" + run.points_root.hex(),
        "headersRoot": "0x" + run.headers_root.hex(),
        "rowsRoot": "0x" + run.rows_root.hex(),
    }


def document() -> dict[str, Any]:
    inputs = sample_run.inputs()
    names = ("supplier", "fee", "dust", "balancing")
    return {
        "about": [
            "amounts: thousandths is T, amount = floor(T / 1000), toward minus infinity.",
            "run: a day of four points. fills are [slot, orderHash, fillIndex, boughtWh, soldWh], holds are",
            "[slot, holdIndex]; prices, feederWh, amounts and sums have one item per slot of the day.",
        ],
        "amounts": [
            _amount_case(case, Quantities._make(energy), Prices._make(prices)) for case, energy, prices in _AMOUNTS
        ],
        "run": {
            "zone": "0x" + sample_run.ZONE.hex(),
            "day": sample_run.DAY,
            "sequence": sample_run.SEQUENCE,
            "headerKey": "0x" + sample_run.HEADER_KEY.hex(),
            "system": {
                name: "0x" + address.hex() for name, address in zip(names, astuple(sample_run.SYSTEM), strict=True)
            },
            "prices": {
                name: [getattr(price, attribute) for price in inputs["prices"]]
                for name, attribute in (
                    ("localPrice", "local_price"),
                    ("feePrice", "fee_price"),
                    ("importPrice", "import_price"),
                    ("exportPrice", "export_price"),
                    ("tariffIndex", "tariff_index"),
                    ("priceIndex", "price_index"),
                    ("auctionIndex", "auction_index"),
                )
            },
            "feederWh": inputs["feeder_wh"],
            "points": [_point_input(item) for item in inputs["points"]],
            "result": _run_output(statements.build_run(**inputs)),
        },
    }
