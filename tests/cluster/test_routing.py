"""The router at work on a real routing specialist, and what it keeps on disk."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.backends.local import LocalBackend
from cluster.backends.stub import StubBackend
from cluster.blocking import open_blocking
from cluster.cluster import Cluster
from cluster.errors import RegistryError, UnknownSpecialist
from cluster.registry import Registry, check_entry
from cluster.routing import Routing
from specialists.errors import CheckpointError
from specialists.requests import Represent, Represented
from specialists.specialist import Specialist, load_specialist
from tests.cluster.tiny_router import MUSIC, WORDS, said_of, write_router

EXAMPLES = [said_of(word, number) for number, word in enumerate(MUSIC[:6])]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_router(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def specialist(folder: Path) -> Specialist:
    return load_specialist(folder)


def registry(folder: Path, **more: Mapping[str, object]) -> Registry:
    entries: dict[str, Mapping[str, object]] = {
        "q-route": {"task": "routing", "checkpoint": "q-route"},
        "q-warm": {"task": "relevance", "checkpoint": "w", "route": {"rules": ["^sunny"]}},
        "q-cold": {"task": "relevance", "checkpoint": "c"},
        **more,
    }
    return Registry.of(check_entry(name, values, folder) for name, values in entries.items())


def asking(
    specialist: Specialist, asked: list[tuple[str, ...]]
) -> Callable[[str, Represent], Awaitable[Represented]]:
    async def ask(name: str, request: Represent) -> Represented:
        assert name == "q-route"
        asked.append(request.texts)
        return specialist.represent(request)

    return ask


def routing(
    specialist: Specialist,
    cache_dir: Path,
    asked: list[tuple[str, ...]] | None = None,
    told: list[str] | None = None,
) -> Routing:
    def tell(kind: str, name: str, message: str) -> None:
        if told is not None:
            told.append(f"{kind}: {name}: {message}")

    seen = [] if asked is None else asked
    return Routing(asking(specialist, seen), tell, cache_dir=cache_dir)


async def test_requests_go_where_they_belong(
    folder: Path, specialist: Specialist, tmp_path: Path
) -> None:
    asked: list[tuple[str, ...]] = []
    router, known = routing(specialist, tmp_path, asked), registry(folder)
    names = [
        (await router.route(said_of(word, 41), known)).name for word in ("fire", "snow", "law")
    ]
    assert names == ["q-warm", "q-cold", "none"]
    asked.clear()
    ruled = await router.route("sunny and law", known)
    assert (ruled.name, asked) == ("q-warm", [])
    assert (await router.route("  \n", known)).why == "nothing is asked"


async def test_a_specialist_with_examples_is_routable_at_once_and_computed_once(
    folder: Path, specialist: Specialist, tmp_path: Path
) -> None:
    known = registry(
        folder,
        **{"q-music": {"task": "extraction", "checkpoint": "m", "route": {"examples": EXAMPLES}}},
    )
    asked: list[tuple[str, ...]] = []
    router = routing(specialist, tmp_path, asked)
    route = await router.route(said_of("guitar", 12), known)
    assert route.name == "q-music" and "q-music" in route.scores
    assert (await router.route(said_of("ice", 12), known)).name == "q-cold"
    assert asked[0] == tuple(EXAMPLES) and [len(texts) for texts in asked] == [6, 1, 1]
    asked.clear()
    again = routing(specialist, tmp_path, asked)
    assert await again.route(said_of("guitar", 12), known) == route
    assert [len(texts) for texts in asked] == [1]
    (kept,) = tmp_path.iterdir()
    kept.write_text("damaged")
    asked.clear()
    assert await routing(specialist, tmp_path, asked).route(said_of("guitar", 12), known) == route
    assert [len(texts) for texts in asked] == [6, 1]


async def test_one_example_corrects_the_head_and_a_rule(
    folder: Path, specialist: Specialist, tmp_path: Path
) -> None:
    examples = [said_of("fire", 41), "sunny snow"]
    cold: dict[str, object] = {
        "task": "relevance",
        "checkpoint": "c",
        "route": {"examples": examples},
    }
    known = registry(folder, **{"q-cold": cold})
    asked: list[tuple[str, ...]] = []
    router = routing(specialist, tmp_path, asked)
    for text in examples:
        assert (await router.route(text.upper(), known)).why.startswith(
            "it is an example of q-cold"
        )
    assert asked == []
    assert (await router.route(said_of("fire", 42), known)).name == "q-warm"


async def test_other_examples_are_kept_beside_the_first(
    folder: Path, specialist: Specialist, tmp_path: Path
) -> None:
    for examples in (EXAMPLES, EXAMPLES[:5], EXAMPLES[:4]):
        music: dict[str, object] = {
            "task": "extraction",
            "checkpoint": "m",
            "route": {"examples": examples},
        }
        router = routing(specialist, tmp_path)
        route = await router.route("a song", registry(folder, **{"q-music": music}))
        assert ("q-music" in route.scores) == (len(examples) >= 5)
    assert len(list(tmp_path.iterdir())) == 2


async def test_examples_that_say_nothing_of_their_own_are_told(
    folder: Path, specialist: Specialist, tmp_path: Path
) -> None:
    told: list[str] = []
    examples = [said_of(word, 13 + 17 * n) for n, word in enumerate(WORDS["q-cold"])]
    twin: dict[str, object] = {
        "task": "extraction",
        "checkpoint": "t",
        "route": {"examples": examples},
    }
    router = routing(specialist, tmp_path, told=told)
    await router.route("snow", registry(folder, **{"q-twin": twin}))
    assert len(told) == 1 and told[0].startswith("unclear route: q-twin: its route.examples lie")


async def test_without_a_routing_specialist_only_rules_route(
    folder: Path, specialist: Specialist, tmp_path: Path
) -> None:
    known = registry(folder)
    bare = Registry.of(spec for spec in known.specs.values() if spec.name != "q-route")
    router = routing(specialist, tmp_path)
    assert (await router.route("sunny", bare)).name == "q-warm"
    with pytest.raises(UnknownSpecialist, match="task: routing"):
        await router.route("rain", bare)


async def test_a_checkpoint_without_statistics_cannot_route(
    folder: Path, specialist: Specialist, tmp_path: Path
) -> None:
    known = registry(folder)
    spec = replace(known.specs["q-route"], folder=folder.parent / "base")
    with pytest.raises(RegistryError, match="cannot route"):
        await routing(specialist, tmp_path).route(
            "rain", Registry.of([spec, known.specs["q-warm"]])
        )


async def test_statistics_that_were_changed_are_refused(
    specialist: Specialist, tmp_path: Path
) -> None:
    folder = write_router(tmp_path / "weights")
    path = folder / "routing.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\x80\x3f")
    with pytest.raises(CheckpointError, match=r"routing.safetensors: sha256 is"):
        await routing(specialist, tmp_path / "cache").route("rain", registry(folder))


def test_a_real_worker_routes_through_both_faces(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(
        f"specialists:\n  q-route: {{task: routing, checkpoint: {folder}}}\n"
        "  q-warm: {task: relevance, checkpoint: w}\n"
    )
    with open_blocking(path, backend=LocalBackend()) as cluster:
        route = cluster.route(said_of("fire", 5), cache_dir=tmp_path / "cache")
        cold = cluster.route(said_of("snow", 5))
        represented = cluster.represent("q-route", ["one", "two words"])
    assert route.name == "q-warm"
    assert cold.why == "it would be for q-cold, which is not registered"
    assert [len(row) for row in represented.decisions] == [3, 3]


async def test_a_specialist_that_decides_nothing_is_told_from_its_statistics(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(f"specialists:\n  q-route: {{task: routing, checkpoint: {folder}}}\n")
    async with Cluster.open(path, backend=StubBackend()) as cluster:
        with pytest.raises(RegistryError, match="statistics are of other weights"):
            await cluster.route("rain", cache_dir=tmp_path / "cache")
