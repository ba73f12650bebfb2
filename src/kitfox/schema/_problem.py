"""What an error is over HTTP: a problem (RFC 9457) that also says the canonical code."""

from typing import Annotated, Any

import msgspec

from kitfox.core import Code

PROBLEM_MEDIA_TYPE = "application/problem+json"

_WORDS = {"enum": [code.word for code in Code if code is not Code.OK]}


def _says(text: str, **schema: object) -> msgspec.Meta:
    return msgspec.Meta(description=text, extra_json_schema=schema or None)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A call that failed."""

    type: Annotated[str, _says("What kind of problem, as a URI; `about:blank` leaves it to `code`")]
    title: Annotated[str, _says("The HTTP status in words")]
    status: Annotated[int, _says("The HTTP status")]
    detail: Annotated[str, _says("What went wrong, for people")]
    code: Annotated[str, _says("What went wrong, for programs", **_WORDS)]
    details: Annotated[dict[str, Any], _says("What more programs may want to know")] = {}
    trace_id: Annotated[str, _says("Finds this call in logs and traces")] = ""
