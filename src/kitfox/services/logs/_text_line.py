"""One log line as the original system sends and keeps it: `2026/11/22 00:46:52 [Name] - text`.

A line stays one line whatever it holds: what would end it, or move a terminal's cursor, is
written as an escape.
"""

import re
import time

_PREFIX = re.compile(r"\[([^\[\]\r\n]{1,256})\] - ?")


def escape(text: str) -> str:
    r"""Return the text with every character that does not print as an escape: a newline as \n."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def read_text(body: bytes) -> str:
    """Return the text of a body without the line end that the original clients send."""
    return body.decode(errors="replace").rstrip("\r\n")


def split_prefix(text: str) -> tuple[str, str]:
    """Return the name that the original clients put before their text, or "", and the text."""
    if (prefix := _PREFIX.match(text)) is None:
        return "", text
    return prefix[1], text[prefix.end() :]


def file_line(now: float, text: str) -> bytes:
    """Return the line of the file, in local time as the original writes it."""
    stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(now))
    return f"{stamp} {escape(text)}\n".encode()


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
