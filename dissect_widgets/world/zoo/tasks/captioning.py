"""What is in the picture, in a sentence?

TPAMI section 3.5 trains a ResNet-18 and an LSTM from scratch on the captions of COCO, as Vinyals, Toshev,
Bengio & Erhan 2015, "Show and tell". Simpler: sentences about drawn pictures, with some 250 words, greedy
decoding instead of a search of beams.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dissect_widgets.world.caption_words import LENGTH, MARKS, SHIPPED
from dissect_widgets.world.networks.captioner import PADDING, Captioner, words_of
from dissect_widgets.world.networks.parts import seeded
from dissect_widgets.world.networks.resnet import WIDTHS, ResNet
from dissect_widgets.world.zoo.base import Batch, batches, moved
from dissect_widgets.world.zoo.bleu import bleu

START: Final = MARKS.index("<start>")
END: Final = MARKS.index("<end>")


@dataclass(frozen=True, kw_only=True)
class Captioning:
    """A sentence for each picture.

    Data: `images`, and `column`, integers (B, sentences, length): words between a start and an end, filled up
    with 0; see `captions.encode`.
    """

    words: int = SHIPPED
    """Size of the vocabulary."""
    name: str = "captioning"
    data: str = "captions"
    column: str = "tokens"
    measure: ClassVar[str] = "BLEU-4"

    @property
    def chance(self) -> Mapping[str, float]:
        """It depends on the data."""
        return {}

    def build(self, seed: int) -> nn.Module:
        """ResNet and LSTM."""
        return seeded(seed, self._network)

    def _network(self) -> nn.Module:
        return Captioner(ResNet(None), WIDTHS[-1], self.words, start=START, end=END, longest=LENGTH - 1)

    def sentences(self, batch: Batch) -> Tensor:
        """Words after the start, int64 (B, sentences, length)."""
        return batch[self.column][..., 1:].long()

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        """Cross entropy of each next word.

        Pictures are moved but not mirrored: sentences say what is to the left.
        """
        assert isinstance(net, Captioner)
        sentences = self.sentences(batch)
        scores = net.scores(moved(batch["images"], rng, mirror=False), sentences).float()
        return cross_entropy(scores.flatten(0, -2), sentences.flatten(), ignore_index=PADDING)

    def figures(self, net: nn.Module, held_out: Batch) -> dict[str, float]:
        """BLEU-4, that of sentences about other pictures, and how often the next word is the likeliest."""
        assert isinstance(net, Captioner)
        spoken, right, counted = [], 0.0, 0
        with torch.inference_mode():
            for batch in batches(held_out):
                spoken += words_of(net(batch["images"]), END)
                sentences = self.sentences(batch)
                predicted = net.scores(batch["images"], sentences).argmax(-1)
                right += float(((predicted == sentences) & (sentences != PADDING)).sum())
                counted += int((sentences != PADDING).sum())
        references = self.references(held_out)
        shuffled = np.random.default_rng(0).permutation(len(references))
        others = [references[number][0] for number in shuffled]
        return {
            "BLEU-4": bleu(spoken, references),
            "BLEU-4, chance": bleu(others, references),
            "next word": right / counted,
        }

    def references(self, held_out: Batch) -> list[list[list[int]]]:
        """The right sentences of each picture, as lists of words."""
        return [words_of(sentences, END) for sentences in self.sentences(held_out).cpu()]
