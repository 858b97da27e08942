"""Data for people to see, and for the machines that show it to them: text only, nothing is printed here."""
