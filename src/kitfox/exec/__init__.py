"""Programs that run beside us: started, fed, read, and ended with all that they started."""

from kitfox.exec._capture import HeadAndTail as HeadAndTail, Sink as Sink
from kitfox.exec._command import Command as Command, Pipeline as Pipeline
from kitfox.exec._environment import environment as environment
from kitfox.exec._errors import (
    ExecError as ExecError,
    ExitError as ExitError,
    LineTooLongError as LineTooLongError,
    OutputTooLargeError as OutputTooLargeError,
    ProcessDoneError as ProcessDoneError,
    ProgramNotFoundError as ProgramNotFoundError,
    RelativeProgramError as RelativeProgramError,
    WaitDelayError as WaitDelayError,
)
from kitfox.exec._exit import Exit as Exit
from kitfox.exec._look_path import look_path as look_path
from kitfox.exec._options import (
    DEVNULL as DEVNULL,
    INHERIT as INHERIT,
    PIPE as PIPE,
    STDOUT as STDOUT,
    Options as Options,
    Terminal as Terminal,
)
from kitfox.exec._pipe import PipeReader as PipeReader, PipeWriter as PipeWriter
from kitfox.exec._process import Process as Process
from kitfox.exec._running import Running as Running
from kitfox.exec._running_pipeline import RunningPipeline as RunningPipeline
from kitfox.exec._starting import Starting as Starting

__all__ = [
    "DEVNULL",
    "INHERIT",
    "PIPE",
    "STDOUT",
    "Command",
    "ExecError",
    "Exit",
    "ExitError",
    "HeadAndTail",
    "LineTooLongError",
    "Options",
    "OutputTooLargeError",
    "PipeReader",
    "PipeWriter",
    "Pipeline",
    "Process",
    "ProcessDoneError",
    "ProgramNotFoundError",
    "RelativeProgramError",
    "Running",
    "RunningPipeline",
    "Sink",
    "Starting",
    "Terminal",
    "WaitDelayError",
    "environment",
    "look_path",
]
