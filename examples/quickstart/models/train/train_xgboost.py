"""Fit boosted trees to the yearly growth of the series and save them in XGBoost's own JSON format.

Trees cannot predict a value larger than any they have seen. So they learn the growth over the same month
a year before, which has no trend, from the growth in the 12 months before.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb
from models.forecast import YEAR, lag_features, read_series

ROUNDS = 100
PARAMS = {"max_depth": 2, "eta": 0.1, "subsample": 0.8, "nthread": 1}


def train(series: pd.Series, seed: int) -> str:
    """Return the fitted model as JSON."""
    logs = np.log(series.to_numpy())
    growth = logs[YEAR:] - logs[:-YEAR]
    rows = xgb.DMatrix(lag_features(growth)[:-1], label=growth[YEAR:])
    booster = xgb.train({**PARAMS, "seed": seed}, rows, num_boost_round=ROUNDS)
    print(f"trained on {rows.num_row()} months")
    return booster.save_raw("json").decode()


def main() -> None:
    """Load, train, save."""
    series = read_series(os.environ["AUTOML_INPUT_TRAIN"])
    model = train(series, seed=int(os.environ["AUTOML_PARAM_SEED"]))
    Path(os.environ["AUTOML_OUTPUT_MODEL"]).write_text(model, encoding="utf-8")


if __name__ == "__main__":
    main()
