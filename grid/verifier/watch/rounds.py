"""One look: the log, the chain, and every statement that is new or was not provable before."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from grid.domain import entries
from grid.domain.casefile import Case, CaseFileError, from_json
from grid.domain.entries import LeafKind
from grid.domain.signers import address_bytes
from grid.domain.slots import date_of_day, day_of_date
from grid.verifier.chain_checks import Rpc
from grid.verifier.report import CheckFailed, Outcome
from grid.verifier.verification import Trust, verify
from grid.verifier.watch import log
from grid.verifier.watch.alerts import Voice
from grid.verifier.watch.chain import posted_runs
from grid.verifier.watch.claims import PreparedClaim, provable
from grid.verifier.watch.platform import Platform, PlatformError
from grid.verifier.watch.state import Seen, State

MOST_SHOWN = 5
CONTRACTS = ("RecordAnchor", "Settlement", "Recomputation", "Accounts")


@dataclass(slots=True)
class Options:
    """What the owner of the watcher decides. `grace` is how many seconds a case file may be withheld."""

    accounts: list[str] = field(default_factory=list)
    rpc: str | None = None
    log_key: str | None = None
    pins: dict[str, str] = field(default_factory=dict)
    grace: int = 6 * 3600
    claims: Path | None = None
    key: int | None = None


class Watcher:
    """Looks, speaks, and keeps its state up to date; the caller saves it. Raises PlatformError."""

    def __init__(self, platform: Platform, state: State, voice: Voice, options: Options) -> None:
        self._platform, self._state, self._voice, self._options = platform, state, voice, options
        self.prepared: list[PreparedClaim] = []

    def look(self) -> None:
        """Make one round. What does not hold is an alert, what cannot be seen a PlatformError."""
        me = self._platform.get("me")
        mine = [account["address"] for account in me["accounts"]]
        watched = self._options.accounts or mine
        for address in sorted(set(watched) - set(mine)):
            self._voice.warn("account", f"{address} is not an account of this token's owner; its consents are used")
        self._pin()
        self._follow_log()
        self._follow_chain()
        for address in watched:
            self._statements(address)
            if address in mine:
                self._report(address)
        self._voice.say(
            "look",
            f"{self._state.checked} statements checked, {len(self._state.open_alerts)} alerts open",
            log_size=self._state.size,
        )

    def _pin(self) -> None:
        """Learn the log's key and the contracts once; what changes later is an alert."""
        key = self._options.log_key or self._platform.get("log/key")["verifier_key"]
        if self._state.log_key and key != self._state.log_key:
            self._alert("log-key", f"the log's key changed from {self._state.log_key} to {key}")
        self._state.log_key = self._state.log_key or key
        try:
            found = dict(self._platform.get("contracts")["contracts"])
        except PlatformError as error:
            self._voice.warn("contracts", str(error))
            found = {}
        for name in CONTRACTS:
            said = self._options.pins.get(name) or found.get(name)
            known = self._state.contracts.setdefault(name, said) if said else self._state.contracts.get(name)
            if said and known != said:
                self._alert(f"contract-{name}", f"{name} was at {known}, and is said to be at {said}")

    def _follow_log(self) -> None:
        try:
            log.follow(self._platform, self._state)
        except CheckFailed as error:
            self._alert("log", str(error))

    def _follow_chain(self) -> None:
        """Note which runs were posted for the zones of the person's points."""
        settlement = self._state.contracts.get("Settlement")
        if self._options.rpc is None or settlement is None:
            return
        zones = {bytes(16) + bytes.fromhex(str(each["zone"]).replace("-", "")) for each in self._points()}
        if not zones:
            return
        try:
            rpc = Rpc(self._options.rpc)
            last = rpc.block_number()
            for run in posted_runs(rpc, address_bytes(settlement), zones, self._state.next_block, last):
                self._state.posted.setdefault(f"{run.zone.hex()}/{run.day}/{run.sequence}", int(self._voice.now()))
            self._state.next_block = last + 1
        except CheckFailed as error:
            self._voice.warn("chain", str(error))

    def _points(self) -> list[dict[str, Any]]:
        return list(self._pages("points", limit=1000))

    def _pages(self, path: str, **query: Any) -> Any:
        while True:
            page = self._platform.get(path, **query)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def _statements(self, address: str) -> None:
        now = int(self._voice.now())
        shown: dict[int, int] = {}
        for each in self._pages(f"accounts/{address}/statements", limit=100):
            day, sequence = date.fromisoformat(each["day"]), int(each["sequence"])
            shown[day_of_date(day)] = sequence
            seen = self._state.statements.setdefault(f"{address}/{day}/{sequence}", Seen(first_listed=now))
            if seen.checked_at is None and each["checkpoint"] is not None:
                self._check(address, day, sequence, {str(point) for point in each["points"]}, seen)
        for key, at in self._state.posted.items():
            _, number, sequence_text = key.split("/")
            late = now - at > self._options.grace and int(number) >= min(shown, default=2**32)
            if late and shown.get(int(number), -1) < int(sequence_text):
                self._alert(
                    f"posted/{address}/{key}",
                    f"the run of {date_of_day(int(number))}, sequence {sequence_text}, is posted on chain, and the "
                    f"platform shows no statement of it to {address}: a demand would open it",
                )

    def _check(self, address: str, day: date, sequence: int, points: set[str], seen: Seen) -> None:
        """Fetch a statement's case file and check it; what cannot be had yet is asked for again."""
        name = f"{address}, {day}, sequence {sequence}"
        try:
            document = self._platform.get(f"accounts/{address}/statements/{day}/case-file")
            case = from_json(document)
        except PlatformError as error:
            late = self._voice.now() - seen.first_listed > self._options.grace
            if error.code == "damaged":
                self._fail(seen, name, [f"the platform says that its own record is damaged: {error}"])
            elif error.status is None or not late:
                self._voice.warn("case", str(error), account=address, day=str(day))
            else:
                self._fail(seen, name, [f"the case file is withheld since {seen.first_listed}: {error}"])
            return
        except CaseFileError as error:
            self._fail(seen, name, [f"the case file is malformed: {error}"])
            return
        failures = self._failures(case, address, day, sequence, points)
        seen.checked_at = int(self._voice.now())
        seen.run = "" if case.run is None else case.run.points_root.hex()
        if not failures:
            seen.alerts = []
            self._voice.say("statement", f"{name}: everything holds", account=address, day=str(day))
            return
        claims = provable(case, address_bytes(address))
        self._fail(seen, name, failures, claims)

    def _failures(self, case: Case, address: str, day: date, sequence: int, points: set[str]) -> list[str]:
        """Say what does not hold in a case, or makes it another case than it was asked for."""
        contracts = self._state.contracts
        trust = Trust(
            self._state.log_key,
            self._options.rpc,
            address_bytes(contracts["RecordAnchor"]) if "RecordAnchor" in contracts else None,
            address_bytes(contracts["Settlement"]) if "Settlement" in contracts else None,
        )
        report = verify(case, trust)
        found = [f"{each.what}: {each.detail}" for each in report.results if each.outcome is Outcome.FAILS]
        if not report.passed and not found:
            found.append("nothing of the case could be checked")
        found += _another(case, address_bytes(address), day, sequence, points)
        try:
            log.link(self._platform, self._state, log.read_note(case.note, self._state.log_key))
        except CheckFailed as error:
            found.append(str(error))
        return found

    def _fail(self, seen: Seen, name: str, failures: list[str], claims: list[PreparedClaim] | None = None) -> None:
        known, seen.alerts = seen.alerts, [f"{name}: {text}" for text in failures[:MOST_SHOWN]]
        self.prepared += claims or []
        for text in seen.alerts:
            if text not in known:
                self._voice.alert("statement", text)

    def _alert(self, key: str, text: str) -> None:
        """Say what does not hold, once for each cause."""
        if self._state.alerts.get(key) != text:
            self._state.alerts[key] = text
            self._voice.alert(key.partition("/")[0], text)

    def _report(self, address: str) -> None:
        """Let the portal show when this watcher looked last; a token without that scope is no fault."""
        body = {
            "log_size": self._state.size,
            "statements": self._state.checked,
            "alerts": [_plain(text) for text in self._state.open_alerts[:20]],
        }
        try:
            self._platform.post(f"accounts/{address}/watch-reports", body)
        except PlatformError as error:
            if error.code != "missing-scope":
                self._voice.warn("report", str(error))


def _another(case: Case, account: bytes, day: date, sequence: int, points: set[str]) -> list[str]:
    """Say how a case is another one than was asked for, or lacks one of the account's points."""
    run = case.run
    if run is None:
        return ["the case file holds no statement"]
    found = []
    if (run.day, run.sequence) != (day_of_date(day), sequence):
        found.append(f"the case file is of {date_of_day(run.day)}, sequence {run.sequence}")
    held: set[str] = set()
    for part in run.points:
        try:
            leaf = entries.decode(LeafKind.POINT, part.leaf)
        except ValueError:
            continue
        if leaf["account"] == account and isinstance(leaf["point"], bytes):
            held.add(leaf["point"][16:].hex())
    missing = {point.replace("-", "") for point in points} - held
    if missing or not held:
        found.append(f"the case file lacks {len(missing) or 'all'} of the account's points")
    return found


def _plain(text: str) -> str:
    """Text as the platform takes it: printable ASCII of at most 500 characters."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)[:500]
