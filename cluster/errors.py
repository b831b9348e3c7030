"""What can go wrong in the cluster, as one tree.

ClusterError
├── RegistryError      registry.yaml cannot be used (file, line and key in the message)
├── DocumentError      a document or folder cannot be read
├── IndexDamaged       a saved index is damaged or of another format
├── HistoryError       the history file cannot be read or written
├── CallError          a call to a specialist did not succeed
│   ├── UnknownSpecialist
│   ├── WorkerFailed   the worker process crashed, hung or could not start
│   ├── OverBudget     the specialist cannot fit into the memory budget
│   ├── QueueFull      too many calls are waiting
│   └── CallTimeout    the deadline passed
├── PipelineError      a pipeline cannot be used (file, line and step in the message)
│   ├── RowError       a row does not fit the inputs of its pipeline
│   └── PathRefused    a file outside the folders that a pipeline may use
└── EndpointError      the answer model's endpoint cannot be used

The message says what was looked for, what was found and what to do.
"""


class ClusterError(Exception):
    """Anything the cluster refuses or fails to do. The message is fit for a person."""


class RegistryError(ClusterError):
    """A registry file cannot be used."""


class DocumentError(ClusterError):
    """A document or a folder of documents cannot be read."""


class IndexDamaged(ClusterError):
    """A saved index cannot be opened."""


class HistoryError(ClusterError):
    """The history file cannot be read or written."""


class CallError(ClusterError):
    """A call to a specialist did not succeed."""


class UnknownSpecialist(CallError):
    """No registered specialist has this name or alias."""


class WorkerFailed(CallError):
    """The worker process of a specialist crashed, hung or could not start."""


class OverBudget(CallError):
    """A specialist cannot fit into the memory budget."""


class QueueFull(CallError):
    """Too many calls are waiting for a specialist."""


class CallTimeout(CallError):
    """A call was not answered before its deadline."""


class PipelineError(ClusterError):
    """A pipeline cannot be used as it is written."""


class RowError(PipelineError):
    """A value that only the row brings does not have the type that a step needs."""


class PathRefused(PipelineError):
    """A pipeline named a file that it may not read or write."""


class EndpointError(ClusterError):
    """The endpoint of the answer model cannot be used."""
