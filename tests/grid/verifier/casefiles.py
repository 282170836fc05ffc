"""Case files of the community's day, made without a database."""

from grid.domain import merkle, notes, rows
from grid.domain.casefile import Case, FillPart, PointPart, RecordPart, RegistersPart, RunPart, TariffPart
from grid.domain.entries import EntryKind
from tests.grid.verifier.community import ANCHORED_AT, CHAIN, DAY, LOG_KEY, LOG_SEED, ORIGIN, SEQ, ZONE, Home, Log, day


def checkpoint(log: Log) -> tuple[merkle.MerkleTree, str]:
    tree = merkle.MerkleTree([merkle.leaf_hash(data) for data in log.data])
    body = notes.checkpoint_body(ORIGIN, tree.size, tree.root)
    return tree, notes.sign_note(body, name=ORIGIN, private_key=LOG_SEED)


def _records(home: Home) -> list[RecordPart]:
    return [RecordPart(index, text, home.public_key, home.key) for index, text in home.texts.items()]


def reading_case() -> Case:
    """Ann's first signed record alone."""
    known = day()
    tree, note = checkpoint(known.log)
    record = _records(known.homes["ann"])[0]
    parts = [known.log.part(index, tree) for index in (record.reading, record.key)]
    return Case("A reading of Ann's", LOG_KEY, note, SEQ, ANCHORED_AT, parts, records=[record], chain=CHAIN)


def run_part(names: tuple[str, ...]) -> RunPart:
    known = day()
    run = known.run
    tree = merkle.MerkleTree([merkle.leaf_hash(item.leaf) for item in run.statements])
    wanted = {known.homes[name].point for name in names}
    return RunPart(
        zone=ZONE,
        day=DAY,
        sequence=0,
        points_root=run.points_root,
        point_count=len(run.statements),
        headers_root=run.headers_root,
        checkpoint=SEQ,
        profile_hash=known.profile_hash,
        mode=0,
        rows_root=rows.rows_root(run.row_words),
        rows=run.row_words,
        headers=run.header_leaves,
        points=[
            PointPart(item.position, item.leaf, tree.inclusion_proof(item.position), item.line_leaves)
            for item in run.statements
            if item.point in wanted
        ],
        profile=known.profile,
    )


def statement_case(*names: str) -> Case:
    """The statements of one home or more, down to the signed bytes."""
    known = day()
    tree, note = checkpoint(known.log)
    homes = [known.homes[name] for name in names]
    others = {
        index
        for index, kind in enumerate(known.log.kinds)
        if kind not in (EntryKind.READING, EntryKind.INTERVAL, EntryKind.KEY, EntryKind.BINDING)
    }
    own = {index for home in homes for index in (home.key, home.binding, *home.texts, *home.intervals)}
    positions = [{"ann": 0, "ben": 1}[name] for name in names]
    return Case(
        title=f"Statements of {', '.join(names)}",
        verifier_key=LOG_KEY,
        note=note,
        seq=SEQ,
        anchored_at=ANCHORED_AT,
        entries=[known.log.part(index, tree) for index in sorted(others | own)],
        records=[record for home in homes for record in _records(home)],
        registers=[RegistersPart(index, data) for home in homes for index, data in home.registers.items()],
        fills=[
            FillPart(auction, position, leaves[position], [merkle.leaf_hash(leaves[1 - position])])
            for auction, leaves in known.fills.items()
            for position in positions
        ],
        tariffs=[TariffPart(known.tariff, known.tariff_leaves)],
        run=run_part(names),
        chain=CHAIN,
    )
