"""The watcher: silent beside an honest platform, loud beside one that changes a line, a price, a row, or the log."""

import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grid.domain import merkle, notes
from grid.domain.slots import date_of_day
from grid.verifier.watch.__main__ import main
from tests.grid.verifier import casefiles, community
from tests.grid.verifier.test_command import FakeNode
from tests.grid.verifier.test_command import served as node_served
from tests.grid.verifier.watch.conftest import ANN, NOW, TOKEN, Command, Served

DAY = date_of_day(community.DAY).isoformat()
ROOT = Path(__file__).parents[4]


def alerts(events: list[dict[str, Any]]) -> list[str]:
    return [event["text"] for event in events if event["level"] == "alert"]


def change(text: str, at: int = -1) -> str:
    """The hex text with one bit of a byte changed."""
    data = bytearray.fromhex(text[2:])
    data[at] ^= 1
    return "0x" + data.hex()


def test_an_honest_platform_leaves_it_silent(watch: Command, served: Served) -> None:
    code, events = watch()
    assert (code, alerts(events)) == (0, [])
    assert [event["kind"] for event in events] == ["statement", "look"]
    assert served.reports == [{"log_size": len(served.leaves), "statements": 1, "alerts": []}]
    case = f"accounts/{ANN}/statements/{DAY}/case-file"
    assert served.asked.count(case) == 1
    code, events = watch()
    assert code == 0
    assert served.asked.count(case) == 1, "what was checked is not fetched again"


def a_line(case: dict[str, Any]) -> None:
    lines = case["run"]["points"][0]["lines"]
    lines[50] = change(lines[50], 33 + 31)


def a_price(case: dict[str, Any]) -> None:
    headers = case["run"]["headers"]
    headers[50] = change(headers[50], 2 * 32 + 31)


def a_row(case: dict[str, Any]) -> None:
    case["run"]["rows"][0] = change(case["run"]["rows"][0])


def a_reading(case: dict[str, Any]) -> None:
    text = case["records"][0]["text"]
    case["records"][0]["text"] = text.replace("7", "8", 1)


def an_interval(case: dict[str, Any]) -> None:
    entry = next(each for each in case["entries"] if each["kind"] == "INTERVAL")
    entry["data"] = change(entry["data"], 3 * 32 + 31)


@pytest.mark.parametrize("cheat", [a_line, a_price, a_row, a_reading, an_interval])
def test_one_changed_bit_is_an_alert(watch: Command, served: Served, cheat: Any) -> None:
    cheat(served.case)
    code, events = watch()
    assert code == 1
    assert alerts(events)
    assert all(text.startswith(f"{ANN}, {DAY}, sequence 0: ") for text in alerts(events))
    (report,) = served.reports
    assert report["alerts"]
    code, events = watch()
    assert (code, alerts(events)) == (1, []), "it is open still, and not said anew"


def test_another_account_or_day_than_asked_for(watch: Command, served: Served) -> None:
    from grid.domain.casefile import to_json

    served.case = to_json(casefiles.statement_case("ben"))
    assert any("lacks 1 of the account's points" in text for text in alerts(watch()[1]))
    watch.state.unlink()
    served.case["run"] = None
    assert any("holds no statement" in text for text in alerts(watch()[1]))
    watch.state.unlink()
    served.case = to_json(casefiles.statement_case("ann"))
    served.listed[0]["sequence"] = 3
    assert any("the case file is of" in text for text in alerts(watch()[1]))


@pytest.mark.parametrize("body", [[], "x", {"format": "y"}, {"code": "[" * 10}])
def test_a_case_file_that_is_none(watch: Command, served: Served, body: Any) -> None:
    served.case = body
    """What is no JSON at all may be an accident of the way; it is one no longer when the grace has ended."""
    code, events = watch()
    assert code == (0 if body == "x" else 1)
    assert any("malformed" in event["text"] or "no JSON" in event["text"] for event in events)
    watch.now += 7 * 3600
    assert watch()[0] == 1


def test_a_log_that_grows_is_followed(watch: Command, served: Served) -> None:
    served.size = len(served.leaves)
    assert watch()[0] == 0
    served.leaves += [merkle.leaf_hash(b"more"), merkle.leaf_hash(b"and more")]
    served.size = None
    assert watch()[0] == 0
    assert json.loads(watch.state.read_text())["size"] == len(served.leaves)
    assert served.asked.count("log/proof/consistency") >= 1


def test_a_log_that_was_rewritten_is_a_split_view(watch: Command, served: Served) -> None:
    assert watch()[0] == 0
    served.leaves = [*served.leaves[:5], merkle.leaf_hash(b"other"), *served.leaves[6:], merkle.leaf_hash(b"more")]
    code, events = watch()
    assert code == 1
    (text,) = alerts(events)
    assert "split view: no proof that the log" in text
    known = json.loads(watch.state.read_text())
    assert known["size"] == len(served.leaves) - 1, "the older story is kept as evidence"


def test_two_roots_of_one_size(watch: Command, served: Served) -> None:
    assert watch()[0] == 0
    served.leaves[5] = merkle.leaf_hash(b"other")
    (text,) = alerts(watch()[1])
    assert "split view: two roots were signed for size" in text


def test_a_case_file_of_another_log_is_a_split_view(watch: Command, served: Served) -> None:
    """Its note is signed by the very key, and the file holds together; it only is no part of the log shown before."""
    served.listed = []
    served.leaves[5] = merkle.leaf_hash(b"other")
    assert watch()[0] == 0
    served.__post_init__()
    code, events = watch()
    assert code == 1
    assert any("split view" in text for text in alerts(events))


def test_an_older_checkpoint_of_the_same_log_is_no_lie(watch: Command, served: Served) -> None:
    assert watch()[0] == 0
    served.size = 20
    assert watch()[0] == 0
    served.proof = lambda old, new: []
    assert watch()[0] == 1


def test_the_log_key_is_pinned_at_first_sight(watch: Command, served: Served) -> None:
    assert watch()[0] == 0
    served.seed = b"\x09" * 32
    public = Ed25519PrivateKey.from_private_bytes(served.seed).public_key().public_bytes_raw()
    served.key = notes.verifier_key(community.ORIGIN, public)
    code, events = watch()
    assert code == 1
    assert any("the log's key changed" in text for text in alerts(events))
    assert any("not signed by the log's key" in text for text in alerts(events))


def test_a_key_that_the_owner_knows_comes_first(watch: Command, served: Served) -> None:
    served.key = "other+00000000+AQ=="
    code, events = watch(f"--log-key={community.LOG_KEY}")
    assert (code, alerts(events)) == (0, [])


def test_contracts_that_move(watch: Command, served: Served) -> None:
    assert watch()[0] == 0
    served.contracts["Settlement"] = "0x" + "ee" * 20
    assert any("Settlement was at 0xbbbb" in text for text in alerts(watch()[1]))


def test_a_case_file_that_is_withheld_is_asked_for_until_the_grace_ends(watch: Command, served: Served) -> None:
    path = f"accounts/{ANN}/statements/{DAY}/case-file"
    served.refusals[path] = (409, {"code": "not-provable-yet", "detail": "soon"})
    code, events = watch()
    assert (code, alerts(events)) == (0, [])
    assert [event["kind"] for event in events if event["level"] == "warning"] == ["case"]
    watch.now += 7 * 3600
    code, events = watch()
    assert code == 1
    assert "withheld" in alerts(events)[0]
    assert alerts(watch()[1]) == [], "said once"
    del served.refusals[path]
    assert watch()[0] == 0, "given out at last, and it holds"


class Ledger(FakeNode):
    """A chain on which a run of Ann's zone is posted that the platform does not list."""

    def __init__(self, day: int, sequence: int) -> None:
        super().__init__()
        self.day, self.sequence = day, sequence

    def answer(self, method: str, parameters: Any) -> Any:
        if method == "eth_blockNumber":
            return "0x10"
        if method == "eth_getLogs":
            (query,) = parameters
            assert query["topics"][1] == ["0x" + community.ZONE.hex()]
            words = [self.sequence.to_bytes(32, "big")] + [bytes(32)] * 8
            event = {
                "topics": [query["topics"][0], "0x" + community.ZONE.hex(), "0x" + self.day.to_bytes(32, "big").hex()],
                "data": "0x" + b"".join(words).hex(),
                "blockNumber": "0x7",
            }
            return [event] if int(query["fromBlock"], 16) <= 7 else []
        return super().answer(method, parameters)


@pytest.mark.parametrize(("day", "sequence", "hidden"), [(0, 0, False), (1, 0, True), (0, 1, True), (-1, 0, False)])
def test_a_run_on_chain_that_the_platform_hides(watch: Command, day: int, sequence: int, hidden: bool) -> None:
    """A correction or a later day; a day before the account's first one is none of its own."""
    with node_served(Ledger(community.DAY + day, sequence)) as rpc:
        assert watch(f"--rpc={rpc}")[0] == 0
        watch.now += 7 * 3600
        code, events = watch(f"--rpc={rpc}")
    assert (code == 1) is hidden
    assert any("is posted on chain, and the platform shows no statement" in text for text in alerts(events)) is hidden


def test_the_chain_decides_over_the_platform(watch: Command) -> None:
    node = Ledger(community.DAY, 0)
    node.run = node.run[:-1] + b"\x00"
    with node_served(node) as rpc:
        code, events = watch(f"--rpc={rpc}")
    assert code == 1
    assert any("is not posted with these roots" in text for text in alerts(events))


def test_a_platform_that_does_not_answer(watch: Command, served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    served.refusals["me"] = (503, {"code": "unavailable"})
    code, events = watch()
    assert code == 2
    assert "503 unavailable" in events[-1]["text"]
    served.refusals["me"] = (302, {})
    code, events = watch()
    assert code == 2, "a redirect would carry the token elsewhere"
    assert watch.state.exists()
    token, state = f"--token-file={watch.folder}/token", f"--state={watch.folder}/b.json"
    assert main(["http://127.0.0.1:1", "--once", state, token], now=lambda: NOW) == 2
    assert "did not answer" in capsys.readouterr().out


@pytest.mark.parametrize("answer", [[], {"accounts": 3}, {"accounts": [{}]}, "nonsense"])
def test_answers_that_are_not_as_described(watch: Command, served: Served, answer: Any) -> None:
    served.refusals["me"] = (200, answer)
    code, events = watch()
    assert code == 2
    assert events[-1]["level"] == "warning"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "x"}', '{"format": "commonwatt.watch.v1"}'])
def test_a_state_file_that_is_none(watch: Command, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    watch.state.write_text(content)
    assert watch()[0] == 2
    assert watch.state.read_text() == content, "it is not overwritten"


def test_a_state_of_another_platform_is_not_mixed_up(watch: Command, served: Served) -> None:
    assert watch()[0] == 0
    document = json.loads(watch.state.read_text())
    watch.state.write_text(json.dumps(document | {"url": "https://other.example"}))
    assert watch()[0] == 2


@pytest.mark.parametrize(
    ("url", "said"),
    [("ftp://x", "not an http or https"), ("http://energy.example.org", "unencrypted"), ("x", "not an http")],
)
def test_addresses_that_are_refused(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMMONWATT_TOKEN", TOKEN)
    assert main([url, "--once", f"--state={tmp_path}/s.json"]) == 2
    assert said in capsys.readouterr().err


def test_without_a_token_it_says_where_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COMMONWATT_TOKEN", raising=False)
    assert main(["https://x.example", f"--state={tmp_path}/s.json"]) == 2
    assert "make one on the page 'Access'" in capsys.readouterr().err


def test_alerts_go_to_a_webhook_and_a_command(watch: Command, served: Served) -> None:
    got: list[dict[str, Any]] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    hook = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, args=(0.01,), daemon=True).start()
    a_row(served.case)
    out = watch.folder / "alert.json"
    script = f"{sys.executable} -c \"import sys; open('{out}', 'a').write(sys.stdin.read() + chr(10))\""
    _, events = watch(f"--webhook=http://127.0.0.1:{hook.server_port}/", f"--command={script}")
    hook.shutdown()
    hook.server_close()
    said = [event for event in events if event["level"] == "alert"]
    assert got == said == [json.loads(line) for line in out.read_text().splitlines()]


def test_a_hook_that_fails_stops_nothing(watch: Command, served: Served) -> None:
    a_row(served.case)
    code, events = watch("--webhook=http://127.0.0.1:1/", "--command=/no/such/program")
    assert code == 1
    assert {event["kind"] for event in events if event["level"] == "warning"} == {"hook"}


def test_it_looks_again_and_again_until_it_is_stopped(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setenv("COMMONWATT_TOKEN", TOKEN)
    assert main([url, "--every=30", f"--state={tmp_path}/s.json"], now=lambda: NOW, sleep=sleep) == 130
    assert slept == [30, 30, 30]


@pytest.mark.parametrize("options", [["--every=0"], ["--every=x"], ["--account=1"], ["--log-key=x"], ["--grace=x"], []])
def test_options_that_make_no_sense(options: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*(["https://x.example"] if options else []), *options])
    assert stopped.value.code == 2


def test_a_key_needs_a_node(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("COMMONWATT_TOKEN", TOKEN)
    key = tmp_path / "key"
    key.write_text("11" * 32)
    assert main([url, "--once", f"--key-file={key}", f"--state={tmp_path}/s.json"]) == 2
    assert "needs --rpc" in capsys.readouterr().err
    key.write_text("zz" * 32)
    assert main([url, "--once", f"--key-file={key}", "--rpc=http://127.0.0.1:1", f"--state={tmp_path}/s.json"]) == 2


def test_help_names_the_exit_codes_and_needs_no_framework() -> None:
    command = [sys.executable, "-m", "grid.verifier.watch", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={}, cwd=ROOT)
    assert "Exit code 0" in done.stdout
    imported = "import sys, grid.verifier.watch.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", imported], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"django", "web3", "celery", "psycopg", "redis", "httpx", "eth_abi", "coincurve"} & set(
        done.stdout.split()
    )
