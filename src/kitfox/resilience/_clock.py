"""What time it is, for middleware that is not told otherwise."""

import asyncio


def loop_time() -> float:
    """Return the running loop's time, in seconds."""
    return asyncio.get_running_loop().time()
