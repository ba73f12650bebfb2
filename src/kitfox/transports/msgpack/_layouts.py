"""Where the parts of the frequent frames stand, so that their ends are found without a scan.

A message travels in a box: an extension value that holds it encoded. What is in a box is skipped,
not looked through; and the frames' numbers are always written with four bytes. docs/wire.md draws
the layouts. They are MessagePack all the same: a frame written in another way is read, too.
"""

from struct import Struct, error
from typing import Final

from kitfox.multiplex import Item, Reply, Request
from kitfox.transports.msgpack._metadata import read_metadata

BOX: Final = 75  # the extension type of boxes
NUMBER: Final = 0xCE  # "a number of four bytes follows"
BOXED: Final = 0xC9  # "an extension value, its length in four bytes, follows"
NIL: Final = 0xC0
TEXT: Final = 0xD9  # "a text, its length in one byte, follows"

REQUEST: Final = 0x9600  # an array of six, the first of them 0
RESPONSE: Final = 0x9501
ITEM: Final = 0x9303

HEAD: Final = Struct(">HBI")  # an array and its first element, a number
REQUEST_HEAD: Final = Struct(">HBIBB")  # the same, and the length of the method's name
ONE_BOX: Final = Struct(">BBIB")  # an array of one box: its length, its type
REPLY_HEAD: Final = Struct(">HBIBBIB")  # a head, nil for no error, a box
ITEM_HEAD: Final = Struct(">HBIBIB")  # a head, a box
BOX_HEAD: Final = Struct(">BIB")
TIMEOUT: Final = Struct(">BI")

_ARRAY_OF_ONE = 0x91
_PLAIN_TAIL = b"\xc0\xc0"  # no time limit, no metadata

Found = tuple[Request | Reply | Item, int] | None


def read_request(data: bytes, at: int) -> Found:
    """Return the request that begins at `at`, and where it ends; None: look more closely."""
    try:
        _, number, call, text, length = REQUEST_HEAD.unpack_from(data, at)
        name = at + REQUEST_HEAD.size
        params = name + length
        array, boxed, size, code = ONE_BOX.unpack_from(data, params)
    except error:
        return None
    if (number, text, array, boxed, code) != (NUMBER, TEXT, _ARRAY_OF_ONE, BOXED, BOX):
        return None
    begin = params + ONE_BOX.size
    end = begin + size
    path = "/" + str(data[name:params], "utf-8", "replace")
    if data[end : end + 2] == _PLAIN_TAIL:
        return Request(call, path, data[begin:end], {}, None), end + 2
    return _read_tail(data, end, call, path, data[begin:end])


def _read_tail(data: bytes, at: int, call: int, path: str, body: bytes) -> Found:
    """Return a request that has a time limit or metadata."""
    timeout = None
    try:
        if data[at] == NUMBER:
            timeout = TIMEOUT.unpack_from(data, at)[1] / 1000
            at += TIMEOUT.size
        elif data[at] == NIL:
            at += 1
        if data[at] == NIL:
            return Request(call, path, body, {}, timeout), at + 1
        boxed, size, code = BOX_HEAD.unpack_from(data, at)
    except (error, IndexError):
        return None
    begin = at + BOX_HEAD.size
    end = begin + size
    if (boxed, code) != (BOXED, BOX) or end > len(data):
        return None
    return Request(call, path, body, read_metadata(data[begin:end]), timeout), end


def read_reply(data: bytes, at: int) -> Found:
    """Return the reply that begins at `at`, and where it ends; None: look more closely."""
    try:
        _, number, call, nil, boxed, size, code = REPLY_HEAD.unpack_from(data, at)
        begin = at + REPLY_HEAD.size
        end = begin + size
        if data[end] != NIL or (number, nil, boxed, code) != (NUMBER, NIL, BOXED, BOX):
            return None
    except (error, IndexError):
        return None
    return Reply(call, data[begin:end], {}), end + 1


def read_item(data: bytes, at: int) -> Found:
    """Return the item that begins at `at`, and where it ends; None: look more closely."""
    try:
        _, number, call, boxed, size, code = ITEM_HEAD.unpack_from(data, at)
    except error:
        return None
    begin = at + ITEM_HEAD.size
    end = begin + size
    if end > len(data) or (number, boxed, code) != (NUMBER, BOXED, BOX):
        return None
    return Item(call, data[begin:end]), end
