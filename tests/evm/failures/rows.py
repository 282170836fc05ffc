"""Settlement: the rows of a run."""

from tests.evm.failures.catalogue import Catalogue, Due
from tests.evm.failures.settlement import NETS, correct, posting, rows_of
from tests.evm.world import NOBODY, OTHER_ZONE, TOKEN, World, row

ROWS = Catalogue("Settlement")
failure, works = ROWS.failure, ROWS.works


# Rows


@failure("no rows", "RowCountWrong")
def _(world: World) -> Due:
    return Due(rows_of(world, []), (0,))


@failure("a system row too few", "RowCountWrong")
def _(world: World) -> Due:
    return Due(rows_of(world, world.rows({})[:3]), (3,))


@failure("a member too many", "RowCountWrong")
def _(world: World) -> Due:
    members = [row(f"0x{number:040x}", 0) for number in range(1, 514)]
    return Due(posting(world, pointCount=513).but(1, [*members, *world.rows({})]), (517,))


@failure("rows out of order", "RowsNotAscending")
def _(world: World) -> Due:
    rows = world.rows(NETS)
    rows[0], rows[1] = rows[1], rows[0]
    return Due(rows_of(world, rows), (1, "0x" + rows[1][:20].hex()))


@failure("the same member twice", "RowsNotAscending")
def _(world: World) -> Due:
    rows = world.rows(NETS)
    return Due(rows_of(world, [rows[0], *rows]), (1, "0x" + rows[0][:20].hex()))


@failure("a row of nobody", "RowsNotAscending")
def _(world: World) -> Due:
    return Due(rows_of(world, [row(NOBODY, 0), *world.rows({})]), (0, NOBODY))


@failure("the supplier among the members", "SystemAccountAmongMembers")
def _(world: World) -> Due:
    return Due(rows_of(world, [row(world["supplier"], 0), *world.rows({})]), (0, world["supplier"]))


@failure("the balancing account among the members", "SystemAccountAmongMembers")
def _(world: World) -> Due:
    rows = sorted([row(world["balancing"], 0), row(world["alice"], 0), row(world["bob"], 0)])
    place = [item[:20].hex() for item in rows].index(world["balancing"][2:])
    return Due(rows_of(world, [*rows, *world.rows({})]), (place, world["balancing"]))


@failure("system rows out of place", "SystemRowWrong")
def _(world: World) -> Due:
    rows = world.rows({})
    rows[0], rows[1] = rows[1], rows[0]
    return Due(rows_of(world, rows), (0, world["fee"], world["supplier"]))


@failure("a stranger's row in the place of dust", "SystemRowWrong")
def _(world: World) -> Due:
    rows = world.rows(NETS)
    rows[-2] = row(world["stranger"], 2)
    return Due(rows_of(world, rows), (5, world["stranger"], world["dust"]))


@failure("rows that sum to one", "SumNotZero")
def _(world: World) -> Due:
    rows = world.rows(NETS)
    rows[0] = rows[0][:20] + (int.from_bytes(rows[0][20:], "big", signed=True) + 1).to_bytes(12, "big", signed=True)
    return Due(rows_of(world, rows), (1,))


@failure("rows of the largest nets", "SumNotZero")
def _(world: World) -> Due:
    rows = [row(world["alice"], 2**95 - 1), *world.rows({})]
    return Due(rows_of(world, rows), (2**95 - 1,))


@failure("rows of the smallest nets", "SumNotZero")
def _(world: World) -> Due:
    rows = [row(world["alice"], -(2**95)), *world.rows({})]
    return Due(rows_of(world, rows), (-(2**95),))


@failure("negative dust", "DustOutOfRange")
def _(world: World) -> Due:
    return Due(rows_of(world, world.rows(NETS | {"dust": -1})), (-1, 288))


@failure("a unit of dust more than there are lines", "DustOutOfRange")
def _(world: World) -> Due:
    return Due(rows_of(world, world.rows(NETS | {"dust": 289})), (289, 288))


@failure("nets beyond what is counted with", "NetsTooLarge")
def _(world: World) -> Due:
    largest = 2**88 - 1
    return Due(rows_of(world, world.rows({"alice": -(2**88)})), (2**88, largest))


@failure("a run that the bond does not carry", "BondTooSmall")
def _(world: World) -> Due:
    bond = world.escrow.read("bond")
    return Due(rows_of(world, world.rows({"alice": bond + 1})), (bond + 1, bond))


@failure("two runs that the bond carries one of", "BondTooSmall")
def _(world: World) -> Due:
    bond = world.escrow.read("bond")
    world.post({"alice": bond}, zone=OTHER_ZONE)
    return Due(rows_of(world, world.rows({"alice": 1})), (bond + 1, bond))


@failure("a run on a bond that a case reserved", "BondTooSmall")
def _(world: World) -> Due:
    bond = world.escrow.read("bond")
    world.escrow.send("reserveBond", bond, sender=world["disputes"])
    return Due(rows_of(world, world.rows({"alice": 1})), (1, 0))


@failure("a run on a bond that more than all of is reserved", "BondTooSmall")
def _(world: World) -> Due:
    bond = world.escrow.read("bond")
    world.escrow.send("reserveBond", bond + 1, sender=world["disputes"])
    return Due(rows_of(world, world.rows({"alice": 1})), (1, 0))


@failure("a correction that the bond does not carry", "BondTooSmall")
def _(world: World) -> Due:
    call = correct(world)
    bond, moved = world.escrow.read("bond"), 5 * TOKEN + 3 * TOKEN + 1
    return Due(call.but(1, world.rows(NETS | {"bob": 3 * TOKEN + bond})), (moved + bond, bond))
