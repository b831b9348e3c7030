"""In which arithmetic a training computes."""

import torch


def half_precision(device: torch.device | str, *, cache_enabled: bool = True) -> torch.autocast:
    """bfloat16 where torch deems it safe; float32 on a processor that would only imitate it, forty
    times slower. Without the cache, which all threads share, sums of gradients stay float32."""
    device = torch.device(device)
    quick = device.type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return torch.autocast(device.type, torch.bfloat16, enabled=quick, cache_enabled=cache_enabled)
