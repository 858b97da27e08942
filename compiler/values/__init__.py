"""Little languages: a text becomes a value, or there is a reason why it does not."""
