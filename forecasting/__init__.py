"""Energy forecasts with quantiles: measured history in, P10/P50/P90 out. No Django, no database.

`pipeline.forecast` is the entry; `config.Config` is what it is told; `metrics` scores it. Importing
the package loads nothing heavy: Prophet is first imported when the first series is fitted.
"""
