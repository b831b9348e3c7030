"""Text from the decoder: sampled, or greedy with drafts by the multi-token-prediction heads.

A draft is what the prediction heads guess for the tokens after the next one. The next reading
checks the whole draft at once and keeps the part that plain greedy decoding would have written
(Stern et al. 2018, blockwise parallel decoding), so the text is exactly the greedy one.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from specialists.model.cache import KeyValueCache
from specialists.model.decoder import FinanceDecoder


@torch.inference_mode()
def generate_greedy(
    model: FinanceDecoder,
    prompt_ids: Sequence[int],
    *,
    max_new_tokens: int,
    end_id: int | None = None,
    draft: bool = True,
) -> list[int]:
    """The new ids, `end_id` left out. `draft=False` reads one token at a time.

    Raises `ValueError` for an empty prompt or one that leaves no room in `max_seq_len`.
    """
    _check_room(model, prompt_ids, max_new_tokens)
    cache = KeyValueCache()
    hidden_TD = model.hidden(torch.tensor([list(prompt_ids)]), cache=cache)[0]
    new_ids: list[int] = []
    next_id = _best(model, hidden_TD[-1])
    guesses = _guesses(model, hidden_TD[-1]) if draft else []
    while len(new_ids) < max_new_tokens and next_id != end_id:
        new_ids.append(next_id)
        guesses = guesses[: model.config.max_seq_len - cache.length - 1]
        read = cache.length + 1
        hidden_TD = model.hidden(torch.tensor([[next_id, *guesses]]), cache=cache)[0]
        greedy_ids = model.language_logits(hidden_TD).argmax(dim=-1).tolist()
        kept = 0
        while kept < len(guesses) and guesses[kept] == greedy_ids[kept]:
            if len(new_ids) == max_new_tokens or guesses[kept] == end_id:
                break
            new_ids.append(guesses[kept])
            kept += 1
        cache.truncate(read + kept)
        next_id = greedy_ids[kept]
        guesses = _guesses(model, hidden_TD[kept]) if draft else []
    return new_ids


@torch.inference_mode()
def generate_sampled(
    model: FinanceDecoder,
    prompt_ids: Sequence[int],
    *,
    max_new_tokens: int,
    temperature: float,
    seed: int,
    end_id: int | None = None,
) -> list[int]:
    """Ids drawn from the softmax at `temperature` above 0; the same seed draws the same."""
    if temperature <= 0:
        raise ValueError("temperature must be above 0; generate_greedy is the limit at 0")
    _check_room(model, prompt_ids, max_new_tokens)
    generator = torch.Generator().manual_seed(seed)
    cache = KeyValueCache()
    read_ids, new_ids = list(prompt_ids), list[int]()
    while len(new_ids) < max_new_tokens:
        hidden_D = model.hidden(torch.tensor([read_ids]), cache=cache)[0, -1]
        chances = (model.language_logits(hidden_D).float() / temperature).softmax(dim=-1)
        drawn = int(torch.multinomial(chances, 1, generator=generator))
        if drawn == end_id:
            break
        new_ids.append(drawn)
        read_ids = [drawn]
    return new_ids


def _check_room(model: FinanceDecoder, prompt_ids: Sequence[int], max_new_tokens: int) -> None:
    if not prompt_ids:
        raise ValueError("an empty prompt: give at least one token")
    needed, room = len(prompt_ids) + max_new_tokens, model.config.max_seq_len
    if needed > room:
        raise ValueError(f"prompt and new tokens need {needed} positions; the model reads {room}")


def _best(model: FinanceDecoder, hidden_D: Tensor) -> int:
    return int(model.language_logits(hidden_D).argmax())


def _guesses(model: FinanceDecoder, hidden_D: Tensor) -> list[int]:
    """What the prediction heads expect after the next token."""
    return [
        _best(model, model.prediction_hidden(hidden_D, ahead))
        for ahead in range(1, model.config.n_predict)
    ]
