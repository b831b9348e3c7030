"""`hub:OWNER/NAME` as a folder: what the optional hub client has already fetched to this machine.

It stands alone because it is the only place that looks for that client, and it never goes to the
network: opening a registry must not fetch anything.
"""

import importlib
import importlib.util
import re
from pathlib import Path

from cluster.errors import RegistryError

_ID = re.compile(r"hub:([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")


def hub_folder(checkpoint: str, *, where: str) -> Path:
    """The fetched folder of `hub:OWNER/NAME` or `hub:OWNER/NAME@REVISION`. Raises
    `RegistryError`, beginning with `where`."""
    match = _ID.fullmatch(checkpoint)
    if match is None:
        raise RegistryError(f"{where}: {checkpoint!r} is not of the form hub:OWNER/NAME@REVISION")
    if importlib.util.find_spec("huggingface_hub") is None:
        raise RegistryError(
            f"{where}: {checkpoint!r} needs the extra 'hub'; install it from the checkout with "
            "`pip install -e .[hub]`, or name a folder"
        )
    hub = importlib.import_module("huggingface_hub")
    try:
        return Path(hub.snapshot_download(match[1], revision=match[2], local_files_only=True))
    except Exception as error:  # the client raises of its own, of ValueError, of OSError
        fetch = f"hf download {match[1]}" + (f" --revision {match[2]}" if match[2] else "")
        raise RegistryError(
            f"{where}: {checkpoint!r} is not on this machine; fetch it with `{fetch}`"
        ) from error
