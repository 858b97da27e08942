"""The parameters of a workflow: declared by its config, given a value there or beside it."""
