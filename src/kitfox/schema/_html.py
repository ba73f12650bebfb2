"""HTML by construction: what is not marked as HTML is text, and is escaped."""

from html import escape


class HTML(str):
    """Text that is HTML already."""

    __slots__ = ()


def html(*parts: str) -> HTML:
    """Return the parts in a row."""
    return HTML("".join(part if isinstance(part, HTML) else escape(part) for part in parts))


def tag(name: str, *children: str, **attributes: str) -> HTML:
    """Return an element; `class_` is the attribute `class`."""
    written = "".join(f' {key.rstrip("_")}="{escape(text)}"' for key, text in attributes.items())
    return HTML(f"<{name}{written}>{html(*children)}</{name}>")
