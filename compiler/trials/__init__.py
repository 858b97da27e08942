"""From what a step says of its trials to the table of them, the same on every machine."""
