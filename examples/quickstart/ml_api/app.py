"""Serve the forecast of the best model: `gunicorn -b :5000 ml_api.app:app`."""

import json
from functools import cache
from typing import NamedTuple

import pandas as pd
from flask import Flask, Response, jsonify, request
from models import store
from models.forecast import forecast, parse_series

MOST_MONTHS = 60
app = Flask(__name__)


class Best(NamedTuple):
    """The winner, its name and scores, and the months it continues."""

    name: str
    model: str
    metrics: dict[str, object]
    history: pd.Series


@cache
def load() -> Best:
    """Read the best model from the store: once, at the first request."""
    metrics = json.loads(store.read("best/metrics.json"))
    history = parse_series(store.read("data/train.csv") + store.read("data/test.csv").split("\n", 1)[1])
    return Best(metrics["best"], store.read("best/model.json"), metrics, history)


@app.errorhandler(FileNotFoundError)
def no_model(error: FileNotFoundError) -> tuple[Response, int]:
    """Say "not yet" while nothing has been trained."""
    return jsonify(error=f"no model yet: {error}"), 503


@app.get("/")
def info() -> Response:
    """Say what this is and how good the models are."""
    return jsonify(
        about="airline passengers, thousands a month", usage="/forecast?months=12", metrics=load().metrics
    )


@app.get("/health")
def health() -> Response:
    """Answer as soon as there is a model to serve."""
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
