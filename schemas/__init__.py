"""The JSON Schemas of the config, as package data."""
