"""`${{ … }}` in the texts of a config: read, checked, and computed where all is known."""
