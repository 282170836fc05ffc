"""A node that stands between us and a real one: it loses answers, repeats requests, fails or lies, as it is told."""

import json
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Change = Callable[[str, list[Any], Any], Any]


class Proxy:
    """Forwards JSON-RPC to `target`, batches included."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.asked: list[str] = []
        self.change: Change = lambda method, params, result: result
        """What becomes of a result before it is handed on."""
        self.lose: Callable[[str], bool] = lambda method: False
        """Methods that are forwarded and whose answers are dropped."""
        self.twice: Callable[[str], bool] = lambda method: False
        """Methods that are forwarded two times; the second answer is handed on."""
        self.answer: tuple[int, bytes] | None = None
        """A fixed status and body for every request, instead of forwarding."""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, content = proxy.serve(body)
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def serve(self, body: bytes) -> tuple[int, bytes]:
        """Return status and body of an answer; status 0 for none at all."""
        if self.answer is not None:
            return self.answer
        requests = json.loads(body)
        listed = requests if isinstance(requests, list) else [requests]
        methods = [request["method"] for request in listed]
        self.asked += methods
        content = self._forward(body)
        if any(self.twice(method) for method in methods):
            content = self._forward(body)
        if any(self.lose(method) for method in methods):
            return 0, b""
        answers = json.loads(content)
        by_id = {request["id"]: request for request in listed}
        for answer in answers if isinstance(answers, list) else [answers]:
            request = by_id[answer["id"]]
            if "result" in answer:
                answer["result"] = self.change(request["method"], request["params"], answer["result"])
        return 200, json.dumps(answers).encode()

    def _forward(self, body: bytes) -> bytes:
        request = urllib.request.Request(self.target, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())
