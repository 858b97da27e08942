"""Reads packages as the SDK of Kubeflow does: python -m tests.conformance.kfp_load PACKAGE...

Prints, for each, the two documents as the SDK holds them.
"""

import json
import sys

from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from kfp.components import load_component_from_file  # type: ignore[import-untyped]

if __name__ == "__main__":
    loaded = [load_component_from_file(path) for path in sys.argv[1:]]
    found = [[MessageToDict(each.pipeline_spec), MessageToDict(each.platform_spec)] for each in loaded]
    json.dump(found, sys.stdout)
