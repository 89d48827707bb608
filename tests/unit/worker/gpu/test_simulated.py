import pytest

from xqueue_common.errors import ConfigError
from xqueue_worker.gpu.simulated import MOST, simulated


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("2x24GB", [24_576, 24_576]),
        ("24GB,16GB", [24_576, 16_384]),
        ("512MB", [512]),
        (" 2 x 0.5gb , 1MB ", [512, 512, 1]),
    ],
)
def test_a_set_of_gpus_is_read(text: str, sizes: list[int]) -> None:
    gpus = simulated(text)

    assert [gpu.memory_mb for gpu in gpus] == sizes
    assert [gpu.index for gpu in gpus] == list(range(len(sizes)))
    assert all(gpu.fake for gpu in gpus)


@pytest.mark.parametrize(
    "text",
    ["2x24", "24", "x24GB", "0x24GB", "0GB", "0.0001MB", "24GB,", "24TB", "-1GB", "99999999GB", "24GB\n0", "nan"],
)
def test_what_is_no_set_of_gpus_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ConfigError, match=r"XQ_FAKE_GPUS: .* write 24GB"):
        simulated(text)


def test_there_are_not_endlessly_many() -> None:
    with pytest.raises(ConfigError, match=f"{MOST} at most"):
        simulated("999x1GB")
