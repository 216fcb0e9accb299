"""`python -m activesci.cli` is `activesci`."""

from . import main

main(prog_name="activesci")
