"""Fit a seasonal ARIMA to the logarithm of the series and save its parameters."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
from models.forecast import YEAR, read_series
from statsmodels.tsa.statespace.sarimax import SARIMAX

ORDER = (0, 1, 1)
SEASONAL_ORDER = (0, 1, 1, YEAR)


def train(series: pd.Series) -> str:
    """Return the fitted model as JSON."""
    fitted = SARIMAX(np.log(series), order=ORDER, seasonal_order=SEASONAL_ORDER).fit(disp=False)
    print(f"AIC {fitted.aic:.1f}")
    spec = {"order": ORDER, "seasonal_order": SEASONAL_ORDER, "params": fitted.params.tolist()}
    return json.dumps(spec, indent=2) + "\n"


def main() -> None:
    """Load, train, save."""
    model = train(read_series(os.environ["AUTOML_INPUT_TRAIN"]))
    Path(os.environ["AUTOML_OUTPUT_MODEL"]).write_text(model, encoding="utf-8")


if __name__ == "__main__":
    main()
