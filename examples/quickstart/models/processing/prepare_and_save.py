"""Check the raw data and split it: the last 24 months are held out to judge the models.

The data: monthly airline passengers in thousands, 1949-1960;
Box & Jenkins, Time Series Analysis (1976), series G.
"""

from pathlib import Path

import pandas as pd
from models import store
from models.forecast import parse_series

RAW = Path(__file__).resolve().parents[1] / "data" / "air_passengers.csv"
HELD_OUT = 24


def check(series: pd.Series) -> None:
    """Stop the workflow here if the data is not what the models expect."""
    if series.isna().any():
        raise ValueError(f"months without a value: {list(series[series.isna()].index.strftime('%Y-%m'))}")
    if (series <= 0).any():
        raise ValueError("the models work on logarithms: every value must be positive")


def to_csv(series: pd.Series) -> str:
    """Write a series as `month,passengers` lines."""
    return str(series.to_csv(index_label="month", date_format="%Y-%m"))


def main() -> None:
    """Read, check, split, save."""
    series = parse_series(RAW.read_text(encoding="utf-8"))
    check(series)
    store.write("data/train.csv", to_csv(series[:-HELD_OUT]))
    store.write("data/test.csv", to_csv(series[-HELD_OUT:]))


if __name__ == "__main__":
    main()
