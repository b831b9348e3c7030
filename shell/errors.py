"""What can go wrong in the shell itself, as one tree.

ShellError
├── SettingsError    the config file or the environment cannot be used (file, line and key)
└── SessionError     the saved conversations cannot be read or written

What specialists and the cluster refuse has its own trees; `shell.exits` turns all of them into
exit codes and words.
"""


class ShellError(Exception):
    """Anything the shell itself refuses or fails to do. The message is fit for a person."""


class SettingsError(ShellError):
    """The config file or an environment variable cannot be used."""


class SessionError(ShellError):
    """The saved conversations cannot be read or written."""
