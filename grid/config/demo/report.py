"""What `./watt smoke` reports of a played day, and which expectation was missed."""

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from grid import clock
from grid.accounts.models import Account
from grid.chain import queries as chain_queries
from grid.chain.models import ChainTx
from grid.config.demo import checks
from grid.config.demo.story import Story
from grid.domain.slots import SLOTS_PER_DAY
from grid.domain.typed_data import Message, digest
from grid.settlement.services import withdrawals
from grid.simulator.folder import StreetFolder
from grid.simulator.street import Member

WITHDRAWN = 5 * 10**6


def write(story: Story, *, folder: StreetFolder, path: Path, finalise: bool) -> int:
    """Finish the day, check it, write the report. Returns 0 when nothing was missed."""
    member = folder.roster.members[0]
    withdrawal = _request_withdrawal(member) if finalise else None
    story.driver.sweep()
    with story.phase("verify"):
        verified = checks.verify_day(story.zone, story.day, path.parent / "cases")
    if finalise:
        windows = chain_queries.call_many([("Settlement", "challengeWindow", []), ("Escrow", "withdrawalDelay", [])])
        window, delay = (timedelta(seconds=seconds) for seconds in windows)
        story.finalise(window=window, delay=delay)
    began = time.monotonic()
    figures = checks.figures(story.zone, story.day)
    figures["readings_rejected"] = len(story.sent.problems)
    figures["withdrawn"] = _withdrawn(member) if withdrawal else 0
    figures["conservation_error"] = checks.conservation_error(story.zone)
    figures["verifier"] = {
        "ok": verified.ok,
        "case_files": verified.files,
        "checks_held": verified.checks,
        "failures": verified.failures[:10],
    }
    story.seconds["report"] = round(time.monotonic() - began, 2)
    figures["backfill_readings_per_second"] = story.backfill_rate
    missed = misses(figures, finalise=finalise)
    content = {"ok": not missed, "missed": missed, "homes": len(folder.roster.members), **figures}
    content["seconds"] = story.seconds
    content["seconds_in_steps"] = {step: round(spent, 2) for step, spent in story.driver.seconds.items()}
    path.write_text(json.dumps(content))
    return 1 if missed else 0


def misses(figures: Mapping[str, Any], *, finalise: bool) -> list[str]:
    """The expectations that a report does not meet, in words."""
    wanted = {
        "readings were accepted": figures["readings_accepted"] > 0,
        "no reading of the honest street was rejected": figures["readings_rejected"] == 0,
        "checkpoints were anchored": figures["checkpoints_anchored"] > 0,
        "forecasts were made": figures["forecasts"] > 0,
        "the forecast's error was measured": figures["forecast_mase"] is not None,
        "every slot of the day had its auction": figures["auctions_of_the_day"] == SLOTS_PER_DAY,
        "energy was traded on the day": figures["wh_traded_on_the_day"] > 0,
        "a run was posted": figures["runs_posted"] > 0,
        "money moved": figures["token_units_moved"] > 0,
        "money and energy are conserved": figures["conservation_error"] == 0,
        "the verifier accepts every case file": figures["verifier"]["ok"],
    }
    if finalise:
        wanted["a run became final"] = figures["runs_final"] > 0
        wanted["a withdrawal was paid after its delay"] = figures["withdrawn"] == WITHDRAWN
    return [what for what, held in wanted.items() if not held]


def _request_withdrawal(member: Member) -> ChainTx:
    """A member asks for a little of the balance, to the member's own wallet."""
    account = Account.objects.get(address="0x" + member.wallet.address.hex())
    deadline = int(clock.timestamp()) + 86_400
    message: Message = {
        "account": member.wallet.address,
        "to": member.wallet.address,
        "amount": WITHDRAWN,
        "nonce": 2,
        "deadline": deadline,
    }
    signature = member.wallet.sign_digest(digest(chain_queries.eip712_domain(), "Withdrawal", message))
    return withdrawals.request(
        account=account,
        to=member.wallet.address,
        amount=WITHDRAWN,
        nonce=2,
        deadline=deadline,
        signature=signature,
        now=clock.now(),
    )


def _withdrawn(member: Member) -> int:
    """What the member's wallet holds outside escrow."""
    return int(chain_queries.call("DemoToken", "balanceOf", "0x" + member.wallet.address.hex()))
