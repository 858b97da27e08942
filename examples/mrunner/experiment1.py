"""An experiment: it takes a parameter, and leaves a score and a model."""

import argparse
import os
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--param1", type=int)
param1 = parser.parse_args().param1
Path(os.environ["AUTOML_OUTPUT_MODEL"]).write_text(f"{param1}\n")
Path(os.environ["AUTOML_OUTPUT_SCORE"]).write_text(str(1 / (1 + param1)))
print(os.environ["EXPERIMENT"])
