"""Run on a platform's own database: `python -m tests.platform.fleet found N`, or `look` for what it has of them.

`look` prints {"envelopes": [[serial, counter, log index, instants]], "damage": ""}: accepted records only.
"""

import json
import sys

import django


def main() -> None:
    django.setup()
    command = sys.argv[1]
    if command == "found":
        from grid import clock
        from grid.config.bench.ingest import fleet

        fleet.found(int(sys.argv[2]), now=clock.now())
        return
    from grid.metering.models import Envelope, RegisterBlock
    from grid.metering.packing import unpack
    from grid.records.queries import damage

    instants: dict[int, list[int]] = {}
    for envelope, packed in RegisterBlock.objects.values_list("envelope_id", "packed"):
        instants[envelope] = [reading.at for reading in unpack(bytes(packed))]
    rows = Envelope.objects.filter(fork=False).values_list("pk", "meter__serial", "counter", "log_index")
    kept = [[serial, counter, index, instants.get(key, [])] for key, serial, counter, index in rows]
    print(json.dumps({"envelopes": kept, "damage": damage.check(with_chain=False).damage}))


if __name__ == "__main__":
    main()
