"""The page "From Go" leaves none of Go's calls out, and shows at work what is called."""

import re

import house
import pages

PAGE = house.ROOT / "docs/from-go.md"

CALLS = {
    "context": """
        Background TODO WithCancel WithCancelCause WithDeadline WithDeadlineCause WithTimeout
        WithTimeoutCause WithValue WithoutCancel AfterFunc Cause Canceled Deadline Done Err Value
    """,
    "os/exec": """
        Command CommandContext LookPath Run Start Wait Output CombinedOutput StdinPipe StdoutPipe
        StderrPipe String Environ ExitError ErrNotFound ErrDot ErrWaitDelay Cancel WaitDelay
        Dir Env Stdin Stdout Stderr ExtraFiles Process ProcessState
    """,
    "os.Process": """
        FindProcess Signal Kill Wait Release ErrProcessDone
        Pid ExitCode Exited Success UserTime SystemTime
    """,
    "channels": "make close len cap range select case default After NewTimer NewTicker Stop Reset",
    "http.Server": "Server ListenAndServe Serve Shutdown Handler HandleFunc Hijacker Hijack",
}
# What has no counterpart, or one that a table tells.
WORDS = """
    DeadlineExceeded Args Path Err SysProcAttr StartProcess Sys SysUsage AfterFunc Sleep Close
    ListenAndServeTLS RegisterOnShutdown SetKeepAlivesEnabled ErrServerClosed ResponseController
"""


def missing(names: str, text: str) -> list[str]:
    return [name for name in names.split() if not re.search(rf"\b{name}\b", text)]


def test_each_call_of_go_is_shown_in_an_example():
    examples = "".join(block.text for block in pages.blocks(PAGE) if block.language == "python")
    shown = "\n".join(re.findall(r"^ *# .*", examples, re.MULTILINE))
    assert {about: missing(names, shown) for about, names in CALLS.items()} == {
        about: [] for about in CALLS
    }


def test_what_is_not_shown_is_told():
    assert missing(WORDS, PAGE.read_text()) == []
