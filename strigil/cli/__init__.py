"""The command line: one file a command in `commands`, no logic."""
