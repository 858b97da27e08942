import os
import shutil

import see  # noqa: F401

shutil.copytree(os.environ["AUTOML_INPUT_PAGES"], os.environ["AUTOML_OUTPUT_PAGES"])
