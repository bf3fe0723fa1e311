"""The captioner: what it says is what it finds likeliest, and how that is counted."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from dissect_widgets.world.captions import LENGTH, MARKS, VOCABULARY, encode
from dissect_widgets.world.networks.captioner import PADDING, Captioner, words_of
from dissect_widgets.world.zoo.base import Batch, backbone, floating
from dissect_widgets.world.zoo.tasks.captioning import END, START, Captioning

LINES = (
    ("this is a kitchen", "there is a red car", "nobody is here", "a view of a kitchen", "we see a kitchen"),
    ("a car on the road", "this is a highway", "we see a car", "a red car", "there is no person"),
    (
        "a house",
        "we see a house and a tree",
        "a tree is to the left of a house",
        "a tree",
        "a view of a house",
    ),
)


def data() -> Batch:
    levels = torch.tensor([20, 120, 240], dtype=torch.uint8).view(3, 1, 1, 1)
    return {
        "images": levels.repeat(1, 3, 96, 96),
        "tokens": torch.stack([torch.from_numpy(encode(sentences)) for sentences in LINES]),
    }


def small(words: int = 11, longest: int = 7) -> Captioner:
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(4)
        net = Captioner(nn.Conv2d(3, 5, 3), 5, words, start=1, end=2, longest=longest, units=6)
        nn.init.normal_(net.look.weight, std=3.0)
        for weight in (net.next.weight, net.lstm.weight_ih_l0, net.lstm.weight_hh_l0):
            nn.init.normal_(weight, std=2.0)
    return net.eval()


def test_what_it_says_is_the_likeliest_next_word_each_time() -> None:
    net = small(words=5)
    colors = torch.randn(40, 3, 1, 1, generator=torch.Generator().manual_seed(0)) * 9
    images = colors.expand(-1, -1, 11, 13)
    with torch.no_grad():
        said = net(images)
        assert said.shape == (40, 7)
        likeliest = net.scores(images, said).argmax(2)  # each given the words before it
    before_end = (said == net.end).cumsum(1) - (said == net.end).long() == 0
    assert torch.equal(said[before_end], likeliest[before_end])
    assert (said[~before_end] == PADDING).all()
    assert before_end.any() and not before_end.all()
    assert len({tuple(row) for row in said.tolist()}) > 2  # it depends on the picture


def test_scores_of_several_sentences_are_those_of_each() -> None:
    net = small()
    images = torch.rand(4, 3, 11, 13, generator=torch.Generator().manual_seed(0))
    tokens = torch.randint(0, 11, (4, 3, 5), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        together = net.scores(images, tokens)
        assert together.shape == (4, 3, 5, 11)
        for number in range(3):
            assert torch.allclose(together[:, number], net.scores(images, tokens[:, number]), atol=1e-5)


def test_a_score_knows_nothing_of_its_own_word_or_those_after_it() -> None:
    net = small()
    images = torch.rand(1, 3, 11, 13, generator=torch.Generator().manual_seed(0))
    tokens = torch.tensor([[3, 4, 5, 6, 7]])
    changed = torch.tensor([[3, 4, 9, 9, 9]])
    with torch.no_grad():
        before, after = net.scores(images, tokens), net.scores(images, changed)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3], after[:, 3])


def test_words_end_at_the_end() -> None:
    assert words_of(torch.tensor([[5, 6, 2, 7, 0], [5, 2, 0, 0, 0], [3, 4, 5, 6, 7]]), 2) == [
        [5, 6],
        [5],
        [3, 4, 5, 6, 7],
    ]


def test_marks_are_where_they_are_expected() -> None:
    assert MARKS[PADDING] == "<none>" and MARKS[START] == "<start>" and MARKS[END] == "<end>"


class Knows(Captioner):
    """Says the last sentence of each picture, or always the same one."""

    def __init__(self, sentences: Tensor) -> None:
        nn.Module.__init__(self)
        self.sentences = sentences

    def forward(self, images: Tensor) -> Tensor:
        return self.sentences[:, -1]

    def scores(self, images: Tensor, tokens: Tensor) -> Tensor:
        return one_hot(self.sentences, len(VOCABULARY))


def test_figures_of_one_who_knows_and_of_one_who_repeats() -> None:
    held_out, task = data(), Captioning()
    figures = task.figures(Knows(task.sentences(held_out)), held_out)
    assert figures["BLEU-4"] == 1.0 and figures["next word"] == 1.0
    assert figures["BLEU-4, chance"] < 1.0
    always = task.sentences(held_out)[1:2].expand(3, -1, -1)
    assert task.figures(Knows(always), held_out)["BLEU-4"] < 0.8


@pytest.mark.slow
def test_it_learns_within_thirty_steps_and_repeats_itself() -> None:
    task = Captioning()
    net, batch = task.build(0).train(), floating(data())
    assert isinstance(net, Captioner) and net.longest == LENGTH - 1
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3)
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(0)
        losses = []
        for _ in range(30):
            loss = task.loss(net, batch, torch.Generator().manual_seed(1))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(float(loss.detach()))
            if losses[-1] < 0.8 * losses[0]:
                break
        else:
            pytest.fail(f"{losses}")
    again = [task.loss(task.build(0).eval(), batch, torch.Generator().manual_seed(1)) for _ in range(2)]
    assert torch.equal(again[0], again[1])


def test_the_encoder_is_dissected() -> None:
    encoder = backbone(Captioning().build(0)).eval()
    with torch.no_grad():
        assert encoder(torch.zeros(1, 3, 96, 96)).shape[2:] == (6, 6)
    assert {"conv1", "layer1", "layer2", "layer3", "layer4"} <= dict(encoder.named_children()).keys()
