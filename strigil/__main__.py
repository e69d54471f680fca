"""`strigil` and `python -m strigil`; nothing is imported before Ctrl-C is one line."""

import sys


def main() -> None:
    """Runs the command line."""
    try:
        from strigil.cli.main import main as start

        start()
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted before anything was done\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
