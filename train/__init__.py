"""Train: rows make a student."""
