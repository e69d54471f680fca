"""The command line; it parses, calls a workflow and prints, and holds no logic."""
