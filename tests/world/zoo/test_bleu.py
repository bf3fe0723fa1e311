"""BLEU-4, by hand, and against another implementation if there is one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dissect_widgets.world.zoo.bleu import bleu


def test_a_reference_scores_one() -> None:
    assert bleu([[1, 2, 3, 4, 5]], [[[9, 9], [1, 2, 3, 4, 5]]]) == 1.0


def test_nothing_in_common_scores_nothing() -> None:
    assert bleu([[1, 2, 3, 4, 5]], [[[6, 7, 8, 9, 10]]]) == 0.0
    assert bleu([[]], [[[1, 2]]]) == 0.0


def test_one_wrong_word_at_the_end() -> None:
    # 5 of 6 words, 4 of 5 pairs, 3 of 4 triples, 2 of 3 quadruples
    expected = (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25
    assert bleu([list("abcdex")], [[list("abcdef")]]) == pytest.approx(expected)


def test_words_count_no_more_often_than_in_one_reference() -> None:
    # the example of Papineni et al. 2002: "the" seven times, at most two of which count
    references = ["the cat is on the mat", "there is a cat on the mat"]
    assert bleu([["the"] * 7], [[line.split() for line in references]], most=1) == pytest.approx(2 / 7)


def test_short_sentences_are_punished() -> None:
    assert bleu([[1, 2, 3, 4]], [[[1, 2, 3, 4, 5, 6]]]) == pytest.approx(math.exp(1 - 6 / 4))


def test_the_nearest_length_counts_and_of_two_the_shorter() -> None:
    assert bleu([[1, 2, 3, 4]], [[[1, 2, 3], [1, 2, 3, 4, 5], [8] * 9]]) == pytest.approx(1.0)


def test_precisions_are_taken_of_the_whole_corpus() -> None:
    # 4 + 2 of 4 + 4 words match, 3 + 1 of 3 + 3 pairs
    score = bleu([[1, 2, 3, 4], [1, 2, 8, 9]], [[[1, 2, 3, 4]], [[1, 2, 3, 4]]], most=2)
    assert score == pytest.approx(math.sqrt(6 / 8 * 4 / 6))


def test_it_is_what_sacrebleu_finds() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    rng = np.random.default_rng(0)
    references = [[rng.integers(0, 6, rng.integers(5, 13)).tolist() for _ in range(3)] for _ in range(17)]
    candidates = [rng.permuted(row[0])[: rng.integers(4, 14)].tolist() for row in references]
    as_text = [" ".join(f"w{word}" for word in row) for row in candidates]
    streams = [[" ".join(f"w{w}" for w in row[k]) for row in references] for k in range(3)]
    expected = sacrebleu.corpus_bleu(as_text, streams, tokenize="none", smooth_method="none").score
    assert 0 < expected < 100
    assert bleu(candidates, references) == pytest.approx(expected / 100, abs=1e-9)
