"""Hints to the forecast worker. The rows are the queue; a lost hint delays nothing for long."""

from celery import shared_task

from grid import clock


@shared_task(ignore_result=True, soft_time_limit=240, time_limit=280)
def run_pending(**kwargs: object) -> int:
    """Work off every plan that waits; returns how many forecasts were claimed."""
    # Other processes import this module to send the task; only the worker loads the model's libraries.
    from grid.forecasts.services import runner

    done = 0
    while claimed := runner.run_pending(now=clock.now()):
        done += claimed
    return done
