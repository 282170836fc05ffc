"""The load over MQTT: meters that publish their records and hear the results, in a process of its own.

`python -m grid.config.bench.ingest.publish HOST:PORT FILE` publishes what FILE holds, JSON
{"community", "passwords", "records": {serial: [base64, ...]}}, and prints {"seconds", "accepted", "bad"}.
"""

import json
import sys
import threading
import time
from base64 import b64decode
from pathlib import Path

from grid.simulator.client import Outcome
from grid.simulator.mqtt import Brokerage, MqttDevice


def main() -> None:
    address, file = sys.argv[1], Path(sys.argv[2])
    content = json.loads(file.read_text())
    brokerage = Brokerage.from_file(address, file)
    devices = {serial: MqttDevice(brokerage, serial) for serial in content["records"]}
    total, mutex = Outcome(), threading.Lock()

    def send(serial: str) -> None:
        outcome = devices[serial].send([b64decode(record) for record in content["records"][serial]])
        with mutex:
            total.add(outcome)

    threads = [threading.Thread(target=send, args=(serial,)) for serial in devices]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    for device in devices.values():
        device.close()
    print(json.dumps({"seconds": seconds, "accepted": total.accepted, "bad": len(total.problems)}))


if __name__ == "__main__":
    main()
