"""Runs on a cluster with Slurm."""
