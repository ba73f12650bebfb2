"""Channels as in Go: tasks that share nothing, and pass items to each other."""

from kitfox.channels._case import Case as Case, Receiving as Receiving, Sending as Sending
from kitfox.channels._channel import Channel as Channel
from kitfox.channels._clock import Ticker as Ticker, Timer as Timer, after as after
from kitfox.channels._ends import Receiver as Receiver, Sender as Sender
from kitfox.channels._select import select as select, select_nowait as select_nowait
from kitfox.channels._state import ChannelClosed as ChannelClosed, WouldBlock as WouldBlock
from kitfox.channels._thread_channel import ThreadChannel as ThreadChannel

__all__ = [
    "Case",
    "Channel",
    "ChannelClosed",
    "Receiver",
    "Receiving",
    "Sender",
    "Sending",
    "ThreadChannel",
    "Ticker",
    "Timer",
    "WouldBlock",
    "after",
    "select",
    "select_nowait",
]
