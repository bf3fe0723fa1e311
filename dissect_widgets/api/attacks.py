"""Attacks on a classifier, for users: with a progress bar, and going on after an interrupt."""

from __future__ import annotations

from collections.abc import Sequence

from tqdm.auto import tqdm

from dissect_widgets.api.resuming import Advance, Hold, printed_by, resumable
from dissect_widgets.core.attacks.base import AttackMethod
from dissect_widgets.core.attacks.carlini_wagner import CarliniWagner
from dissect_widgets.core.attacks.result import AttackResult
from dissect_widgets.core.attacks.run import choose_targets, read_images, run_attack
from dissect_widgets.core.attacks.targets import Target
from dissect_widgets.core.attacks.unit_changes import UnitChanges, read_changes
from dissect_widgets.core.data.classifier_data import ClassifierData
from dissect_widgets.core.data.interrupt import InterruptedRun


def attack(
    classifier: ClassifierData,
    target: Target = None,
    *,
    among: Sequence[str | int] | None = None,
    method: AttackMethod | None = None,
    images: Sequence[int] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> AttackResult:
    """Change images as little as possible, so that a classifier misclassifies them.

    See PNAS 2020, "Analyzing Adversarial Attack of a Classifier", Fig. 5a.

    Parameters
    ----------
    classifier
        A network that gradients pass through, and the images. Their labels are not used: an image is
        attacked away from the class that the network predicts. See `ClassifierData`.
    target
        Target class, by name or number, for all images or one for each; "nearest" for the class with the
        second highest score, "random" for any wrong one; by default any other class (untargeted).
    among
        Classes that "random" draws from, names or numbers, such as `importance.present_classes`; by default
        all.
    method
        `CarliniWagner(...)`, which finds the smallest change in the L2 norm, by default with the settings of
        the published code; or `ProjectedGradient(...)`, bounded in the L-infinity norm.
    images
        Numbers of the images to attack; by default all.
    seed
        Of what is drawn at random: random targets, and where `ProjectedGradient` starts.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Attacked
        Clean and adversarial images, norms, predictions, and which attacks succeeded.

    Raises
    ------
    SettingError, ConceptError
        For a class or image that does not exist, an image whose target class is predicted
        already, and scores without gradients. With one target for all images, those that are predicted as it
        are left out instead.
    DataError, ActivationError, LayerError
        For images that cannot be used or do not lie in [0, 1], scores that are not finite, and a network
        that outputs something other than scores.
    Interrupted
        On Ctrl-C or the interrupt button. Call again to resume, or see `interrupted`; what was found so far
        is `interrupt.run.state`.
    """
    method = CarliniWagner() if method is None else method
    unlabeled = classifier.without_labels()
    read = read_images(unlabeled, images)
    notes: list[str] = []
    read, targets = choose_targets(unlabeled, read, target, seed, notes.append, among)
    total = len(targets)

    def work(begun: InterruptedRun | None, hold: Hold) -> AttackResult:
        with tqdm(total=100, unit="%", desc="attack", disable=not progress, bar_format=_BAR) as bar:

            def advance(share: float, finished: int) -> bool:
                bar.set_postfix_str(f"{finished} of {total} images", refresh=False)
                bar.update(100 * share - bar.n)
                return False

            while notes:
                printed_by(bar)(notes.pop())
            attacked = run_attack(unlabeled, read, targets, method, seed=seed, advance=advance, begun=begun)
            advance(1.0, total)
            return attacked

    return resumable("attack", work)


def unit_changes(
    classifier: ClassifierData,
    layer: str,
    attacked: AttackResult,
    *,
    progress: bool = True,
) -> UnitChanges:
    """Measure how an attack changes the max activation of every unit of a layer (PNAS 2020, Fig. 5b, 5c).

    Parameters
    ----------
    classifier
        The network that was attacked; its images are not used, but those of the attack.
    layer
        Dotted name.
    attacked
        What `attack` found.
    progress
        Whether to show a bar.

    Returns
    -------
    UnitChanges
        Max activations on clean and adversarial images; `by_importance(importance)` of it is Fig. 5c.

    Raises
    ------
    LayerError
        For an unknown layer, or one whose output cannot be dissected.
    DataError, ActivationError
        If there are no images, or an activation is not finite.
    """
    with tqdm(total=2 * len(attacked), unit="image", desc="max activations", disable=not progress) as bar:
        return read_changes(classifier, layer, attacked, progress=Advance(bar))


_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
