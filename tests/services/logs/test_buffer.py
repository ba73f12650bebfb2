"""The buffer between the code that logs and the thread that writes."""

import threading

from kitfox.services.logs._buffer import Buffer


def test_a_full_buffer_counts_what_it_loses(entry):
    buffer = Buffer(5, 3)
    for n in range(22):
        buffer.put(entry(str(n)))
    entries, lost = buffer.take(0)
    assert [e.message for e in entries] == ["0", "1", "2"]
    assert lost == 17
    assert buffer.take(0)[1] == 0


def test_a_batch_is_given_out_before_its_delay_is_over(entry):
    buffer = Buffer(10, 3)
    for _ in range(3):
        buffer.put(entry())
    assert len(buffer.take(3600)[0]) == 3


def test_a_closed_buffer_gives_out_what_it_has_and_then_ends(entry):
    buffer = Buffer(10, 3)
    buffer.put(entry())
    buffer.close()
    buffer.put(entry("too late"))
    assert [e.message for e in buffer.take(3600)[0]] == ["hello"]
    assert buffer.take(3600) is None


def test_a_flush_ends_the_delay_and_waits_for_the_writing(entry):
    buffer = Buffer(10, 3)
    written = []

    def write():
        written.extend(buffer.take(3600)[0])
        buffer.done()

    thread = threading.Thread(target=write)
    thread.start()
    buffer.put(entry())
    assert buffer.flush(5)
    assert len(written) == 1
    thread.join()


def test_a_flush_that_nobody_answers_gives_up(entry):
    buffer = Buffer(10, 3)
    buffer.put(entry())
    assert not buffer.flush(0.01)
