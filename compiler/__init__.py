"""From the text of a config to the workflow it means. This file imports nothing."""

__version__ = "0.1.0"
