"""A long job that survives a crash: it keeps checkpoints, and the next attempt goes on from the last one.

Copy this file. In one terminal: `uv run just up --handlers examples.training`. In another:

    curl -s localhost:8080/api/v1/tasks -H 'Content-Type: application/json' -d '{
      "type": "model.train", "payload": {"epochs": 20000, "crash_at": 8200}}'
    curl -N localhost:8080/api/v1/tasks/TASK_ID/events    # progress, and the loss as it falls
    curl -s localhost:8080/api/v1/tasks/TASK_ID/logs

`crash_at` lets the process die in the first attempt, as a driver or the memory of a machine does. What is trained
is real, if small: a network with one hidden layer, in plain Python, that learns which of two rings a point lies on.
"""

import math
import os
import random
from typing import Annotated

import msgspec

from xqueue_worker import Context, Retry, task

_TELL_EVERY = 50
_RATE = 0.1
_HIDDEN = 8

Point = tuple[float, float, float]
"""Two coordinates, and which ring it lies on."""


class Training(msgspec.Struct):
    """What to train, and after how many epochs to keep it; the same seed gives the same network."""

    epochs: int = 10_000
    keep_every: Annotated[int, msgspec.Meta(ge=1)] = 500
    seed: int = 1
    crash_at: int | None = None


class Network(msgspec.Struct):
    """What a checkpoint holds: how far it is, and the weights of each hidden unit: two inputs, bias, output."""

    epoch: int
    loss: float
    units: list[list[float]]
    bias: float


@task("model.train", isolation="process", process_timeout=3600)
def train(ctx: Context, job: Training) -> dict[str, float]:
    """Train epoch by epoch. Isolated, so that a crash takes nothing else down, and so that it can be killed."""
    points = two_rings(random.Random(job.seed))
    network = kept_or_new(ctx, job)
    while network.epoch < job.epochs:
        if ctx.cancelled:  # or the worker stops: another one goes on from here
            keep(ctx, network)
            raise Retry(after=0)
        one_epoch(network, points)
        ctx.progress(100 * network.epoch / job.epochs, f"epoch {network.epoch}, loss {network.loss:.4f}")
        if network.epoch % _TELL_EVERY == 0:
            ctx.emit({"epoch": network.epoch, "loss": network.loss})
        if network.epoch % job.keep_every == 0:
            keep(ctx, network)
        if network.epoch == job.crash_at and ctx.attempt == 1:
            os._exit(1)
    right = sum(round(output(network, x, y)[0]) == ring for x, y, ring in points)
    return {"epochs": network.epoch, "loss": network.loss, "accuracy": right / len(points)}


def kept_or_new(ctx: Context, job: Training) -> Network:
    """Return the network of the last checkpoint; a new one if no attempt has kept any."""
    try:
        with ctx.kept("checkpoint") as file:
            network = msgspec.json.decode(file.read(), type=Network)
    except FileNotFoundError:
        chance = random.Random(job.seed)
        ctx.log("begins anew")
        return Network(0, 0.0, [[chance.uniform(-1, 1) for _ in range(4)] for _ in range(_HIDDEN)], 0.0)
    ctx.log(f"goes on after epoch {network.epoch}")
    return network


def keep(ctx: Context, network: Network) -> None:
    """Write a checkpoint; what is written is there as a whole, or not at all."""
    with ctx.artifact(name="checkpoint", content_type="application/json") as file:
        file.write(msgspec.json.encode(network))
    ctx.log(f"kept epoch {network.epoch}")


def two_rings(chance: random.Random) -> list[Point]:
    """Return points on an inner and an outer ring."""
    points = []
    for number in range(120):
        ring, angle = number % 2, chance.uniform(0, 2 * math.pi)
        radius = 0.4 + 0.6 * ring + chance.gauss(0, 0.12)
        points.append((radius * math.cos(angle), radius * math.sin(angle), float(ring)))
    return points


def output(network: Network, x: float, y: float) -> tuple[float, list[float]]:
    """Return what the network says of a point, 0 to 1, and what its hidden units did."""
    hidden = [math.tanh(wx * x + wy * y + b) for wx, wy, b, _ in network.units]
    total = network.bias + sum(unit[3] * h for unit, h in zip(network.units, hidden, strict=True))
    return 1 / (1 + math.exp(-total)), hidden


def one_epoch(network: Network, points: list[Point]) -> None:
    """Go through all points once, correct the weights after each; note the mean loss."""
    loss = 0.0
    for x, y, ring in points:
        said, hidden = output(network, x, y)
        loss -= math.log(max(1e-12, said if ring else 1 - said))
        error = _RATE * (ring - said)
        for unit, h in zip(network.units, hidden, strict=True):
            back = error * unit[3] * (1 - h * h)
            unit[3] += error * h
            unit[0] += back * x
            unit[1] += back * y
            unit[2] += back
        network.bias += error
    network.epoch += 1
    network.loss = loss / len(points)
