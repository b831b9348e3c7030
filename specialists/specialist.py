"""A checkpoint loaded in memory with its prompt, able to `decide` and to `generate`.

Deciding is the hot path. The head of the prompt is read once for all passages of a query; the
passages follow in batches of like length; only the position of the verdict is looked at, and only
the rows of the language head that belong to the labels. With cheaper arithmetic, passages so near
the border that its error could turn them are decided again in float32.

Shapes: B passages of one batch, T positions of the longest, D width, L labels.
"""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from specialists.checkpoint import Checkpoint, open_checkpoint
from specialists.errors import ContractError
from specialists.model.arithmetic import Arithmetic, lowered
from specialists.model.cache import KeyValueCache
from specialists.model.decoder import FinanceDecoder
from specialists.model.embedding import Int8Embedding
from specialists.model.generate import generate_greedy, generate_sampled
from specialists.prompts import CHARACTERS_PER_TOKEN, Contract, PassagePrompt, build_prompts
from specialists.requests import (
    Decide,
    Decided,
    Generate,
    Generated,
    Represent,
    Represented,
    Verdict,
)
from specialists.tensors import read_tensors
from specialists.tokenizer import END_OF_TEXT, open_tokenizer

EMBEDDING = "embedding.weight"
BATCH_TOKENS = 1_024
"""Larger batches outgrow the caches and are slower."""
PROBE_QUERY = "When was the water pump of the north station replaced, and by whom?"
PROBES = (
    "The water pump of the north station was replaced in March 1987 by the firm of A. Lindqvist.",
    "The water pump of the south station has never been replaced. It was overhauled twice, in 1954 "
    "and in 1971, when its bearings and seals were renewed and its housing was painted green.",
    "Owls hunt at night. Their feathers make no sound, and their ears stand at unequal heights, so "
    "that they can tell from where a mouse is heard. Most live in hollow trees or old barns.",
    "To list the open files of a process, run lsof -p with its number; as root it shows those of "
    "every user. The fourth column names the descriptor and how it was opened.",
    "In the north the stations were built first. Pumping began there in 1931 with two engines of "
    "40 horsepower each; the second was sold after the war. What stands there today came later.",
    "Revenue rose by 4.2% to 1,204 million in 2023, mainly because of higher prices.",
)
"""Ordinary passages for `PROBE_QUERY`, to run every kernel and to measure speed on."""


class Specialist:
    """Not safe for use by several threads at once: a worker serves one call at a time, and shares
    out its batches itself."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        model: FinanceDecoder,
        tokenizer: Tokenizer,
        *,
        arithmetic: Arithmetic = "float32",
        border: float = 0.0,
        batch_tokens: int = BATCH_TOKENS,
        threads: int = 1,
    ) -> None:
        """`model` stays float32; the blocks of a copy take the `arithmetic`. Margins below
        `border` (`agreement.py` finds it) are decided again. So many batches are read side by side
        as there are `threads`, each by one core."""
        self.checkpoint = checkpoint
        self.model = model
        self.tokenizer = tokenizer
        self.arithmetic = arithmetic
        self._quick = lowered(model, arithmetic)
        self.decided_again = 0
        """Passages so near the border that float32 had to decide, since the start."""
        self._batch_tokens = batch_tokens
        self.threads = threads
        self._pool: ThreadPoolExecutor | None = None
        if threads > 1:
            self._pool = ThreadPoolExecutor(
                threads, initializer=torch.set_num_threads, initargs=(1,)
            )
        self._border = border

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
        logits_BL = self._label_logits(self._quick, head_ids, prompts)
        near = torch.nonzero(_margins(logits_BL) < self._border).flatten().tolist()
        if near:
            self.decided_again += len(near)
            logits_BL[near] = self._label_logits(self.model, head_ids, [prompts[i] for i in near])
        return Decided(
            verdicts=tuple(
                _verdict(contract, row, prompt, len(head_ids))
                for row, prompt in zip(logits_BL.tolist(), prompts, strict=True)
            )
        )

    def _label_logits(
        self, model: FinanceDecoder, head_ids: list[int], prompts: Sequence[PassagePrompt]
    ) -> Tensor:
        """[B, L] float32, in the order of `prompts`."""
        label_ids = torch.tensor(self.contract.label_ids)
        logits_BL = torch.empty(len(prompts), len(label_ids))
        for batch, verdict_BD in self._read(model, head_ids, prompts):
            logits_BL[batch] = model.language_logits(verdict_BD, label_ids)
        return logits_BL

    def _read(
        self, model: FinanceDecoder, head_ids: list[int], prompts: Sequence[PassagePrompt]
    ) -> Iterator[tuple[list[int], Tensor]]:
        """Indices of prompts of like length, and their states [B, D] at the last position."""
        head_cache = KeyValueCache()
        model.hidden(torch.tensor([head_ids]), cache=head_cache)

        @torch.inference_mode()  # it holds for one thread
        def read(batch: list[int]) -> tuple[list[int], Tensor]:
            ids_BT, last_B = _pad([prompts[index].ids for index in batch])
            return batch, model.hidden_at(last_B, ids_BT, cache=head_cache.expand(len(batch)))

        batches = list(_batches_by_length(prompts, self._share_of(prompts)))
        together = self._pool.map if self._pool and len(batches) > 1 else map
        yield from together(read, batches)

    def _share_of(self, prompts: Sequence[PassagePrompt]) -> int:
        """Tokens of a batch: as many as are fast, and fewer where all threads would not get the
        same."""
        total = sum(len(prompt.ids) for prompt in prompts)
        rounds = math.ceil(total / (self.threads * self._batch_tokens))
        return min(self._batch_tokens, math.ceil(total / (self.threads * max(1, rounds))))

    @torch.inference_mode()
    def represent(self, request: Represent) -> Represented:
        """Features and decision of each text, always in float32: what is fitted to features must
        find the same ones later. Raises `ContractError` for a contract that wants a query."""
        if self.contract.asks:
            raise ContractError(
                f"{self.checkpoint.name} reads a query with each passage; only a specialist that "
                "reads each text alone can represent it"
            )
        head_ids, prompts = build_prompts(self.contract, self.tokenizer, "", request.texts)
        config = self.model.config
        features_BD = torch.empty(len(prompts), config.d_model)
        decisions_BC = torch.empty(len(prompts), config.n_decision)
        for batch, verdict_BD in self._read(self.model, head_ids, prompts):
            features_BD[batch] = verdict_BD
            if config.n_decision:
                decisions_BC[batch] = self.model.decision_head(verdict_BD)
        return Represented(
            features=tuple(map(tuple, features_BD.tolist())),
            decisions=tuple(map(tuple, decisions_BC.tolist())),
            tokens=tuple(len(head_ids) + len(prompt.ids) for prompt in prompts),
        )

    def generate(self, request: Generate) -> Generated:
        """Text after a prompt; greedy decoding is drafted by the prediction heads.

        Raises `ContractError` when the new tokens leave no room for any of the prompt.
        """
        most = self.model.config.max_seq_len - 1
        if request.max_new_tokens > most:
            raise ContractError(
                f"max_new_tokens is {request.max_new_tokens}, and {self.checkpoint.name} reads "
                f"{most + 1} tokens with the prompt; give {most} at most"
            )
        config = self.model.config
        room = max(1, config.max_seq_len - request.max_new_tokens - config.n_predict)
        read = request.prompt[-room * CHARACTERS_PER_TOKEN :]  # a long text would hold up the beats
        prompt_ids = self.tokenizer.encode(read, add_special_tokens=False).ids[-room:]
        prompt_ids = prompt_ids or [self.tokenizer.token_to_id(END_OF_TEXT) or 0]
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
            query = PROBE_QUERY if self.checkpoint.contract.asks else ""
            self.decide(Decide(query=query, passages=PROBES[:1]))
        else:
            self.generate(Generate(prompt="ready", max_new_tokens=1))


def load_specialist(folder: Path, *, verify: bool = True) -> Specialist:
    """Opens, checks and loads a checkpoint folder, to decide in float32.

    Raises `CheckpointError` for a folder that is not whole.
    """
    checkpoint = open_checkpoint(folder, verify=verify)
    return Specialist(
        checkpoint, _load_compact(checkpoint), open_tokenizer(checkpoint.tokenizer_path)
    )


def load_model(checkpoint: Checkpoint) -> FinanceDecoder:
    """All float32, fit for training."""
    return _filled(checkpoint, read_tensors(checkpoint))


def _load_compact(checkpoint: Checkpoint) -> FinanceDecoder:
    """The embedding as it is stored."""
    tensors = read_tensors(checkpoint, as_stored=(EMBEDDING,))
    scale_V = tensors.pop(f"{EMBEDDING}.scale", None)
    if scale_V is None:
        return _filled(checkpoint, tensors)
    return _filled(checkpoint, tensors, Int8Embedding(tensors.pop(EMBEDDING), scale_V))


def _filled(
    checkpoint: Checkpoint, tensors: dict[str, Tensor], embedding: Int8Embedding | None = None
) -> FinanceDecoder:
    with torch.device("meta"):
        model = FinanceDecoder(checkpoint.config)
    if embedding is not None:
        model.embedding = embedding
    model.load_state_dict(tensors, assign=True)
    model.place_rotary_table()
    model.requires_grad_(False)
    return model.eval()


def _batches_by_length(prompts: Sequence[PassagePrompt], tokens: int) -> Iterator[list[int]]:
    """Indices of prompts of like length, longest first, each batch of at most so many `tokens`."""
    order = sorted(range(len(prompts)), key=lambda index: -len(prompts[index].ids))
    while order:
        rows = max(1, tokens // len(prompts[order[0]].ids))
        yield order[:rows]
        order = order[rows:]


def _pad(sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids [B, T] padded on the right, and each row's last real position [B]."""
    lengths = [len(sequence) for sequence in sequences]
    ids_BT = torch.zeros(len(sequences), max(lengths), dtype=torch.long)
    for row, sequence in enumerate(sequences):
        ids_BT[row, : len(sequence)] = torch.tensor(sequence)
    return ids_BT, torch.tensor(lengths) - 1


def _margins(logits_BL: Tensor) -> Tensor:
    """[B]: by how much the best label leads the second."""
    best_B2 = logits_BL.topk(2, dim=1).values
    return best_B2[:, 0] - best_B2[:, 1]


def _verdict(
    contract: Contract, logits: Sequence[float], prompt: PassagePrompt, head_tokens: int
) -> Verdict:
    best = max(range(len(logits)), key=logits.__getitem__)
    score = torch.tensor(logits).softmax(dim=0)[contract.positive_index].item()
    return Verdict(
        label=contract.outcomes[best],
        positive=best == contract.positive_index,
        score=score,
        logits=tuple(logits),
        truncated=prompt.truncated,
        tokens=head_tokens + len(prompt.ids),
        query_truncated=prompt.query_truncated,
    )
