"""What was the best, and how all of them did."""

import json
import os

scores = json.loads(os.environ["AUTOML_INPUT_SCORES"])
greeting, size = os.environ["AUTOML_INPUT_GREETING"], os.environ["AUTOML_INPUT_HIDDEN_SIZE"]
print(f"the best of {len(scores)} is {greeting} with {size}: {max(scores)}")
