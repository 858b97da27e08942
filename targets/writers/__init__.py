"""How artifacts are written down."""
