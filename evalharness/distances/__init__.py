"""How far two samples lie apart: one function for each distance. Everything takes NumPy arrays."""

from evalharness.distances.classifier import c2st_accuracy_p, held_out_scores
from evalharness.distances.kernel_two_sample import energy_distance, mmd
from evalharness.distances.ks import (
    KsGap,
    kolmogorov_quantile,
    ks_distance,
    ks_gap,
    ks_p_value,
)
from evalharness.distances.permuted import Permuted
from evalharness.distances.shares import (
    chi_square,
    cramers_v,
    g_statistic,
    jensen_shannon,
    largest_difference,
    population_stability,
    population_stability_critical,
    total_variation,
)
from evalharness.distances.wasserstein import (
    cramer_von_mises,
    energy_1d,
    standardised_wasserstein,
    wasserstein,
)

__all__ = [
    "KsGap",
    "Permuted",
    "c2st_accuracy_p",
    "chi_square",
    "cramer_von_mises",
    "cramers_v",
    "energy_1d",
    "energy_distance",
    "g_statistic",
    "held_out_scores",
    "jensen_shannon",
    "kolmogorov_quantile",
    "ks_distance",
    "ks_gap",
    "ks_p_value",
    "largest_difference",
    "mmd",
    "population_stability",
    "population_stability_critical",
    "standardised_wasserstein",
    "total_variation",
    "wasserstein",
]
