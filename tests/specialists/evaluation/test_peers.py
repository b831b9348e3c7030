"""The graph written for ONNX Runtime is the encoder that torch runs."""

import pytest

from specialists.evaluation.baselines import packaged_minilm
from specialists.evaluation.peers import PEERS, Peer, can_run
from specialists.specialist import PROBE_QUERY, PROBES

pytestmark = pytest.mark.skipif(not can_run(), reason="the extra `bench` is not installed")


def test_its_cosines_are_those_of_torch() -> None:
    minilm = packaged_minilm()
    assert minilm is not None
    ours = Peer("MiniLM-L6", arithmetic="float32", threads=1).score(PROBE_QUERY, PROBES)
    assert ours == pytest.approx(minilm.score(PROBE_QUERY, PROBES).scores, abs=1e-4)


@pytest.mark.parametrize("name", [name for name, shape in PEERS.items() if shape.cross])
def test_a_cross_encoder_scores_a_pair_whatever_its_company(name: str) -> None:
    peer = Peer(name, arithmetic="float32", threads=1)
    together = peer.score(PROBE_QUERY, PROBES)
    assert peer.score(PROBE_QUERY, PROBES[2:3]) == pytest.approx(together[2:3], abs=1e-4)
    assert len(set(together)) == len(PROBES)
