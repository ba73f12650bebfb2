"""Errors as gRPC tells them: a code, a text, and a google.rpc.Status with the details."""

import logging
import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, unquote

import msgspec

from kitfox.core import Code, Kind, Method, RPCError, Unavailable
from kitfox.schema.protobuf import ProtobufMessages, proto_files
from kitfox.transports.grpc._grpcio import Failure, Pair

_log = logging.getLogger("kitfox.grpc")

_KEY = "grpc-status-details-bin"
_STRUCT = "type.googleapis.com/google.protobuf.Struct"
# Peers of other makes take 8 KiB of trailers in all, in base64 and with what is no ASCII escaped.
_MOST_STATUS = 4096
_MOST_TEXT = 2048

_PLAIN = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
_CUT = re.compile(r"%.?$")


class _Packed(msgspec.Struct):
    """A google.protobuf.Any."""

    type_url: str
    value: bytes


class _Status(msgspec.Struct):
    """A google.rpc.Status."""

    code: int
    message: str
    details: list[_Packed] = []


class _Details(msgspec.Struct):
    """A google.protobuf.Struct."""

    fields: dict[str, Any]


class Statuses:
    """Writes and reads errors. What reads and writes their details is made once."""

    def __init__(self) -> None:
        both = Method("google.rpc.Errors", "Status", Kind.UNARY, _Status, _Details)
        (file,) = proto_files([both])
        messages = ProtobufMessages(file)
        self._encode_status = messages.encoder(_Status)
        self._decode_status = messages.decoder(_Status)
        self._encode_details = messages.encoder(_Details)
        self._decode_details = messages.decoder(_Details)

    def trailers(self, error: RPCError) -> list[Pair]:
        """Return what goes beside an error's code and text: nothing, if it has no details.

        CANCELLED has some always: without, it could not be told from what grpcio says by itself.
        What cannot be written, or makes more than 4 KiB of it, is left out: it must not hide the
        error.
        """
        if not error.details and error.code is not Code.CANCELLED:
            return []
        try:
            packed = _Packed(_STRUCT, self._encode_details(_Details(dict(error.details))))
            written = self._encode_status(_Status(error.code, text_of(error), [packed]))
        except (TypeError, ValueError, OverflowError, RecursionError):
            return []
        if len(written) > _MOST_STATUS:
            _log.warning("left out of an error: details of %d bytes", len(written))
            return []
        return [(_KEY, written)]

    def error_of(self, failure: Failure) -> RPCError:
        """Return the error that a failed call stands for.

        CANCELLED without details is grpcio's word for calls that a stopping server has dropped.
        """
        code, text = Code[failure.name], failure.text
        for key, value in failure.metadata:
            if key == _KEY and isinstance(value, bytes):
                return RPCError.of(code, text, self._details(value))
        if code is Code.CANCELLED:
            return Unavailable(f"the server broke the call off: {text}")
        return RPCError.of(code, text)

    def _details(self, written: bytes) -> Mapping[str, object]:
        """Return the details of a kitfox peer; those of others are known by their types' names."""
        found: dict[str, object] = {}
        try:
            status = cast("_Status", self._decode_status(written))
            for packed in status.details:
                if packed.type_url == _STRUCT:
                    details = cast("_Details", self._decode_details(packed.value))
                    found.update(details.fields)
                else:
                    found[packed.type_url.rpartition("/")[2]] = packed.value
        except msgspec.DecodeError:
            _log.warning("an error's details cannot be read")
        return found


def text_of(error: RPCError) -> str:
    """Return an error's text as it can be written, and no longer than 2 KiB when it is."""
    written = quote(error.message, safe=_PLAIN, errors="replace")
    if len(written) > _MOST_TEXT:
        written = _CUT.sub("", written[:_MOST_TEXT])
    return unquote(written, errors="ignore")
