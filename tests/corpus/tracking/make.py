import os

import see  # noqa: F401

if os.environ["AUTOML_RUN_TAG"] not in os.environ["RUN"].split():
    raise SystemExit("the trackers were told of another run")
