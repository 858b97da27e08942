"""The scripts that run inside the pods; they use the standard library only."""
