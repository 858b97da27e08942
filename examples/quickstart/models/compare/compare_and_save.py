"""Score both models on the months they have not seen; save the better one, its name and the scores."""

import json
import os
from pathlib import Path

import pandas as pd
from models.forecast import MODELS, forecast, read_series


def mape(actual: pd.Series, predicted: pd.Series) -> float:
    """Return the mean absolute error in percent of the actual value."""
    return float(((predicted - actual).abs() / actual).mean() * 100)


def write(output: str, text: str) -> None:
    """Leave a file or a value where automl looks for it."""
    Path(os.environ[f"AUTOML_OUTPUT_{output}"]).write_text(text, encoding="utf-8")


def main() -> None:
    """Load, score, save the winner."""
    train = read_series(os.environ["AUTOML_INPUT_TRAIN"])
    test = read_series(os.environ["AUTOML_INPUT_TEST"])
    models = {name: Path(os.environ[f"AUTOML_INPUT_{name.upper()}"]).read_text("utf-8") for name in MODELS}
    scores = {name: mape(test, forecast(name, model, train, len(test))) for name, model in models.items()}
    best = min(scores, key=lambda name: scores[name])
    write("MODEL", models[best])
    write("WINNER", best)
    write("SCORES", json.dumps(scores))
    for name, score in scores.items():
        print(f"{name}: MAPE {score:.2f} %{'  <- best' if name == best else ''}")


if __name__ == "__main__":
    main()
