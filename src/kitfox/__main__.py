"""`python -m kitfox` is the command `kitfox`."""

from kitfox.cli import main

main()
