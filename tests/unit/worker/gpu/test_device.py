import pytest
from structlog.testing import capture_logs

from xqueue_common.errors import ConfigError
from xqueue_common.settings import load
from xqueue_worker.gpu import nvml
from xqueue_worker.gpu.device import RESERVE_MB, Asked, Gpu, asked, choose, environment, offered_mb, visible
from xqueue_worker.gpu.finding import Found, find
from xqueue_worker.settings import WorkerSettings

GPUS = [Gpu(index=n, name="A", memory_mb=24_576, uuid=f"GPU-{n}f00") for n in range(2)]


@pytest.mark.parametrize(
    ("text", "meant"), [("", None), ("0", Asked(0, None)), ("7", Asked(7, None)), ("1/4", Asked(1, 4))]
)
def test_which_gpu_is_asked_for_is_read(text: str, meant: Asked | None) -> None:
    assert asked(text) == meant


@pytest.mark.parametrize("text", ["first", "-1", "1/", "4/4", "0/0", "1/4/8", "1\n"])
def test_what_is_no_gpu_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ConfigError, match=r"XQ_GPU is .* give the number"):
        asked(text)


def test_the_first_gpu_is_served_unless_another_is_asked_for() -> None:
    assert choose(GPUS, None) == GPUS[0]
    assert choose(GPUS, Asked(1, None)) == GPUS[1]
    assert choose([], None) is None


@pytest.mark.parametrize(("gpus", "words"), [(GPUS, "2, numbered from 0"), ([], "none")])
def test_a_gpu_that_is_not_there_is_an_error(gpus: list[Gpu], words: str) -> None:
    with pytest.raises(ConfigError, match=f"XQ_GPU is 2.*{words}"):
        choose(gpus, Asked(2, None))


def test_several_workers_take_the_gpus_in_turn_and_share_what_does_not_go_round() -> None:
    chosen = [choose(GPUS, Asked(number, 3)) for number in range(3)]

    assert [(gpu.index, gpu.shared_by) for gpu in chosen if gpu] == [(0, 2), (1, 1), (0, 2)]
    assert choose([], Asked(1, 3)) is None


@pytest.mark.parametrize(
    ("told", "indexes"),
    [
        (None, [0, 1]),
        ("1", [1]),
        ("1,0", [1, 0]),
        ("GPU-1f", [1]),
        ("", []),
        ("-1", []),
        ("0,9,1", [0]),
        ("MIG-1", []),
    ],
)
def test_what_cuda_may_not_see_is_not_there(told: str | None, indexes: list[int]) -> None:
    assert [gpu.index for gpu in visible(GPUS, told)] == indexes


def test_an_ambiguous_uuid_names_no_gpu() -> None:
    assert visible(GPUS, "GPU-") == []


def test_a_process_sees_its_gpu_by_uuid_and_a_simulated_one_by_number() -> None:
    order = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert environment(GPUS[1]) == {**order, "CUDA_VISIBLE_DEVICES": "GPU-1f00"}
    fake = Gpu(index=3, name="simulated", memory_mb=1, fake=True)
    assert environment(fake) == {**order, "CUDA_VISIBLE_DEVICES": "3"}
    assert environment(None) == {}


FAKE = Gpu(index=0, name="simulated", memory_mb=1_000, fake=True)


@pytest.mark.parametrize(
    ("gpu", "told_mb", "reserve_mb", "offered"),
    [
        (GPUS[0], None, None, 24_576 - RESERVE_MB),
        (GPUS[0], None, 0, 24_576),
        (GPUS[0], 100_000, 10, 100_000),
        (GPUS[0], 0, None, 0),
        (FAKE, None, None, 1_000),
        (FAKE, None, 400, 600),
        (FAKE, None, 2_000, 0),
        (Gpu(index=0, name="shared", memory_mb=2_512, shared_by=3), None, None, 666),
        (None, None, None, 0),
        (None, 8_000, None, 8_000),
    ],
)
def test_memory_is_offered_as_told_else_less_the_reserve(
    gpu: Gpu | None, told_mb: int | None, reserve_mb: int | None, offered: int
) -> None:
    assert offered_mb(gpu, told_mb=told_mb, reserve_mb=reserve_mb) == offered


def found(**variables: str) -> Found:
    return find(load(WorkerSettings, variables), {})


def test_simulated_gpus_are_found_and_those_that_nobody_serves_are_counted() -> None:
    first = found(XQ_FAKE_GPUS="3x24GB")

    assert first.gpu is not None
    assert (first.gpu.index, first.gpu.memory_mb, first.unsaid) == (0, 24_576, 2)
    assert found(XQ_FAKE_GPUS="3x24GB", XQ_GPU="0").unsaid == 0


def test_a_worker_that_leaves_gpus_idle_says_so_with_the_remedy() -> None:
    with capture_logs() as lines:
        found(XQ_FAKE_GPUS="3x24GB").tell()
        found(XQ_FAKE_GPUS="3x24GB", XQ_GPU="2").tell()
        Found(None, problem="the driver is too old").tell()

    warnings = [line for line in lines if line["log_level"] == "warning"]
    assert [line.get("idle", line.get("why")) for line in warnings] == [2, "the driver is too old"]
    assert "XQ_GPU=0" in warnings[0]["remedy"]


def test_a_worker_that_is_to_have_no_gpu_has_none() -> None:
    assert found(XQ_FAKE_GPUS="3x24GB", XQ_GPU="none") == Found(None)


@pytest.mark.skipif(nvml._DRIVER.exists(), reason="there is a GPU here")
def test_a_machine_without_a_gpu_has_none_and_no_problem() -> None:
    assert found() == Found(None)
