"""A sentence for a picture: a convolutional encoder, whose features an LSTM puts into words.

Vinyals, Toshev, Bengio & Erhan 2015, "Show and tell": the features of the picture are what the LSTM reads
first; then it reads each word and predicts the next. Here the features are added to each word, too: so each
prediction sees the picture, which is learned much sooner from few pictures.

>>> net = Captioner(ResNet(None), 80, words=160)
>>> net(images)                                        # int64 (B, longest), words by greedy decoding
>>> net.scores(images, tokens)                         # float (B, length, words), of the next word each time
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

PADDING: Final = 0
"""Number of what fills a sentence up after its end."""


class Captioner(nn.Module):
    """Pictures float (B, 3, h, w) to sentences, numbers of words int64 (B, longest).

    Parameters
    ----------
    backbone
        Pictures to maps (B, width, h, w); what is dissected.
    width
        Units of these maps.
    words
        Size of the vocabulary.
    start, end
        Numbers of what stands before the first and after the last word.
    longest
        Most words of a sentence, the end included.
    units
        Of the words' vectors and the LSTM.
    dropout
        Share of the LSTM's input and output that is silenced in training.
    """

    def __init__(
        self,
        backbone: nn.Module,
        width: int,
        words: int,
        *,
        start: int = 1,
        end: int = 2,
        longest: int = 24,
        units: int = 128,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.backbone, self.start, self.end, self.longest = backbone, start, end, longest
        self.look = nn.Linear(width, units)
        self.word = nn.Embedding(words, units)
        self.lstm = nn.LSTM(units, units, batch_first=True)
        self.drop = nn.Dropout(dropout)
        self.next = nn.Linear(units, words)

    def look_at(self, images: Tensor) -> Tensor:
        """What the LSTM reads of the pictures, float (B, 1, units)."""
        return self.look(self.backbone(images).mean((2, 3)))[:, None]  # type: ignore[no-any-return]

    def scores(self, images: Tensor, tokens: Tensor) -> Tensor:
        """Scores of the word after the start and after each of the words.

        Parameters
        ----------
        images
            float (B, 3, h, w).
        tokens
            int64 (B, length) or (B, sentences, length), words without a start; those after the end count
            for nothing.

        Returns
        -------
        Tensor
            float (..., length, words): at each place the scores of the word that stands there.
        """
        look = self.look_at(images)
        several = tokens.dim() == 3
        if several:
            look = look.repeat_interleave(tokens.shape[1], 0)
        flat = tokens.flatten(0, -2)
        first = torch.full_like(flat[:, :1], self.start)
        read = self.word(torch.cat([first, flat[:, :-1]], 1)) + look
        states, _ = self.lstm(self.drop(torch.cat([look, read], 1)))
        scores: Tensor = self.next(self.drop(states[:, 1:]))
        return scores.reshape(*tokens.shape, -1) if several else scores

    def forward(self, images: Tensor) -> Tensor:
        """The likeliest word each time, int64 (B, longest); `PADDING` after the end."""
        look = self.look_at(images)
        _, state = self.lstm(look)
        word = torch.full((len(images), 1), self.start, device=images.device)
        ended = torch.zeros_like(word, dtype=torch.bool)
        sentence = []
        for _ in range(self.longest):
            output, state = self.lstm(self.word(word) + look, state)
            word = self.next(output).argmax(2).masked_fill(ended, PADDING)
            sentence.append(word)
            ended = ended | (word == self.end)
        return torch.cat(sentence, 1)


def words_of(tokens: Tensor, end: int) -> list[list[int]]:
    """Sentences (B, length) as lists of words, without the end and what comes after it."""
    sentences = []
    for row in tokens.tolist():
        before = row[: row.index(end)] if end in row else row
        sentences.append([word for word in before if word != PADDING])
    return sentences
