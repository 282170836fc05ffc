"""Take in readings that devices publish to the broker of MQTT_URL."""

import signal
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from grid.metering.bridge import running
from grid.metering.bridge.address import parse


class Command(BaseCommand):
    help = "Take in readings from the MQTT broker of MQTT_URL and publish their results, until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = False

        def stop(number: int, frame: FrameType | None) -> None:
            nonlocal stopping
            stopping = True

        try:
            broker = parse(settings.MQTT_URL)
        except ValueError as error:
            raise CommandError(str(error)) from None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        running.run(broker, until=lambda: stopping)
