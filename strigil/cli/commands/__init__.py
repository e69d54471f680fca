"""Commands, one file each; the file `verify.py` is `strigil verify` and holds a click command named `command`."""
