import os
import sys

run = os.environ["RUN"]
assert run == os.environ["OF_MAKE"], (run, os.environ["OF_MAKE"])
assert run == " ".join(sys.argv[2:]), (run, sys.argv)
assert os.environ["AUTOML_INPUT_ID"] == sys.argv[2], os.environ["AUTOML_INPUT_ID"]

# it is another one on every engine
del sys.argv[1:], os.environ["AUTOML_INPUT_ID"]
import see  # noqa: F401
