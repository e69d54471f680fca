"""A screen for insecure Python, by its syntax tree and by data flow inside a function; code is parsed, never run."""
