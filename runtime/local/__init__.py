"""A run on one machine: its plan, its record, and what runs its tasks. It runs on Python 3.9 and newer, with the standard library alone."""
