import pytest
from shared import vectors
from world import row, rows_root

CASES = vectors("rows")["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_shared_vectors(world, case):
    words = [row(entry["address"], int(entry["net"])) for entry in case["rows"]]
    assert ["0x" + word.hex() for word in words] == case["words"]
    assert str(world.settlement.rowsRootOf(words)) == case["rowsRoot"]
    assert "0x" + rows_root(words).hex() == case["rowsRoot"]
