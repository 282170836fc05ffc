"""Fuzzing of every parser that faces devices: what comes in is bytes, what may come out is a result or a refusal.

`python -m tests.grid.metering.fuzz TARGET [libFuzzer options]` runs one target under atheris, guided by coverage;
anything but a RecordError is a crash. tests/grid/metering/test_fuzz.py runs all of them: some thousand inputs every
day, a million by `--run-deep`.
"""

import json
import sys
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

CORPUS = Path(__file__).parents[2] / "vectors"


def ocmf_record(data: bytes) -> None:
    from grid.domain import ocmf

    _refused(ocmf.parse, data)


def native_record(data: bytes) -> None:
    from grid.domain import native

    _refused(native.parse, data)


def envelope(data: bytes) -> None:
    """Both parsers behind the dispatch, and that they say the same."""
    from grid.domain import envelopes
    from grid.metering.services import parsing

    strict, quick = _refused(envelopes.parse, data), _refused(parsing.parse, data)
    assert strict == quick, "the quick parser says something else"


def body(data: bytes) -> None:
    """The HTTP request: JSON, gzip or one record; every answer is below 500."""
    from grid.metering.api import readings

    for content_type, encoding in (("application/json", ""), ("application/json", "gzip"), (readings.BINARY, "")):
        request = readings.Request("POST", "192.0.2.1", str(len(data)), content_type, encoding, BytesIO(data).read)
        try:
            records = readings._records(request)
        except readings._Refused as error:
            refused, records = error, []
        else:
            refused = None
        if refused is not None:
            assert readings._problem(refused).status < 500
        for record in records:
            envelope(record.encode(errors="surrogatepass") if isinstance(record, str) else record)


def topic(data: bytes) -> None:
    """The MQTT topic of a message: its serial, and where the answer goes."""
    from grid.metering.bridge import intake

    text = data.decode(errors="replace")
    name = f"grid/v1/{text}/reading"
    intake.answer_topic(name)
    intake.serial_of(name)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (ocmf_record, native_record, envelope, body, topic)
}


def _refused(parse: Callable[[bytes], object], data: bytes) -> object:
    from grid.domain.ocmf import RecordError

    try:
        return parse(data)
    except RecordError as error:
        return type(error), error.field, error.detail, error.remedy


def seeds(name: str) -> list[bytes]:
    """Return inputs to begin with: good and bad vectors, in the form that the target takes."""
    texts = json.loads((CORPUS / "ocmf.json").read_text())
    ocmf = [case["record"].encode() for kind in ("good", "bad") for case in texts[kind]]
    compact = [bytes.fromhex(case["record"]) for case in json.loads((CORPUS / "native.json").read_text())["cases"]]
    short = [record for record in ocmf if len(record) < 4_096]
    if name == "ocmf_record":
        return short
    if name == "native_record":
        return compact
    if name == "envelope":
        return short + compact
    if name == "topic":
        return [b"hill/CW-1", b"hill/CW%2F1", b"%/%zz", b"/", b"+/#"]
    bodies = [json.dumps({"records": [record.decode()]}).encode() for record in short]
    return bodies + [json.dumps({"records": [b64encode(record).decode()]}).encode() for record in compact]


def main() -> None:
    name, *options = sys.argv[1:]
    import atheris

    with atheris.instrument_imports(include=["grid.domain", "grid.metering"]):
        import django

        django.setup()
        from grid.domain import envelopes  # noqa: F401
        from grid.metering.api import readings  # noqa: F401
        from grid.metering.bridge import intake  # noqa: F401
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
