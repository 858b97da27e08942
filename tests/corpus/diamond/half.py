import os
import sys
from pathlib import Path

import see

see.wait_for(sys.argv[1])
text = f"not {sys.argv[1]} of {os.environ['AUTOML_INPUT_WHOLE']}"
Path(os.environ["AUTOML_OUTPUT_HALF"]).write_text(text, encoding="utf-8")
