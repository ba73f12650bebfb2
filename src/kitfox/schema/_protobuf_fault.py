"""What is wrong with a value, and where: told as msgspec tells it, so that both are read alike."""

FAULTS = (AttributeError, LookupError, OverflowError, TypeError, ValueError)


class Fault(TypeError):
    """A value that does not fit, and the path to it: `.items[0].id`."""

    def __init__(self, problem: str, path: str) -> None:
        super().__init__(f"{problem} - at `${path}`")
        self.problem = problem
        self.path = path


def fault_at(step: str, error: Exception) -> Fault:
    """Return what went wrong one step further down, seen from here."""
    if isinstance(error, Fault):
        return Fault(error.problem, step + error.path)
    return Fault(str(error), step)
