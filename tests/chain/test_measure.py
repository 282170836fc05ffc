"""What the bench times, and that it stays within its limits with room to spare."""

import pytest

from grid.chain import contracts, measure, queries
from grid.chain.client import Client
from grid.chain.services import indexer
from tests.chain.support import NOW, mined

pytestmark = pytest.mark.django_db


def test_a_run_of_400_accounts_is_encoded_signed_and_sent_in_a_tenth_of_a_second(chain: Client) -> None:
    measure.post_run(chain, accounts=400)  # contracts and connection are there already when a day is posted
    best = min((measure.post_run(chain, accounts=400) for _ in range(5)), key=lambda posted: posted.total)
    print(f"\nencode and sign {best.encode_and_sign * 1000:.1f} ms, send {best.send * 1000:.1f} ms")

    assert best.calldata_bytes > 400 * 32
    assert best.total < 0.1
    mined(chain)


def test_ten_thousand_events_are_indexed_in_five_seconds(chain: Client) -> None:
    indexer.index(now=NOW)
    code = chain.code(contracts.address_of("Escrow", chain.chain_id))
    measure.flood(chain, events=10_000)

    found, seconds = measure.index_all(now=NOW)
    print(f"\n{found} events in {seconds:.2f} s")

    assert found == 10_000
    assert seconds < 5
    made = [event.args["amount"] for event in queries.events("Escrow", "Deposited") if event.args["amount"] < 10_000]
    assert sorted(made) == sorted(list(range(1, measure.EVENTS_PER_TRANSACTION + 1)) * 4)
    assert chain.code(contracts.address_of("Escrow", chain.chain_id)) == code
