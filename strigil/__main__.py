"""`strigil` and `python -m strigil`; nothing is imported before Ctrl-C and SIGTERM are one line."""

import sys

from strigil.common.interrupts import INTERRUPTED, TERMINATED, Terminated, raise_on_termination


def main() -> None:
    """Runs the command line."""
    try:
        raise_on_termination()
        from strigil.cli.main import main as start

        start()
    except KeyboardInterrupt as error:
        ended = isinstance(error, Terminated)
        sys.stderr.write(f"error: {'terminated' if ended else 'interrupted'} before anything was done\n")
        sys.exit(TERMINATED if ended else INTERRUPTED)


if __name__ == "__main__":
    main()
