"""Shapes of graphs for engines that limit the size of one, and the names in it."""
