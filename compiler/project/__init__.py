"""The user's files: which are packed, and why the others are not."""
