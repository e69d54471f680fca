"""What rules read Python code with: it is parsed, never run."""
