"""What can go wrong on the model side, as one tree.

SpecialistError
├── CheckpointError        the folder is missing, incomplete, damaged or of another shape
│   ├── UnsafeCheckpoint   the file holds something that is not plain tensors
│   └── TensorMismatch     tensors are missing, unexpected or misshapen (carries the report)
├── ContractError          the prompt contract is unusable with this tokenizer or request
├── CorpusError            training or evaluation data is missing or malformed
├── CalibrationError       a threshold cannot be fitted, or belongs to another checkpoint
├── RecipeError            a training run cannot start or go on as asked
└── GateError              the marks do not allow what was asked

Every message says what was looked for, what was found and what to do. Front ends own the
words around it, never a traceback.
"""


class SpecialistError(Exception):
    """Anything the model side refuses to do. The message is fit for a person."""


class CheckpointError(SpecialistError):
    """A checkpoint folder cannot be used as it is."""


class UnsafeCheckpoint(CheckpointError):
    """A weight file asks to run code or holds objects other than tensors."""


class TensorMismatch(CheckpointError):
    """The tensors of a file are not those the configuration describes. `report` is the
    `TensorReport` whose lines the message holds."""

    def __init__(self, message: str, report: object = None) -> None:
        super().__init__(message)
        self.report = report


class ContractError(SpecialistError):
    """A prompt contract and a tokenizer or request do not fit each other."""


class JobError(SpecialistError):
    """What was given to a job is not what it takes."""


class CorpusError(SpecialistError):
    """Training or evaluation data is missing or malformed."""


class CalibrationError(SpecialistError):
    """A threshold cannot be fitted to these pairs, or was made for another checkpoint."""


class RecipeError(SpecialistError):
    """A training run cannot start or continue as asked."""


class GateError(SpecialistError):
    """The marks a checkpoint reached do not allow what was asked of it."""
