"""Serve the forecast of the best model: `gunicorn -b :5000 ml_api.app:app`."""

import json
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from flask import Flask, Response, jsonify, request
from models.forecast import forecast, read_series

MOST_MONTHS = 60
app = Flask(__name__)


class Best(NamedTuple):
    """The winner, its name, the scores of all, and the months it continues."""

    name: str
    model: str
    scores: dict[str, float]
    history: pd.Series


@cache
def load() -> Best:
    """Read what the steps before have left: once, at the first request."""
    name, scores = os.environ["AUTOML_INPUT_WINNER"], json.loads(os.environ["AUTOML_INPUT_SCORES"])
    model = Path(os.environ["AUTOML_INPUT_MODEL"]).read_text(encoding="utf-8")
    months = [read_series(os.environ[f"AUTOML_INPUT_{part}"]) for part in ("TRAIN", "TEST")]
    return Best(name, model, scores, pd.concat(months).asfreq("MS"))


@app.get("/")
def info() -> Response:
    """Say what this is and how far off each model was, in percent."""
    return jsonify(
        about="airline passengers, thousands a month", usage="/forecast?months=12", mape=load().scores
    )


@app.get("/health")
def health() -> Response:
    """Answer as soon as the model can be loaded."""
    return jsonify(status="ok", model=load().name)


@app.get("/forecast")
def get_forecast() -> Response | tuple[Response, int]:
    """Forecast the months that follow the data."""
    try:
        months = int(request.args.get("months", "12"))
    except ValueError:
        months = 0
    if not 1 <= months <= MOST_MONTHS:
        return jsonify(error=f"months must be a whole number from 1 to {MOST_MONTHS}"), 400
    best = load()
    series = forecast(best.name, best.model, best.history, months)
    values = {f"{month:%Y-%m}": round(float(value), 1) for month, value in series.items()}
    return jsonify(model=best.name, forecast=values)


def main() -> None:
    """Run Flask's own server, for a quick look without gunicorn."""
    app.run(port=5000)


if __name__ == "__main__":
    main()
