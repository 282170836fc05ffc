import time
from tests.grid.street import *
from tests.grid.street import _home
from tests.grid.settlement.day import *
from grid.settlement.services import runs
from grid.sentinel import services as sentinel
from grid.settlement.queries import statements, explanations
from grid.settlement.models import *

def test_speed(street):
    homes=list(street.homes)
    for n in range(10,24):
        h=_home(street.zone, f"h{n}", n, pv_peak_w=9000)
        street.chain.free[h.account.address]=10**9
        homes.append(h)
    street.__class__.homes = property(lambda self: homes)
    live(street)
    t=time.perf_counter(); assert runs.compute_due(zone=street.zone, now=AFTER)==1
    print("compute 17 homes", time.perf_counter()-t)
    t=time.perf_counter(); n=sentinel.watch(zone=street.zone, now=AFTER)
    print("watch 1 day", n, time.perf_counter()-t)
    st=PointStatement.objects.first()
    print("sealed size", len(bytes(st.lines)), "headers", len(bytes(st.run.headers)))
    t=time.perf_counter(); explanations.explained(st,currency="EUR"); print("explain", time.perf_counter()-t)
    for back in range(1,41):
        street.measure_day(DAY-back, metered)
    street.close(FIRST+96)
    from grid.sentinel.models import WatchCursor
    from django.db import connection
    with connection.cursor() as c:
        c.execute("analyze metering_interval")
    WatchCursor.objects.all().update(next_slot=FIRST-40*96)
    t=time.perf_counter(); n=sentinel.watch(zone=street.zone, now=AFTER)
    print("watch 41 days", n, time.perf_counter()-t)
