"""What `qshell doctor` looks at: is this installation whole, and fit for the work?

Each check looks at one thing and returns what it found with a remedy; none mends anything, and
none stops the others. torch is asked in a process of its own. It knows no terminal.
"""

import importlib.util
import ipaddress
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cluster.accounting import memory_limit_bytes, usable_cores
from cluster.errors import ClusterError
from shell.errors import ShellError
from shell.registered import read_registered
from shell.session import Sessions
from shell.settings import Settings
from specialists.checkpoint import open_checkpoint
from specialists.errors import SpecialistError

DISTRIBUTION = "qovaryx-shell"
ROOMS = ("cluster", "specialists", "shell")
State = Literal["ok", "warn", "fail"]
WITHOUT_INT8 = "int8 is left out: this processor has no instructions for it (VNNI)"
_GIB = 1 << 30
_LITTLE_DISK_BYTES = _GIB
_NO_DISK_BYTES = 50 << 20
_LITTLE_MEMORY_BYTES = _GIB
_PROBE_LIMIT_S = 60.0
_TORCH_PROBE = """
import json, torch
torch.set_num_threads(1)
half = torch.ones(8, 8, dtype=torch.bfloat16)
print(json.dumps({
    "cuda": torch.version.cuda,
    "capability": torch.backends.cpu.get_cpu_capability(),
    "bf16": float((half @ half)[0, 0]) == 8.0,
}))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One line of the report. `remedy` says what to do; it is empty when all is well."""

    name: str
    state: State
    found: str
    remedy: str = ""


def check_house(settings: Settings) -> Iterator[Check]:
    """Every check in turn, quick ones first."""
    for look in _LOOKS:
        name = look.__name__.removeprefix("_")
        try:
            yield from look(settings)
        except (ClusterError, SpecialistError, ShellError) as error:
            yield Check(name=name, state="fail", found=str(error))
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
            yield Check(name=name, state="fail", found=found, remedy="install qshell anew")


def room_folders() -> dict[str, list[Path]]:
    """Where Python finds each of the three packages; one folder each in a sound house."""
    found = {}
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        places = spec.submodule_search_locations if spec else None
        # A folder may stand in the search path twice; one without code, such as an editable
        # install leaves for the registry file, takes no part in imports.
        distinct = dict.fromkeys(Path(place).resolve() for place in places or ())
        found[room] = [place for place in distinct if any(place.rglob("*.py"))]
    return found


def _python(settings: Settings) -> Iterator[Check]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Check(name="python", state="ok", found=found)


def _home(settings: Settings) -> Iterator[Check]:
    folders = room_folders()
    parents = {place.parent for places in folders.values() for place in places}
    if all(len(places) == 1 for places in folders.values()) and len(parents) == 1:
        yield Check(name="home", state="ok", found=str(parents.pop()))
        return
    found = "; ".join(f"{r}: {', '.join(map(str, p)) or 'nowhere'}" for r, p in folders.items())
    remedy = "another distribution uses these names: install qshell into an environment of its own"
    yield Check(name="home", state="fail", found=found, remedy=remedy)


def _packages(settings: Settings) -> Iterator[Check]:
    try:
        version = metadata.version(DISTRIBUTION)
        wanted = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        remedy = "install the checkout into an environment of its own: pip install -e ."
        yield Check(name="packages", state="warn", found="not installed", remedy=remedy)
        return
    names = [_requirement_name(line) for line in wanted if "extra ==" not in line]
    missing = [name for name in names if package_version(name) is None]
    if missing:
        remedy = f"pip install {' '.join(missing)}"
        yield Check(name="packages", state="fail", found=f"missing {missing}", remedy=remedy)
    else:
        found = f"{DISTRIBUTION} {version}, {len(names)} requirements present"
        yield Check(name="packages", state="ok", found=found)


def _torch(settings: Settings) -> Iterator[Check]:
    version = package_version("torch")
    if version is None:
        yield Check(name="torch", state="fail", found="missing", remedy="pip install torch")
        return
    limit_threads = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and our own text
            [sys.executable, "-P", "-c", _TORCH_PROBE],
            capture_output=True,
            text=True,
            timeout=_PROBE_LIMIT_S,
            env=limit_threads,
            cwd=tempfile.gettempdir(),
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        found = f"{version} did not start within {_PROBE_LIMIT_S:.0f} s"
        yield Check(name="torch", state="fail", found=found, remedy="is the machine overloaded?")
        return
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        remedy = "install torch anew, from its CPU builds"
        yield Check(name="torch", state="fail", found=f"{version}: {last}", remedy=remedy)
        return
    probe = json.loads(done.stdout)
    found = f"{version}, {probe['capability']}"
    if probe["cuda"]:
        remedy = "the CPU build is far smaller and is all that is used"
        yield Check(name="torch", state="warn", found=f"{found}, built for CUDA", remedy=remedy)
    else:
        yield Check(name="torch", state="ok", found=f"{found}, CPU build")


def _cpu(settings: Settings) -> Iterator[Check]:
    found = f"{os.cpu_count()} in the machine, {usable_cores()} for workers"
    yield Check(name="cores", state="ok", found=found)
    flags = _cpu_flags()
    if flags is None:
        return
    fast = [name for name in ("avx2", "avx512_vnni", "avx_vnni", "avx512_bf16") if name in flags]
    if {"avx512_vnni", "avx_vnni", "avx512_bf16"} & flags:
        yield Check(name="instructions", state="ok", found=", ".join(fast))
    else:
        found = f"{', '.join(fast) or 'none of AVX2'}; no VNNI, no bf16"
        remedy = "nothing to mend: int8 and bf16 will not be faster than fp32 on this CPU"
        yield Check(name="instructions", state="warn", found=found, remedy=remedy)


def _memory(settings: Settings) -> Iterator[Check]:
    available = _available_memory_bytes()
    if available is None:
        return
    allowed = memory_limit_bytes()
    found = f"{available / _GIB:.1f} GiB available, {allowed / _GIB:.1f} GiB allowed"
    little = min(available, allowed) < _LITTLE_MEMORY_BYTES
    remedy = "close other programs, or lower memory_budget in config.yaml" if little else ""
    yield Check(name="memory", state="warn" if little else "ok", found=found, remedy=remedy)


def _folders(settings: Settings) -> Iterator[Check]:
    for name, folder in (("cache", settings.cache_dir), ("data", settings.data_dir)):
        yield _folder(name, folder)


def _folder(name: str, folder: Path) -> Check:
    standing = next(one for one in (folder, *folder.parents) if one.exists())
    remedy = f"set {name}_dir in the config file, or QSHELL_HOME, to a folder that can be written"
    try:
        with tempfile.TemporaryFile(dir=standing):
            free_bytes = shutil.disk_usage(standing).free
    except OSError as error:
        found = f"{folder}: {error.strerror or error}"
        return Check(name=name, state="fail", found=found, remedy=remedy)
    found = f"{folder}, {free_bytes / _GIB:.1f} GiB free"
    if free_bytes < _NO_DISK_BYTES:
        return Check(name=name, state="fail", found=found, remedy="free some space")
    if free_bytes < _LITTLE_DISK_BYTES:
        return Check(name=name, state="warn", found=found, remedy="free some space")
    return Check(name=name, state="ok", found=found)


def _sessions(settings: Settings) -> Iterator[Check]:
    found = f"{len(Sessions(settings.sessions_file).list())} saved"
    yield Check(name="sessions", state="ok", found=found)


def _registry(settings: Settings) -> Iterator[Check]:
    registry = read_registered(settings)
    files = ", ".join(map(str, registry.files))
    yield Check(name="registry", state="ok", found=f"{len(registry.specs)} registered in {files}")
    for spec in registry.specs.values():
        try:
            checkpoint = open_checkpoint(spec.folder)
        except SpecialistError as error:
            remedy = "fetch the checkpoint again, or correct its entry in the registry"
            yield Check(name=spec.name, state="fail", found=str(error), remedy=remedy)
        else:
            found = f"{checkpoint.storage}, sha256 {checkpoint.sha256[:12]} verified"
            yield Check(name=spec.name, state="ok", found=found)


def _endpoint(settings: Settings) -> Iterator[Check]:
    if settings.endpoint is None:
        yield Check(name="endpoint", state="ok", found="none: answers are quotes alone")
    elif not settings.model:
        remedy = "name the answer model with the key model"
        yield Check(name="endpoint", state="fail", found="no model is named", remedy=remedy)
    elif is_loopback(settings.endpoint):
        yield Check(name="endpoint", state="ok", found=f"{settings.endpoint}, this machine")
    elif not settings.allow_remote:
        remedy = "use a local address; or, if passages may leave this machine, set allow_remote"
        yield Check(name="endpoint", state="fail", found=settings.endpoint, remedy=remedy)
    else:
        remedy = "questions and passages leave this machine; use a local address if that is unmeant"
        yield Check(name="endpoint", state="warn", found=settings.endpoint, remedy=remedy)


_LOOKS: tuple[Callable[[Settings], Iterator[Check]], ...] = (
    _python,
    _home,
    _packages,
    _cpu,
    _memory,
    _folders,
    _sessions,
    _registry,
    _endpoint,
    _torch,
)


def is_loopback(address: str) -> bool:
    """True when the address certainly stays on this machine; names are not looked up."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def package_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _requirement_name(line: str) -> str:
    end = next((i for i, c in enumerate(line) if not (c.isalnum() or c in "-_.")), len(line))
    return line[:end]


def _cpu_flags() -> set[str] | None:
    """Instruction sets as Linux names them; None elsewhere and on other processors than x86."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return None
    return next((set(line.split()) for line in lines if line.startswith("flags")), None)


def _available_memory_bytes() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    kib = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(kib) * 1024 if kib else None
