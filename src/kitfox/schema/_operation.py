"""One method as HTTP offers it: what OpenAPI calls an operation."""

from dataclasses import dataclass

from kitfox.core import Method


@dataclass(frozen=True, slots=True)
class Operation:
    """How one method is bound to HTTP.

    `path` has one `{field}` for each of `path_fields`. Fields bear the names they have in JSON.
    With `body`, the fields of the request that are in neither tuple travel as one JSON object.
    """

    method: Method
    verb: str
    path: str
    path_fields: tuple[str, ...] = ()
    query_fields: tuple[str, ...] = ()
    body: bool = True

    @property
    def id(self) -> str:
        """The method's full name, `package.Service.Method`; unique in a document."""
        return f"{self.method.service}.{self.method.name}"
