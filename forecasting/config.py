"""What a forecast is told besides the measurements, and the limits it works under."""

from dataclasses import asdict, dataclass

QUANTILES = (0.1, 0.5, 0.9)
STEP_MINUTES = (15, 30, 60)


@dataclass(frozen=True, slots=True)
class Config:
    """Place, calendar and limits of one forecast. Every field is part of the recorded decision.

    `time_zone` is an IANA name: habits follow the local clock. `country` (ISO 3166-1 alpha-2) and
    `region` (subdivision code) choose the public holidays; an empty country means none.
    Latitude and longitude are degrees, north and east positive.

    Shares are parts of 1 of the slots between a series' first value and the end of the history.
    Raises ValueError, naming the field, if a value is out of range.
    """

    time_zone: str
    latitude: float
    longitude: float
    step_minutes: int = 15
    country: str = ""
    region: str = ""
    non_negative: bool = True
    min_model_days: int = 14
    max_missing_for_model: float = 0.2
    max_missing: float = 0.6
    max_holdout_days: int = 56

    def __post_init__(self) -> None:
        if self.step_minutes not in STEP_MINUTES:
            raise ValueError(f"step_minutes is {self.step_minutes}: use one of {STEP_MINUTES}")
        if not -90 <= self.latitude <= 90:
            raise ValueError(f"latitude is {self.latitude}: use degrees from -90 to 90")
        if not -180 <= self.longitude <= 180:
            raise ValueError(f"longitude is {self.longitude}: use degrees from -180 to 180")
        if not 0 <= self.max_missing_for_model <= self.max_missing <= 1:
            raise ValueError("max_missing_for_model and max_missing must satisfy 0 <= model <= missing <= 1")
        if self.min_model_days < 14:
            raise ValueError("min_model_days must be at least 14: a weekly pattern needs two weeks")

    @property
    def slots_per_day(self) -> int:
        """Steps in 24 hours."""
        return 24 * 60 // self.step_minutes

    def as_dict(self) -> dict[str, str | int | float | bool]:
        """Plain values, for the record of the decision."""
        return asdict(self)
