"""The JSON Schemas of the config, as package data."""

from pathlib import Path


def config_schema() -> str:
    """The schema of a config as JSON text (draft 2020-12); the one source of its structure."""
    return Path(__file__).with_name("config.json").read_text(encoding="utf-8")
