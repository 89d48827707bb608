"""What users copy works."""

import re
import sys
from pathlib import Path

from e2e.running import ran

ROOT = Path(__file__).parents[2]
BLOCKS = re.compile(r"```python\n(.*?)```", re.DOTALL)


async def test_the_quickstart(url: str, tmp_path: Path) -> None:
    done = await ran(sys.executable, ROOT / "examples" / "quickstart.py", cwd=tmp_path, XQ_URL=url)

    assert (done.status, done.problems) == (0, "")
    assert done.out.splitlines()[:2] == [
        "one task: {'hello': 'world'}",
        "many: success, success, success, success, success, success",
    ]
    for line in ("watched: success", "the same task: True", "refused: priority", "failed: no such picture"):
        assert line in done.out
    assert "canceled: canceled" in done.out


async def test_the_code_in_the_sdks_readme(url: str, tmp_path: Path) -> None:
    blocks = BLOCKS.findall((ROOT / "libs" / "client" / "README.md").read_text())

    for block in blocks:
        done = await ran(sys.executable, "-c", block, cwd=tmp_path, XQ_URL=url)
        assert (done.status, done.problems) == (0, ""), block
    assert blocks
