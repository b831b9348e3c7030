"""A checkpoint loaded in memory with its prompt, able to `decide` and to `generate`.

Deciding is the hot path. The head of the prompt is read once for all passages of a query; the
passages follow in batches of like length; only the position of the verdict is looked at, and only
the rows of the language head that belong to the labels.

Shapes: B passages of one batch, T positions of the longest, D width, L labels.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from specialists.checkpoint import Checkpoint, open_checkpoint
from specialists.errors import ContractError
from specialists.model.cache import KeyValueCache
from specialists.model.decoder import FinanceDecoder
from specialists.model.generate import generate_greedy, generate_sampled
from specialists.prompts import Contract, PassagePrompt, build_prompts
from specialists.requests import Decide, Decided, Generate, Generated, Verdict
from specialists.tensors import read_tensors
from specialists.tokenizer import END_OF_TEXT, open_tokenizer

BATCH_TOKENS = 4_096
WARM_UP = Decide(query="ready?", passages=("ready",))


class Specialist:
    """Not safe for use by several threads at once: a worker serves one call at a time."""

    def __init__(self, checkpoint: Checkpoint, model: FinanceDecoder, tokenizer: Tokenizer) -> None:
        self.checkpoint = checkpoint
        self.model = model
        self.tokenizer = tokenizer

    @property
    def contract(self) -> Contract:
        """Raises `ContractError` for a bare base model, which has no prompt to decide by."""
        contract = self.checkpoint.contract
        if contract is None:
            raise ContractError(
                f"{self.checkpoint.name} has no contract.json: it can generate, not decide; "
                "train a specialist on it, or convert it with a contract"
            )
        return contract

    @torch.inference_mode()
    def decide(self, request: Decide) -> Decided:
        """One verdict for each passage, in order, independent of the company it comes in."""
        if not request.passages:
            return Decided(verdicts=())
        contract = self.contract
        head_ids, prompts = build_prompts(contract, self.tokenizer, request.query, request.passages)
        head_cache = KeyValueCache()
        self.model.hidden(torch.tensor([head_ids]), cache=head_cache)
        label_ids = torch.tensor(contract.label_ids)
        logits: list[list[float]] = [[] for _ in prompts]
        for batch in _batches_by_length(prompts):
            ids_BT, last_B = _pad([prompts[index].ids for index in batch])
            hidden_BTD = self.model.hidden(ids_BT, cache=head_cache.expand(len(batch)))
            verdict_BD = hidden_BTD[torch.arange(len(batch)), last_B]
            logits_BL = self.model.language_logits(verdict_BD, label_ids)
            for index, row in zip(batch, logits_BL.float().tolist(), strict=True):
                logits[index] = row
        return Decided(
            verdicts=tuple(
                _verdict(contract, row, prompt, len(head_ids))
                for row, prompt in zip(logits, prompts, strict=True)
            )
        )

    def generate(self, request: Generate) -> Generated:
        """Text after a prompt; greedy decoding is drafted by the prediction heads."""
        prompt_ids = self.tokenizer.encode(request.prompt, add_special_tokens=False).ids
        prompt_ids = prompt_ids or [self.tokenizer.token_to_id(END_OF_TEXT) or 0]
        room = self.model.config.max_seq_len - request.max_new_tokens - self.model.config.n_predict
        prompt_ids = prompt_ids[-max(1, room) :]
        end_id = self.tokenizer.token_to_id(END_OF_TEXT)
        if request.temperature > 0:
            new_ids = generate_sampled(
                self.model,
                prompt_ids,
                max_new_tokens=request.max_new_tokens,
                temperature=request.temperature,
                seed=request.seed,
                end_id=end_id,
            )
        else:
            new_ids = generate_greedy(
                self.model, prompt_ids, max_new_tokens=request.max_new_tokens, end_id=end_id
            )
        text = self.tokenizer.decode(new_ids)
        return Generated(text=text, prompt_tokens=len(prompt_ids), new_tokens=len(new_ids))

    def warm_up(self) -> None:
        """Runs every kernel once, so that the first real call is as fast as the second."""
        if self.checkpoint.contract is not None:
            self.decide(WARM_UP)
        else:
            self.generate(Generate(prompt="ready", max_new_tokens=1))


def load_specialist(folder: Path, *, verify: bool = True) -> Specialist:
    """Opens, checks and loads a checkpoint folder, in float32.

    Raises `CheckpointError` for a folder that is not whole.
    """
    checkpoint = open_checkpoint(folder, verify=verify)
    return Specialist(checkpoint, load_model(checkpoint), open_tokenizer(checkpoint.tokenizer_path))


def load_model(checkpoint: Checkpoint) -> FinanceDecoder:
    with torch.device("meta"):
        model = FinanceDecoder(checkpoint.config)
    model.load_state_dict(read_tensors(checkpoint), assign=True)
    model.place_rotary_table()
    model.requires_grad_(False)
    return model.eval()


def _batches_by_length(prompts: Sequence[PassagePrompt]) -> Iterator[list[int]]:
    """Indices of prompts of like length, longest first, each batch within the token budget."""
    order = sorted(range(len(prompts)), key=lambda index: -len(prompts[index].ids))
    while order:
        rows = max(1, BATCH_TOKENS // len(prompts[order[0]].ids))
        yield order[:rows]
        order = order[rows:]


def _pad(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids [B, T] padded on the right, and each row's last real position [B]."""
    lengths = [len(sequence) for sequence in sequences]
    ids_BT = torch.zeros(len(sequences), max(lengths), dtype=torch.long)
    for row, sequence in enumerate(sequences):
        ids_BT[row, : len(sequence)] = torch.tensor(sequence)
    return ids_BT, torch.tensor(lengths) - 1


def _verdict(
    contract: Contract, logits: Sequence[float], prompt: PassagePrompt, head_tokens: int
) -> Verdict:
    best = max(range(len(logits)), key=logits.__getitem__)
    score = torch.tensor(logits).softmax(dim=0)[contract.positive_index].item()
    return Verdict(
        label=contract.labels[best],
        positive=best == contract.positive_index,
        score=score,
        logits=tuple(logits),
        truncated=prompt.truncated,
        tokens=head_tokens + len(prompt.ids),
    )
