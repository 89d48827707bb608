import pytest
from hypothesis import given
from hypothesis import strategies as st

from xqueue_worker.child.frames import (
    MAX_FRAME_BYTES,
    BadFrame,
    ChunkFrame,
    EndFrame,
    Frame,
    Frames,
    IdleFrame,
    LogFrame,
    ProgressFrame,
    TakenFrame,
    framed,
)
from xqueue_worker.outcome import Ending, failed
from xqueue_worker.said import Chunk, LogLine

frames = st.lists(
    st.one_of(
        st.builds(ProgressFrame, st.floats(0, 100), st.none() | st.text()),
        st.builds(LogFrame, st.builds(LogLine, st.just("info"), st.text(), st.integers(0, 1 << 50))),
        st.builds(ChunkFrame, st.builds(Chunk, st.integers(0, 1 << 30), st.binary(), st.integers(0, 1 << 50))),
        st.just(EndFrame(Ending(b'{"a": 1}'))),
        st.just(EndFrame(failed("error", "oh"))),
        st.sampled_from([TakenFrame(), IdleFrame()]),
    )
)


@given(said=frames, chunk=st.integers(1, 50))
def test_frames_arrive_whole_however_they_are_cut(said: list[Frame], chunk: int) -> None:
    stream = b"".join(map(framed, said))
    reader = Frames()

    heard = [frame for i in range(0, len(stream), chunk) for frame in reader.feed(stream[i : i + chunk])]

    assert heard == said


@pytest.mark.parametrize(
    "noise", [b"\xff\xff\xff\xff", (MAX_FRAME_BYTES + 1).to_bytes(4, "big"), b"\0\0\0\1\xc1", b"\0\0\0\2\x81\xa1"]
)
def test_noise_is_noticed(noise: bytes) -> None:
    with pytest.raises(BadFrame):
        list(Frames().feed(noise))
