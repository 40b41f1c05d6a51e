"""Who is learned from with labels, who without, who is measured on meanwhile, who is judged, for one seed and share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..datasets import Split, Subject, by_shares, labelled
from ..errors import InputError
from .config import ExperimentConfig, share_name


@dataclass(frozen=True)
class Division:
    """Scans of one data set; no person is in two of the parts.

    Attributes:
        labelled: learned from with their labels.
        unlabelled: learned from without.
        validation: are measured on while a network learns; they stop it where the training has patience.
        test: are judged.
    """

    labelled: tuple[Subject, ...]
    unlabelled: tuple[Subject, ...]
    validation: tuple[Subject, ...]
    test: tuple[Subject, ...]

    def split(self) -> Split:
        """What a training gets; a supervised one learns from the labelled scans only."""
        return Split(self.labelled + self.unlabelled, self.validation, self.test)

    def persons(self) -> tuple[int, int, int, int]:
        """How many persons each part has, in the order of the fields."""
        parts = (self.labelled, self.unlabelled, self.validation, self.test)
        first, second, third, fourth = (len({subject.group for subject in part}) for part in parts)
        return first, second, third, fourth


def divided(
    name: str, subjects: Sequence[Subject], config: ExperimentConfig, seed: int, share: Fraction | float
) -> Division:
    """The division of a data set.

    Persons without any labels are always learned from without labels.

    Args:
        name: of the data set, for sentences.
        subjects: its scans.
        config: for the shares of test and validation.
        seed: decides who is where. Larger shares of one seed contain the smaller ones.
        share: of the persons learned from whose labels are used.

    Raises:
        InputError: no scan has labels, or there are too few persons.
    """
    known = {subject.group for subject in subjects if subject.labels_path is not None}
    if not known:
        raise InputError(f"No scan of '{name}' has labels to learn from and to judge by; give a data set with labels.")
    count = f"{len(known)} person{'s' if len(known) > 1 else ''} with labels"
    too_few = InputError(
        f"'{name}' has {count}, too few to test some, keep some aside to measure on, and learn from "
        f"{share_name(share)} of the others; give more persons or other shares."
    )
    if len(known) < 3:
        raise too_few
    split = by_shares(subjects, test=config.test_share, validation=config.validation_share, seed=seed)
    with_labels, without = labelled(split.training, share, seed=seed)
    # At a share of 1 it is known that nobody is left.
    if not without and share < 1:
        raise too_few
    return Division(with_labels, without, _judgeable(split.validation), _judgeable(split.test))


def _judgeable(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    return tuple(subject for subject in subjects if subject.labels_path is not None)
