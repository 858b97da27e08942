"""Score both models on the months they have not seen; save the better one and the scores."""

import json

import pandas as pd
from models import store
from models.forecast import MODELS, forecast, parse_series


def mape(actual: pd.Series, predicted: pd.Series) -> float:
    """Return the mean absolute error in percent of the actual value."""
    return float(((predicted - actual).abs() / actual).mean() * 100)


def main() -> None:
    """Load, score, save the winner."""
    train = parse_series(store.read("data/train.csv"))
    test = parse_series(store.read("data/test.csv"))
    models = {name: store.read(f"models/{name}.json") for name in MODELS}
    scores = {name: mape(test, forecast(name, model, train, len(test))) for name, model in models.items()}
    best = min(scores, key=lambda name: scores[name])
    metrics = {"best": best, "months": len(test), "mape": scores}
    store.write("best/model.json", models[best])
    store.write("best/metrics.json", json.dumps(metrics, indent=2) + "\n")
    for name, score in scores.items():
        print(f"{name}: MAPE {score:.2f} %{'  <- best' if name == best else ''}")


if __name__ == "__main__":
    main()
