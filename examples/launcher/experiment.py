"""One experiment: its parameters come as arguments, and as variables. The "score" is a formula, so that it takes no time."""

import os
import sys
from pathlib import Path

hidden_size, greeting = sys.argv[1].removeprefix("--hidden-size=").split(","), sys.argv[2]
dropout = float(os.environ["AUTOML_PARAM_DROPOUT"])
score = round(len(greeting) + sum(map(int, hidden_size)) / 10 - dropout, 3)
print(f"{greeting}, {hidden_size}, {dropout}: {score}")
Path(os.environ["AUTOML_OUTPUT_SCORE"]).write_text(str(score))
