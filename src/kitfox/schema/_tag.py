"""The number of a field, pinned. It is part of its JSON Schema, so every document has it."""

import msgspec

NUMBER = "x-kitfox-number"


def Tag(number: int) -> msgspec.Meta:  # noqa: N802 - it stands beside types, as Meta itself does
    """Pin the number that a field has in binary messages.

    `id: Annotated[int, Tag(7)]` is the seventh, wherever it stands.
    """
    return msgspec.Meta(extra_json_schema={NUMBER: number})


def number_of(annotation: object) -> int | None:
    """Return the number that one annotation of a field pins, if it is a Tag."""
    if not isinstance(annotation, msgspec.Meta):
        return None
    number: object = (annotation.extra_json_schema or {}).get(NUMBER)
    return number if isinstance(number, int) else None
