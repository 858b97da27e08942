"""The config as typed values that know their places."""
