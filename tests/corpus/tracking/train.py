import see  # noqa: F401
