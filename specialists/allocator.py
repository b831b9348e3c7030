"""What the C library does with memory that was freed: glibc only, elsewhere nothing happens.

A forward frees megabytes and asks for as many again; given back to the system in between, every
page of them is faulted in anew, which took a third of the time of a small model.
"""

import contextlib
import ctypes

KEPT_BYTES = 64 * 1024 * 1024
_OWN_MAPPING_BYTES = 32 * 1024 * 1024
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def give_back_memory() -> None:
    """Now, once: what loading has used and freed."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def keep_freed_memory() -> None:
    """From here on up to `KEPT_BYTES` stay for the next forward."""
    with contextlib.suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
