"""How the demonstration's homes send: some over MQTT, some in the compact form, so that every way is lived."""

from pathlib import Path

from grid.config.servers.broker import password
from grid.simulator.street import Roster, every

BROKER_VARIABLE = "MQTT_DEVICES"
"""host:port where devices reach the embedded broker; unset without one."""
COMPACT = 4
"""Every so many-th meter signs in the compact form."""
BY_MQTT = 3
"""Every so many-th home publishes; the feeder and the others post."""


def passwords_file(data: Path) -> Path:
    """Where the simulator finds what its devices log in with."""
    return data / "simulator" / "mqtt.json"


def passwords(roster: Roster, secret: str) -> dict[str, str]:
    """Return the passwords at the broker of the homes that publish, by serial."""
    chosen = every(BY_MQTT)
    serials = [member.meter.serial for position, member in enumerate(roster.members) if chosen(position)]
    return {serial: password(secret, serial) for serial in serials}
