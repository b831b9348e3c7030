"""Who may import whom is written in pyproject.toml; here a machine reads the imports."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_import_crosses_a_wall() -> None:
    beside_python = Path(sys.executable).parent
    tool = shutil.which("lint-imports", path=str(beside_python)) or shutil.which("lint-imports")
    assert tool, "import-linter is missing: install the dev extra"
    done = subprocess.run(
        [tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
