"""Claims on the grounds ARITHMETIC and ENERGY. Payments follow from the story, not from the model."""

from collections.abc import Iterator
from dataclasses import replace

from grid.domain.statements import Metered, PointDay
from tests.vectors.recompute_day import DAY_END, person
from tests.vectors.recompute_runs import Lie, Posted, interval_energy, with_metered
from tests.vectors.recompute_setting import Claim, Claims, Setting, deep, honest, small


def cut(home: str, place: int, by: int) -> Lie:
    """A line whose amount is less than the formula gives."""
    return Lie(
        line=lambda name, at, line: replace(line, amount=line.amount - by) if (name, at) == (home, place) else line
    )


def arithmetic() -> Iterator[Claim]:
    for setting in (small(), deep()):
        short = Claims(setting, "roof cut", setting.post(cut("roof", 40, 5_000)))
        short.add("a seller's line is short", "arithmetic", "alice", [short.posted.statement("roof", 40)], 5_000)
        yield from short.made
    yield from _refused_statements(short_of_five())
    over = Claims(small(), "flat cut", small().post(cut("flat", 10, 1)))
    over.add("a buyer's line takes one unit too much", "arithmetic", "bob", [over.posted.statement("flat", 10)], 1)
    yield from over.made
    more = Claims(small(), "roof raised", small().post(cut("roof", 40, -1)))
    more.add("a line gives too much", "arithmetic", "alice", [more.posted.statement("roof", 40)], "NothingToPay")
    yield from more.made
    true = Claims(small(), "honest")
    true.add("an honest line", "arithmetic", "alice", [true.posted.statement("roof", 40)], "NothingToPay")
    yield from true.made


def short_of_five() -> Claims:
    return Claims(small(), "roof cut", small().post(cut("roof", 40, 5_000)))


def _refused_statements(claims: Claims) -> Iterator[Claim]:
    """The same statement, with one thing wrong about what is brought along."""
    posted = claims.posted
    right = posted.statement("roof", 40)
    run, point, line = right.run, right.point, right.line
    for case, changed, error in (
        ("rows of another run", replace(right, run=run._replace(rows_root=bytes(32))), "RunUnknown"),
        ("a line of another slot", replace(right, line=posted.line("roof", 41)), "InclusionFailed"),
        ("a path too short", replace(right, line=line._replace(proof=line.proof[:-1])), "ProofLengthWrong"),
        ("a point's net changed", replace(right, point=point._replace(day_net=point.day_net + 1)), "InclusionFailed"),
        ("a place beyond the points", replace(right, point=point._replace(position=5)), "IndexOutOfRange"),
        ("a header of another slot", replace(right, header=posted.header(41)), "InclusionFailed"),
    ):
        claims.add(case, "arithmetic", "alice", [changed], error)
    claims.add("somebody else's line", "arithmetic", "bob", [right], "NotTheAccounts")
    claims.add("the window has passed", "arithmetic", "alice", [right], "WindowClosed", DAY_END + 1_200 + 86_400)
    yield from claims.made


def energy() -> Iterator[Claim]:
    for setting in (small(), deep()):
        yield from _line_of_the_interval(setting)
        yield from _registers(setting)
    yield from _better_intervals()
    yield from _bindings()
    yield from _refused_intervals()
    yield from _refused_registers()


def _line_of_the_interval(setting: Setting) -> Iterator[Claim]:
    index = setting.known.intervals["flat", 30]
    said = interval_energy(setting.known, index)
    lie = with_metered("flat", 30, said._replace(import_wh=said.import_wh + 100))
    claims = Claims(setting, "flat 30 uses more", setting.post(lie))
    posted = claims.posted
    arguments = [posted.statement("flat", 30), posted.entry(index)]
    claims.add("a line of more than its INTERVAL", "energy", "bob", arguments, 100 * 300)
    yield from claims.made


def _cites(setting: Setting, home: str, place: int, index: int) -> Posted:
    """A run whose line cites another INTERVAL and says its energy."""
    return setting.post(with_metered(home, place, interval_energy(setting.known, index)))


def _registers(setting: Setting) -> Iterator[Claim]:
    known = setting.known
    index = known.extra["more than its registers"]
    claims = Claims(setting, "flat 72 over its registers", _cites(setting, "flat", 72, index))
    posted, binding = claims.posted, claims.posted.entry(known.bindings["flat"])
    arguments = [posted.statement("flat", 72), posted.entry(index), posted.registers(index), binding]
    claims.add("an INTERVAL of more than its registers", "energyOfRegisters", "bob", arguments, 60 * 300)
    yield from claims.made


def _better_intervals() -> Iterator[Claim]:
    setting, known = small(), small().known
    old, new = known.extra["superseded"], known.intervals["flat", 70]
    claims = Claims(setting, "flat 70 superseded", _cites(setting, "flat", 70, old))
    posted = claims.posted
    claims.add("a superseded INTERVAL", "energy", "bob", [posted.statement("flat", 70), posted.entry(new)], 50 * 300)
    arguments = [posted.statement("flat", 70), posted.entry(new), posted.any_entry(old)]
    claims.add("a higher version, both opened", "energyOfBetter", "bob", arguments, 50 * 300)
    yield from claims.made

    late, first = known.extra["same version, later"], known.intervals["flat", 71]
    claims = Claims(setting, "flat 71 of the later", _cites(setting, "flat", 71, late))
    posted = claims.posted
    arguments = [posted.statement("flat", 71), posted.entry(first), posted.any_entry(late)]
    claims.add("of two equal versions the first counts", "energyOfBetter", "bob", arguments, 90 * 300)
    arguments = [posted.statement("flat", 71), posted.entry(first)]
    claims.add("a better INTERVAL without the cited one", "energy", "bob", arguments, "IntervalNotBetter")
    yield from claims.made

    true = known.intervals["flat", 12]
    said = interval_energy(known, true)
    for case, cited in (("another kind of entry", known.tariff), ("another slot's", known.intervals["flat", 13])):
        lie = with_metered("flat", 12, Metered(said.import_wh + 100, 0, cited))
        claims = Claims(setting, f"flat 12 cites {case}", setting.post(lie))
        posted = claims.posted
        arguments = [posted.statement("flat", 12), posted.entry(true), posted.any_entry(cited)]
        claims.add(f"the cited INTERVAL is {case}", "energyOfBetter", "bob", arguments, 100 * 240)
        yield from claims.made
    lie = with_metered("flat", 12, Metered(said.import_wh + 100, 0, known.extra["beyond"]))
    claims = Claims(setting, "flat 12 cites beyond", setting.post(lie))
    posted = claims.posted
    arguments = [posted.statement("flat", 12), posted.entry(true)]
    claims.add("the cited INTERVAL stands outside the checkpoint", "energy", "bob", arguments, 100 * 240)
    yield from claims.made


def _loft_of_carol() -> Posted:
    """The run settles the loft with Carol, from INTERVALs that cite her old BINDING."""
    known = small().known

    def points(name: str, item: PointDay) -> PointDay:
        if name != "loft":
            return item
        metered = list(item.metered)
        for place in (20, 40):
            metered[place] = interval_energy(known, known.extra[f"bound to carol {place}"])
        return replace(item, account=person("carol"), metered=metered)

    return small().post(Lie(points=points))


def _bindings() -> Iterator[Claim]:
    setting, known = small(), small().known
    claims = Claims(setting, "loft of Carol", _loft_of_carol())
    posted, later = claims.posted, claims.posted.entry(known.bindings["loft"])
    by_place = {
        place: [posted.statement("loft", place), posted.entry(known.extra[f"bound to carol {place}"]), later]
        for place in (20, 40)
    }
    used, made = (posted.lines["loft"][place].amount for place in (20, 40))
    claims.add("what a slot took from who had moved out", "accountOfBinding", "carol", by_place[20], -used)
    claims.add("what a slot owes to who had moved in", "accountOfBinding", "dave", by_place[40], made)
    claims.add("who moved in used energy", "accountOfBinding", "dave", by_place[20], "NothingToPay")
    claims.add("who moved out had gained", "accountOfBinding", "carol", by_place[40], "NothingToPay")
    claims.add("neither the leaf's nor the BINDING's", "accountOfBinding", "bob", by_place[20], "NotTheAccounts")
    yield from claims.made

    index = known.extra["less than its registers"]
    claims = Claims(setting, "shed 50 under its registers", _cites(setting, "shed", 50, index))
    posted, binding = claims.posted, claims.posted.entry(known.bindings["shed"])
    arguments = [posted.statement("shed", 50), posted.entry(index), posted.registers(index), binding]
    due = setting.lacks(posted, "shed", 50)
    claims.add("registers of a reversed meter that counts double", "energyOfRegisters", "carol", arguments, due)
    yield from claims.made


def _refused_intervals() -> Iterator[Claim]:
    known = small().known
    claims = Claims(small(), "honest")
    posted = claims.posted
    old, late = known.extra["superseded"], known.extra["same version, later"]

    statements = {place: posted.statement("flat", place) for place in (30, 70, 71)}
    claims.add("the cited INTERVAL of an honest line", "energy", "bob",
               [statements[30], posted.entry(known.intervals["flat", 30])], "NothingToPay")  # fmt: skip
    run = posted.run
    for case, checkpoint in (
        ("a checkpoint at another time", run.checkpoint._replace(anchored_at=run.checkpoint.anchored_at + 1)),
        ("a checkpoint of another size", run.checkpoint._replace(size=run.checkpoint.size - 1)),
        ("an earlier checkpoint", posted.checkpoints()[3]),
    ):
        changed = replace(statements[30], run=run._replace(checkpoint=checkpoint))
        arguments = [changed, posted.entry(known.intervals["flat", 30])]
        claims.add(case, "energy", "bob", arguments, "CheckpointWrong")
    claims.add("an older INTERVAL", "energyOfBetter", "bob",
               [statements[70], posted.entry(old), posted.any_entry(known.intervals["flat", 70])],
               "IntervalNotBetter")  # fmt: skip
    claims.add("of two equal versions the later", "energyOfBetter", "bob",
               [statements[71], posted.entry(late), posted.any_entry(known.intervals["flat", 71])],
               "IntervalNotBetter")  # fmt: skip
    claims.add("another entry as the cited one", "energyOfBetter", "bob",
               [statements[71], posted.entry(late), posted.any_entry(known.tariff)], "CitationWrong")  # fmt: skip
    claims.add("an INTERVAL of another slot", "energy", "bob",
               [posted.statement("flat", 30), replace(posted.entry(known.intervals["flat", 31]),
                index=known.intervals["flat", 30])], "OfAnother")  # fmt: skip
    entry = posted.entry(known.intervals["flat", 30])
    words = [*entry.words[:2], (1).to_bytes(32, "big"), *entry.words[3:]]
    claims.add("an INTERVAL that the log does not have", "energy", "bob",
               [statements[30], replace(entry, words=words)], "InclusionFailed")  # fmt: skip
    yield from claims.made


def _refused_registers() -> Iterator[Claim]:
    known, function = small().known, "energyOfRegisters"
    index = known.extra["estimate"]
    claims = Claims(small(), "flat 73 estimated", _cites(small(), "flat", 73, index))
    posted, binding = claims.posted, claims.posted.entry(known.bindings["flat"])
    arguments = [posted.statement("flat", 73), posted.entry(index), posted.registers(index), binding]
    claims.add("registers of an estimate", function, "bob", arguments, "QualityNotValid")
    yield from claims.made

    claims = Claims(small(), "honest")
    posted = honest(small())
    index = known.intervals["flat", 30]
    head = [posted.statement("flat", 30), posted.entry(index)]
    flat, own = posted.entry(known.bindings["flat"]), posted.registers(index)
    other = posted.registers(known.intervals["flat", 31])
    claims.add("registers of an honest slot", function, "bob", [*head, own, flat], "NothingToPay")
    claims.add("registers of another slot", function, "bob", [*head, other, flat], "RegistersWrong")
    loft, index = known.bindings["loft"], known.intervals["barn", 30]
    claims.add("a BINDING of another point", function, "bob", [*head, own, posted.entry(loft)], "BindingOfAnother")
    head = [posted.statement("barn", 30), posted.entry(index)]
    for case, name, error in (
        ("a BINDING of another meter", "barn's next meter", "MeterOfAnother"),
        ("a BINDING of another time", "barn next week", "BindingNotOfDay"),
    ):
        arguments = [*head, posted.registers(index), posted.entry(known.extra[name])]
        claims.add(case, function, "alice", arguments, error)
    head = [posted.statement("loft", 22), posted.entry(known.intervals["loft", 22])]
    older = posted.entry(known.extra["loft of carol"])
    claims.add("an older BINDING", "accountOfBinding", "carol", [*head, older], "BindingNotBetter")
    yield from claims.made


def claims() -> Iterator[Claim]:
    yield from arithmetic()
    yield from energy()
