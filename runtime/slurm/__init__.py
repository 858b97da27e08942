"""What runs in the jobs of a cluster with Slurm, and on its login node."""
