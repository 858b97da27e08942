"""Images that hold a project: what they are made of, and what makes them."""
