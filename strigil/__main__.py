"""`python -m strigil`."""

from strigil.cli.main import main

main()
