"""The registry in force: the one the settings name, else the shipped one with the user's over it.

It stands alone because commands, doctor and screen must all mean the same registry.
"""

from cluster.cluster import read_default_registry
from cluster.registry import Registry, read_registry
from shell.settings import Settings


def read_registered(settings: Settings) -> Registry:
    """Raises `RegistryError` with file, line and key."""
    return read_registry(settings.registry) if settings.registry else read_default_registry()
