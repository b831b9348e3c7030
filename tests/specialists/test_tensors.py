"""Writing and reading tensors: three storages, overlays on a base, and disks that fill up."""

import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models
from torch import Tensor

from specialists.checkpoint import Checkpoint, Storage, open_checkpoint
from specialists.errors import CheckpointError, TensorMismatch
from specialists.model.config import DecoderConfig
from specialists.model.shapes import expected_shapes
from specialists.tensors import read_tensors, write_checkpoint
from specialists.weights_file import read_header

CONFIG = DecoderConfig(
    vocab_size=64, n_layer=2, d_model=32, n_head=4, n_kv_head=2, d_ff=48, max_seq_len=64
)
Write = Callable[..., Checkpoint]


def random_tensors(config: DecoderConfig = CONFIG, *, seed: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(shape, generator=generator)
        for name, shape in expected_shapes(config).items()
    }


def write(
    folder: Path,
    tensors: dict[str, Tensor],
    *,
    storage: Storage = "float32",
    base: Checkpoint | None = None,
    config: DecoderConfig = CONFIG,
) -> Checkpoint:
    folder.parent.mkdir(parents=True, exist_ok=True)
    tokenizer = folder.parent / "tokenizer.json"
    if not tokenizer.exists():
        Tokenizer(models.BPE()).save(str(tokenizer))
    return write_checkpoint(
        folder,
        name=folder.name,
        task="relevance",
        config=config,
        tensors=tensors,
        storage=storage,
        contract=None,
        tokenizer_path=None,
        base=base,
        recipe={"seed": 1},
    )


def test_float32_comes_back_bit_for_bit(tmp_path: Path) -> None:
    tensors = random_tensors()
    checkpoint = write(tmp_path / "a", tensors)
    read = read_tensors(checkpoint)
    assert list(map(str, sorted(read))) == sorted(tensors)
    assert all(torch.equal(read[name], tensors[name]) for name in tensors)
    assert checkpoint.recipe == {"seed": 1}


def test_bfloat16_rounds_matrices_and_keeps_vectors(tmp_path: Path) -> None:
    tensors = random_tensors()
    read = read_tensors(write(tmp_path / "a", tensors, storage="bfloat16"))
    for name, tensor in tensors.items():
        rounded = tensor.bfloat16().float() if tensor.dim() == 2 else tensor
        assert read[name].dtype == torch.float32 and torch.equal(read[name], rounded)


def test_int8_is_never_off_by_more_than_half_a_step_of_its_row(tmp_path: Path) -> None:
    tensors = random_tensors()
    tensors["blocks.0.feed_forward.up.weight"][3] = 0
    tensors["blocks.0.feed_forward.up.weight"][4] *= 1e-30
    tensors["blocks.0.feed_forward.up.weight"][5] *= 1e30
    checkpoint = write(tmp_path / "a", tensors, storage="int8")
    read = read_tensors(checkpoint)
    for name, tensor in tensors.items():
        if tensor.dim() == 1:
            assert torch.equal(read[name], tensor)
            continue
        half_step = tensor.abs().amax(dim=1, keepdim=True) / 127 / 2
        assert bool(((read[name] - tensor).abs() <= half_step * 1.001 + 1e-37).all())
    assert bool((read["blocks.0.feed_forward.up.weight"][3] == 0).all())
    header = read_header(checkpoint.weights_path)
    assert header["embedding.weight"].dtype == "I8"
    assert header["embedding.weight.scale"].shape == (64,)


def test_int8_written_again_stays_the_same(tmp_path: Path) -> None:
    first = read_tensors(write(tmp_path / "a", random_tensors(), storage="int8"))
    second = read_tensors(write(tmp_path / "b", first, storage="int8"))
    assert all(torch.allclose(first[name], second[name], rtol=1e-6) for name in first)


@pytest.mark.parametrize("storage", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("base_storage", ["float32", "bfloat16", "int8"])
def test_an_overlay_keeps_only_what_differs_and_reads_whole(
    tmp_path: Path, storage: Storage, base_storage: Storage
) -> None:
    base = write(tmp_path / "base", random_tensors(), storage=base_storage)
    tensors = {name: tensor.clone() for name, tensor in read_tensors(base).items()}
    changed = {"decision_head.weight", "decision_head.bias", "blocks.1.attention.key.weight"}
    for name in changed:
        tensors[name] += 1
    overlay = write(tmp_path / "overlay", tensors, storage=storage, base=base)
    held = {name.removesuffix(".scale") for name in read_header(overlay.weights_path)}
    assert held == changed
    read = read_tensors(open_checkpoint(tmp_path / "overlay"))
    for name, tensor in tensors.items():
        if name in changed:
            assert torch.allclose(read[name], tensor, atol=0.03, rtol=0.01)
        else:
            assert torch.equal(read[name], tensor)


def test_an_overlay_may_have_another_decision_head_than_its_base(tmp_path: Path) -> None:
    base = write(tmp_path / "base", random_tensors())
    config = DecoderConfig.from_dict({**CONFIG.to_dict(), "n_decision": 5, "n_predict": 1})
    tensors = random_tensors(config)
    read = read_tensors(write(tmp_path / "router", tensors, base=base, config=config))
    assert set(read) == set(expected_shapes(config))
    assert read["decision_head.bias"].shape == (5,)


def test_an_overlay_refuses_a_base_that_changed(tmp_path: Path) -> None:
    base = write(tmp_path / "base", random_tensors())
    write(
        tmp_path / "overlay", {**random_tensors(), "final_norm.weight": torch.zeros(32)}, base=base
    )
    write(tmp_path / "base", random_tensors(seed=2))
    with pytest.raises(CheckpointError, match=r"was made for .* restore that base"):
        open_checkpoint(tmp_path / "overlay")


def test_an_overlay_lies_beside_its_base_and_one_level_deep(tmp_path: Path) -> None:
    base = write(tmp_path / "base", random_tensors())
    with pytest.raises(CheckpointError, match="must be a folder beside it"):
        write(tmp_path / "other" / "overlay", random_tensors(), base=base)
    overlay = write(tmp_path / "overlay", random_tensors(), base=base)
    with pytest.raises(CheckpointError, match="one level only"):
        write(tmp_path / "third", random_tensors(), base=overlay)


def test_tensors_that_are_not_the_models_are_never_written(tmp_path: Path) -> None:
    tensors = random_tensors()
    del tensors["decision_head.bias"]
    with pytest.raises(TensorMismatch, match=r"decision_head\.bias"):
        write(tmp_path / "a", tensors)
    tensors = random_tensors()
    tensors["final_norm.weight"][0] = torch.nan
    with pytest.raises(CheckpointError, match="not finite"):
        write(tmp_path / "a", tensors)
    assert not (tmp_path / "a").exists()


def test_two_names_for_one_memory_are_written_twice(tmp_path: Path) -> None:
    tensors = random_tensors()
    tensors["prediction_heads.1.weight"] = tensors["prediction_heads.0.weight"]
    read = read_tensors(write(tmp_path / "a", tensors))
    assert torch.equal(read["prediction_heads.1.weight"], read["prediction_heads.0.weight"])


def test_writing_again_replaces_the_checkpoint_and_leaves_other_files(tmp_path: Path) -> None:
    write(tmp_path / "a", random_tensors())
    (tmp_path / "a" / "card.md").write_text("card")
    checkpoint = write(tmp_path / "a", random_tensors(seed=2))
    assert torch.equal(
        read_tensors(checkpoint)["embedding.weight"], random_tensors(seed=2)["embedding.weight"]
    )
    assert (tmp_path / "a" / "card.md").read_text() == "card"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "tokenizer.json"]


def test_a_folder_of_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(CheckpointError, match="holds other files"):
        write(tmp_path / "photos", random_tensors())
    assert (tmp_path / "photos" / "cat.jpg").read_bytes() == b"cat"


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Within it the system refuses longer files, as a full disk does.

    It ends inside the test, because what pytest prints between tests may go to a longer file.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_fails_half_way_leaves_the_old_checkpoint_intact(tmp_path: Path) -> None:
    write(tmp_path / "a", random_tensors())
    failing = pytest.raises(CheckpointError, match=r"could not be written .* is untouched")
    with failing as caught, files_no_longer_than(20_000):
        write(tmp_path / "a", random_tensors(seed=2))
    assert "\n" not in str(caught.value)
    assert_as_before(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount, place = shutil.which("mount"), tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place)]
    if mount is None or subprocess.run([mount, *options], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_one_sentence_and_leaves_the_old_checkpoint_intact(small_disk: Path) -> None:
    write(small_disk / "a", random_tensors())
    with pytest.raises(CheckpointError, match=r"could not be written .*No space left") as caught:
        write(small_disk / "a", random_tensors(seed=2))
    assert "\n" not in str(caught.value)
    assert_as_before(small_disk)


def assert_as_before(parent: Path) -> None:
    read = read_tensors(open_checkpoint(parent / "a"))
    assert torch.equal(read["embedding.weight"], random_tensors()["embedding.weight"])
    assert sorted(path.name for path in parent.iterdir()) == ["a", "tokenizer.json"]
