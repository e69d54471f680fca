"""How a model is reached: one protocol, several engines."""
