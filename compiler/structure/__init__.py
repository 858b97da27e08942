"""The tree against the schema, and how what does not fit is said."""
