"""Prints the score of the experiment."""

import os

print("score", os.environ["AUTOML_INPUT_SCORE"])
