"""`python -m automl.compiler` is the command `automl`."""

from automl.compiler.cli import main

main()
