"""What training, comparing and serving share: the series, and how each stored model continues it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb
from statsmodels.tsa.statespace.sarimax import SARIMAX

YEAR = 12


def read_series(path: str | Path) -> pd.Series:
    """Read a file of `month,passengers` lines into a monthly series."""
    table = pd.read_csv(path, index_col="month", parse_dates=True)
    return table["passengers"].astype(float).asfreq("MS")


def lag_features(growth: np.ndarray) -> np.ndarray:
    """Return one row a month, from the 13th to the month to come: the 12 values before it."""
    return np.lib.stride_tricks.sliding_window_view(growth, YEAR)


def continue_sarimax(model: str, history: pd.Series, months: int) -> np.ndarray:
    """Apply stored SARIMAX parameters to the history and look ahead."""
    spec = json.loads(model)
    sarimax = SARIMAX(
        np.log(history), order=tuple(spec["order"]), seasonal_order=tuple(spec["seasonal_order"])
    )
    return np.exp(sarimax.filter(spec["params"]).forecast(months).to_numpy())


def continue_xgboost(model: str, history: pd.Series, months: int) -> np.ndarray:
    """Predict month by month; each prediction is a lag of the next one."""
    booster = xgb.Booster()
    booster.load_model(bytearray(model, "utf-8"))
    logs = np.log(history.to_numpy())
    for _ in range(months):
        growth = logs[YEAR:] - logs[:-YEAR]
        step = booster.predict(xgb.DMatrix(lag_features(growth)[-1:]))[0]
        logs = np.append(logs, logs[-YEAR] + step)
    return np.exp(logs[-months:])


MODELS = {"sarimax": continue_sarimax, "xgboost": continue_xgboost}


def forecast(name: str, model: str, history: pd.Series, months: int) -> pd.Series:
    """Continue the history with a stored model of the given name."""
    index = pd.date_range(history.index[-1], periods=months + 1, freq="MS")[1:]
    return pd.Series(MODELS[name](model, history, months), index=index, name="passengers")
