import os
import sys
from pathlib import Path

import see

number = see.count_try()
pages = Path(os.environ["AUTOML_OUTPUT_PAGES"])
for folder in (pages, Path("out/report")):
    folder.mkdir(parents=True)
    (folder / f"try-{number}").touch()
if number == 1:
    Path(os.environ["AUTOML_OUTPUT_WORD"]).write_text("of the first try", encoding="utf-8")
    sys.exit(3)
if number == 2:
    sys.exit(0)  # a value is missing
Path(os.environ["AUTOML_OUTPUT_WORD"]).write_text("of the last try", encoding="utf-8")
