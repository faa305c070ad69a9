"""Days on which many people fly: the United States' federal holidays of 2013."""

from __future__ import annotations

import numpy as np
import pandas as pd

HOLIDAYS = pd.to_datetime(
    [
        "2013-01-01",
        "2013-01-21",
        "2013-02-18",
        "2013-05-27",
        "2013-07-04",
        "2013-09-02",
        "2013-10-14",
        "2013-11-11",
        "2013-11-28",
        "2013-12-25",
        "2014-01-01",
    ]
)


def days_to_holiday(days: pd.Series) -> np.ndarray:
    """Return how many days lie between each day and the nearest holiday (0 on a holiday)."""
    dates = days.dt.tz_localize(None).to_numpy().astype("datetime64[D]").astype(np.int64)
    holidays = HOLIDAYS.to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.abs(dates[:, None] - holidays[None, :]).min(axis=1)
