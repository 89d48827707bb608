"""`python -m xqueue_embedded demo`, loaded only when it is called: `up` needs none of it."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console

from xqueue_embedded.demo.options import DemoOptions
from xqueue_embedded.demo.run import run_demo


def demo(
    *,
    port: Annotated[int | None, Parameter(validator=Number(gte=0, lte=65535))] = None,
    state_dir: Path = Path(".xqueue-demo"),
    seconds: Annotated[float | None, Parameter(validator=Number(gte=0))] = None,
) -> int:
    """Run the whole system with work to watch; Ctrl-C stops all of it.

    Args:
        port: Where the API listens; left out, 8080, or a free port where that is taken.
        state_dir: All that it keeps, from one run to the next.
        seconds: Stop by itself so long after it began to work.
    """
    return asyncio.run(run_demo(DemoOptions(state_dir=state_dir, port=port, seconds=seconds), Console()))
