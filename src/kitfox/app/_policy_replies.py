"""What a file says the reply of a method to be: the value of a `fallback`."""

from typing import cast

from kitfox.app._config_convert import convert
from kitfox.app._config_error import ConfigError
from kitfox.app._config_layers import is_table
from kitfox.core import Empty, Method


def reply_of(method: Method, said: object, *, texts: bool) -> object:
    """Make the message that a method replies with; a reply that is no message is just its value.

    Raises ConfigError with the path of what is wrong, below `value`, if anything was said.
    """
    if method.kind.streams_replies:
        raise ConfigError("", "", f"{method.path} streams its replies: none of them is the one")
    boxed = _is_box(method.reply) and not _names_the_box(said)
    table = {"value": said} if boxed else {} if said is None else said
    if not is_table(table):
        raise ConfigError("", "value", f"expected a table, got {type(said).__name__}")
    if method.reply is Empty and table:
        raise ConfigError("", "value", f"{method.path} replies nothing; leave it out")
    key = "" if boxed else "value"
    return cast("object", convert(table, method.reply, where="", key=key, texts=texts))


def _is_box(reply: type) -> bool:
    """Whether a reply only carries a value, as one that is no message of its own travels."""
    return getattr(reply, "__struct_fields__", None) == ("value",)


def _names_the_box(said: object) -> bool:
    return is_table(said) and said.keys() == {"value"}
