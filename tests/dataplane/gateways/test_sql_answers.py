import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.dataplane.gateways.sql.answers import Answers, AnswerScanner, Mark
from bailiwick.dataplane.gateways.sql.messages import MAX_MESSAGE_BYTES, Message, ProtocolError

MESSAGES = st.lists(
    st.builds(Message, st.sampled_from([b"D", b"D", b"D", b"T", b"C", b"Z", b"E", b"S"]), st.binary(max_size=40)),
    max_size=30,
)


@given(MESSAGES, st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_however_the_bytes_are_cut_the_same_rows_and_messages_come_out(
    messages: list[Message], sizes: list[int]
) -> None:
    stream = b"".join(message.encode() for message in messages)
    scanner, passed, found, rows, place, turn = AnswerScanner(), b"", list[Message](), 0, 0, 0
    while place < len(stream):
        size = sizes[turn % len(sizes)]
        data, marks, begun = scanner.feed(stream[place : place + size])
        found += [Message(data[mark.begin : mark.begin + 1], data[mark.begin + 5 : mark.end]) for mark in marks]
        assert [mark.rows for mark in marks] == sorted(mark.rows for mark in marks)
        passed, rows = passed + data, rows + begun
        place, turn = place + size, turn + 1
    assert passed == stream
    assert found == [message for message in messages if message.kind != b"D"]
    assert rows == sum(message.kind == b"D" for message in messages)


def test_a_row_longer_than_a_chunk_is_passed_on_before_its_end_has_come() -> None:
    row, ready = Message(b"D", b"x" * 100_000).encode(), Message(b"Z", b"I").encode()
    scanner = AnswerScanner()
    assert scanner.feed(row[:30_000]) == Answers(row[:30_000], [], 1)
    assert scanner.is_within
    assert scanner.feed(row[30_000:60_000]) == Answers(row[30_000:60_000], [], 0)
    last = row[60_000:] + ready
    assert scanner.feed(last) == Answers(last, [Mark(ord("Z"), 40_005, 40_011, 0)], 0)
    assert not scanner.is_within


@pytest.mark.parametrize("kind", [b"D", b"T"])
@pytest.mark.parametrize("length", [0, 3, MAX_MESSAGE_BYTES + 5, 2**32 - 1])
def test_a_length_that_cannot_be_is_refused_before_anything_of_the_message_is_passed(kind: bytes, length: int) -> None:
    with pytest.raises(ProtocolError):
        AnswerScanner().feed(kind + struct.pack("!I", length))


@pytest.mark.parametrize("kind", [b"G", b"W"])
@pytest.mark.req("IN7")
def test_a_copy_of_rows_that_come_in_is_never_passed_on(kind: bytes) -> None:
    with pytest.raises(ProtocolError, match="COPY"):
        AnswerScanner().feed(Message(kind, b"\0\0\0").encode())
