"""From the typed config to the workflow it means."""
