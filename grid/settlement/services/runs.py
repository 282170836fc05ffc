"""Runs: computed when a day is closed, posted when the log is anchored, final when the window has passed."""

from datetime import UTC, datetime

import structlog
from django.db import transaction

from grid.accounts.models import Zone
from grid.chain import queries as chain_queries
from grid.chain.models import ChainEvent, ChainTxState
from grid.chain.services import outbox
from grid.domain.entries import Mode
from grid.domain.profile import Profile as Rules
from grid.domain.profile import parse
from grid.domain.rows import pack_rows, rows_root
from grid.domain.signers import address_text
from grid.domain.slots import DAY_SECONDS, SLOTS_PER_DAY, month_of_day
from grid.domain.statements import RunResult, SystemAccounts, build_run
from grid.metering.models import SlotClose
from grid.pricing.models import Profile
from grid.pricing.queries import NoProfile, profile_on, profile_row
from grid.records import queries as records
from grid.records.services.keys import KeyHandle, keys_for
from grid.settlement.models import PointStatement, RunRow, RunState, SettlementRun
from grid.settlement.queries.inputs import InputMissing, RunInputs, run_inputs
from grid.settlement.queries.runs import posted_events, rows_of
from grid.settlement.queries.statements import pack_leaves, seal_lines

log = structlog.get_logger()

_GONE = (ChainTxState.REVERTED, ChainTxState.DEAD)


class RunDamaged(Exception):
    """Stored rows no longer have the root that was computed; the run is not posted."""


def compute_due(*, zone: Zone, now: datetime) -> int:
    """Compute the initial run of every closed UTC day that has none and can still be posted.

    Returns how many. A day whose inputs are not complete is logged by the first one missing and tried
    again at the next sweep; it does not keep other days waiting. A day before the community had rules has
    nothing to settle.
    """
    closed = SlotClose.objects.filter(zone=zone).first()
    if closed is None:
        return 0
    done = 0
    for day in range(_first_open_day(zone, now), closed.next_slot // SLOTS_PER_DAY):
        if SettlementRun.objects.filter(zone=zone, day=day, sequence=0).exists():
            continue
        try:
            compute(zone=zone, day=day, now=now)
        except NoProfile:
            continue
        except InputMissing as reason:
            log.warning("run waits for its inputs", zone=str(zone.pk), day=day, reason=str(reason))
        else:
            done += 1
    return done


def compute(*, zone: Zone, day: int, now: datetime) -> SettlementRun:
    """Compute and store the initial run of one day. A repeat returns the run that is there.

    Raises InputMissing and NoProfile for inputs that are not there yet, ValueError for contradictory ones.
    """
    with transaction.atomic():
        Zone.objects.select_for_update(no_key=True).get(pk=zone.pk)
        known = SettlementRun.objects.filter(zone=zone, day=day, sequence=0).first()
        if known:
            return known
        profile = profile_row(zone.community, day)
        rules = parse(profile.document)
        inputs = run_inputs(zone, day, now=now)
        keys = _keys(zone, day, inputs, now)
        result = _result(zone, day, rules, inputs, keys)
        return _store(zone, day, profile, rules, inputs, result, keys, now)


def post_due(*, now: datetime) -> int:
    """Have every computed run posted whose entries are covered by an anchored checkpoint; return how many.

    Raises RunDamaged when stored rows do not have the run's root.
    """
    done = 0
    for key in SettlementRun.objects.filter(state=RunState.COMPUTED).order_by("day", "id").values_list("pk"):
        with transaction.atomic():
            run = SettlementRun.objects.select_for_update(of=("self",)).select_related("zone", "profile").get(pk=key[0])
            checkpoint = records.anchored_checkpoint_covering(run.log_size)
            if run.state != RunState.COMPUTED or checkpoint is None:
                continue
            words = pack_rows(rows_of(run))
            if rows_root(words) != bytes(run.rows_root):
                raise RunDamaged(f"The rows of {run} do not have the root that was computed.")
            run.checkpoint = checkpoint
            run.chain_tx = outbox.enqueue(
                business_key=f"run:{run.zone_id}:{run.day}:{run.sequence}",
                sender="poster",
                contract="Settlement",
                function="postRun",
                args=[_run_input(run), words],
                now=now,
            )
            run.state = RunState.POSTING
            run.save(update_fields=["checkpoint", "chain_tx", "state"])
            done += 1
    return done


def note_posted(*, now: datetime) -> int:
    """Follow runs on the chain: posted, final, refused, or back in the queue after a reorganisation.

    Returns how many changed. A run counts as posted by its event alone, as final by the chain's own time.
    """
    open_runs = list(
        SettlementRun.objects.filter(state__in=[RunState.POSTING, RunState.POSTED])
        .select_related("zone", "chain_tx")
        .order_by("day", "id")
    )
    events = posted_events(open_runs)
    due = any(run.final_at and run.final_at <= now for run in open_runs)
    chain_time = chain_queries.chain_head().timestamp if due else 0
    changed = 0
    for run in open_runs:
        before = run.state
        _follow(run, events.get(run.pk), chain_time)
        if run.state != before:
            run.save(update_fields=["state", "posted_at", "final_at"])
            changed += 1
    return changed


def _first_open_day(zone: Zone, now: datetime) -> int:
    """Return the first day whose initial run would still be accepted: its end plus the posting lag lies ahead."""
    seconds = int(now.timestamp())
    lag = profile_on(zone.community, seconds // DAY_SECONDS).windows.posting_lag_seconds
    return (seconds - lag) // DAY_SECONDS


def _keys(zone: Zone, day: int, inputs: RunInputs, now: datetime) -> dict[bytes, KeyHandle]:
    """Return the log keys of the day's month for the points and the zone, by their words."""
    month = month_of_day(day)
    scopes = {point.id for point, _ in inputs.members.values()} | {zone.id}
    opened = keys_for(owners={(scope, month) for scope in scopes}, now=now)
    return {scope.int.to_bytes(32, "big"): handle for (scope, _), handle in opened.items()}


def _result(zone: Zone, day: int, rules: Rules, inputs: RunInputs, keys: dict[bytes, KeyHandle]) -> RunResult:
    accounts = {point.account for point in inputs.points}
    few = len(accounts) < rules.limits.minimum_membership
    return build_run(
        zone=zone.word,
        day=day,
        sequence=0,
        mode=rules.mode,
        points=inputs.points,
        prices=inputs.prices,
        feeder_wh=inputs.feeder_wh,
        system=SystemAccounts(*rules.system_accounts),
        point_key=lambda point: keys[point].key,
        header_key=keys[zone.word].key if few else None,
    )


def _store(
    zone: Zone,
    day: int,
    profile: Profile,
    rules: Rules,
    inputs: RunInputs,
    result: RunResult,
    keys: dict[bytes, KeyHandle],
    now: datetime,
) -> SettlementRun:
    run = SettlementRun.objects.create(
        zone=zone,
        day=day,
        sequence=result.sequence,
        mode=rules.mode.name.lower(),
        profile=profile,
        log_size=records.log_size(),
        points_root=result.points_root,
        headers_root=result.headers_root,
        rows_root=result.rows_root,
        point_count=len(result.statements),
        headers=pack_leaves(result.header_leaves, with_salt=True),
        dust=result.dust,
        bought_wh=sum(header.bought_wh for header in result.headers),
        sold_wh=sum(header.sold_wh for header in result.headers),
        created_at=now,
    )
    owners = {address_text(point.account): inputs.members[point.point][1] for point in inputs.points}
    RunRow.objects.bulk_create(
        RunRow(
            run=run,
            position=position,
            address=address_text(row.address),
            account=owners.get(address_text(row.address)),
            day_net=row.net,
        )
        for position, row in enumerate(result.rows)
    )
    PointStatement.objects.bulk_create(
        PointStatement(
            run=run,
            point=inputs.members[item.point][0],
            account=inputs.members[item.point][1],
            position=item.position,
            day_net=item.day_net,
            lines_root=item.lines_root,
            salt=item.salt,
            lines=seal_lines(keys[item.point], result.key, result.sequence, item.position, item.line_leaves),
        )
        for item in result.statements
    )
    return run


def _run_input(run: SettlementRun) -> dict[str, object]:
    """The run as Settlement.postRun takes it. Raises RunDamaged without a checkpoint's sequence."""
    if run.checkpoint is None or run.checkpoint.seq is None:
        raise RunDamaged(f"{run} has no anchored checkpoint.")
    return {
        "zone": run.zone.word,
        "day": run.day,
        "sequence": run.sequence,
        "pointsRoot": bytes(run.points_root),
        "pointCount": run.point_count,
        "headersRoot": bytes(run.headers_root),
        "checkpoint": run.checkpoint.seq,
        "profileHash": bytes(run.profile.sha256),
        "mode": int(Mode[run.mode.upper()]),
    }


def _follow(run: SettlementRun, event: ChainEvent | None, chain_time: int) -> None:
    """Set the state that the chain's event, or its absence, gives a run."""
    if event is None:
        if run.state == RunState.POSTED:
            # The block that held it is no longer part of the chain; the transaction is sent again.
            run.state, run.posted_at, run.final_at = RunState.POSTING, None, None
        elif run.chain_tx is not None and run.chain_tx.state in _GONE:
            log.error("run refused by the contract", run=str(run), reason=run.chain_tx.error)
            run.state = RunState.REJECTED
        return
    if not _same(run, event):
        log.error("another run stands on chain", run=str(run), transaction=event.tx_hash)
        run.state = RunState.REJECTED
        return
    run.posted_at = datetime.fromtimestamp(event.block.timestamp, tz=UTC)
    run.final_at = datetime.fromtimestamp(event.args["finalAt"], tz=UTC)
    run.state = RunState.FINAL if chain_time >= event.args["finalAt"] else RunState.POSTED


def _same(run: SettlementRun, event: ChainEvent) -> bool:
    """Whether the event announces exactly the roots that were computed."""
    roots = {"pointsRoot": run.points_root, "headersRoot": run.headers_root, "rowsRoot": run.rows_root}
    return all(event.args[name] == "0x" + bytes(root).hex() for name, root in roots.items())
