"""Where the broker is: `MQTT_URL`, taken apart. No Django here: the launcher reads it too."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

VARIABLE = "MQTT_URL"
PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class Broker:
    """An MQTT broker, and how to log in to it."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def parse(url: str) -> Broker:
    """Return the broker of mqtt:// or mqtts://[user:password@]host[:port].

    Raises ValueError that names the variable, never its value: that may hold a password.
    """
    form = f"{VARIABLE} must be of the form mqtt://user:password@host:port, or mqtts:// for TLS"
    if not url:
        raise ValueError(f"{VARIABLE} is not set: it {form.removeprefix(VARIABLE + ' ')}.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"{form}: host or port cannot be read.") from None
    if parts.scheme not in PORTS:
        raise ValueError(f"{form}: its scheme is another one.")
    if not parts.hostname:
        raise ValueError(f"{form}: the host is missing.")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{form}: nothing may follow the port (write %2F, %3F, %23 within a password).")
    if parts.password and not parts.username:
        raise ValueError(f"{form}: a password needs a user.")
    return Broker(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
