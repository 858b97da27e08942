"""The runs of this machine."""
