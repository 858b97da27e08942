"""Check the raw data and split it: the last months are held out to judge the models.

The data: monthly airline passengers in thousands, 1949-1960;
Box & Jenkins, Time Series Analysis (1976), series G.
"""

import os
from pathlib import Path

import pandas as pd
from models.forecast import read_series

RAW = Path(__file__).resolve().parents[1] / "data" / "air_passengers.csv"


def check(series: pd.Series) -> None:
    """Stop the workflow here if the data is not what the models expect."""
    if series.isna().any():
        raise ValueError(f"months without a value: {list(series[series.isna()].index.strftime('%Y-%m'))}")
    if (series <= 0).any():
        raise ValueError("the models work on logarithms: every value must be positive")


def write_series(series: pd.Series, path: str) -> None:
    """Write a series as `month,passengers` lines."""
    series.to_csv(path, index_label="month", date_format="%Y-%m")


def main() -> None:
    """Read, check, split, save."""
    held_out = int(os.environ["AUTOML_PARAM_HELD_OUT"])
    series = read_series(RAW)
    check(series)
    write_series(series[:-held_out], os.environ["AUTOML_OUTPUT_TRAIN"])
    write_series(series[-held_out:], os.environ["AUTOML_OUTPUT_TEST"])
    print(f"{len(series) - held_out} months to train, {held_out} to test")


if __name__ == "__main__":
    main()
