"""Objects of Kubernetes, for every engine that runs on it."""
