"""The clock of asyncio's loops, for other threads: a loop of uvloop's looks at it once a turn."""

import time

now = time.monotonic
