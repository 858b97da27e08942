"""Runs: what every engine can say of one and do with it."""
