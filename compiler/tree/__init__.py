"""From bytes to one sound tree in which every value knows its place."""
