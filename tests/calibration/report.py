"""Write docs/calibration.md: the measured coverage of every form, in the settings of the tests.

    python -m tests.calibration.report

from the root of a checkout, with two processes; some five minutes. Seeds are fixed, so a second run
writes the same page. With names of families (`… "gaps of the ladder"`) only their sections are
measured and written anew.
"""

from __future__ import annotations

import sys
from multiprocessing import get_context
from pathlib import Path

from tests.calibration import halves, naming
from tests.calibration.criteria import PASSING, complaints
from tests.calibration.grid import FORMS, unpromised
from tests.calibration.simulate import Coverage, Setting

# A table of more sizes than this has a row for each rate and no columns for them.
MOST_COLUMNS = 6
PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"

HEAD = """# Calibration: do the intervals cover what they promise?

<!-- Written by `python -m tests.calibration.report`; change that, not this page. -->

A gate decides by one-sided bounds. At 95 % confidence a bound should be right in 95 % of samples;
required, and tested by `make calibration` over every setting of this page, is **{passing:.2f} on
either side** (three binomial standard errors are allowed where coverage is simulated and none
where it is exact), since `>=` passes on the lower bound and `<=` on the upper one. `make test`
runs a few seconds of it, and checks that bounds which were turned down (one-sided Wilson, delta,
logit-DeLong, Tango and t by themselves) are caught by the same criterion.

Each cell reads **lower / upper** *(shown)*: the share of samples in which the deciding lower and
upper bound hold, and in which the two-sided interval that is only shown holds. Of several
settings in one cell (prevalence, kinds of classes, kinds of scores) the smallest share is given.
A refused bound cannot be wrong, so where many samples decide nothing, coverage says little: such
cells end in the share that has both bounds, as in `60 %`.
"""

WORDS = {
    "proportion": """Wilson is shown, Clopper-Pearson decides. Enumerated, so exact. Every share
of a slice is one of these: accuracy, recall, precision, specificity, their complements, and
rates of a column.""",
    "F1 and Jaccard": """As a proportion, through F1 = 2J/(1+J). 4,000 tables each (2,000 at n =
10,000); recall and precision both equal the rate, prevalence is .5 or .05. At small n and
prevalence many samples have no positive at all.""",
    "two classes": """Delta is shown (MOVER where there are no errors); the wider of MOVER and
delta decides, on both sides. MOVER alone covers .92 above where 20 examples have an error or
two in both classes. 2,000 tables each (1,000 from n = 1,000 on); sensitivity and specificity
both equal the rate, prevalence is .5 or .1.""",
    "macro": """Delta is shown; MOVER decides. Each class is right at the rate; K is 3 or 10,
equal classes with all errors between neighbours, or classes falling like 1/rank with errors
among all. 2,000 tables each. Toward the nearer end of the range (and on both sides in its
middle third) the widest of MOVER, MOVER with distances doubled in square, and delta decides.
Toward the nearer end that takes ten examples in every class. Without it the bound there covers
.89 (the macro miss rate, 1 - recall, from below).""",
    "AUC": """Logit-DeLong is shown. The widest decides of it, Newcombe's method 5, and MOVER
over the shares of misplaced examples (a positive below the median negative, a negative above
the median positive) with their Clopper-Pearson limits. No bound need be wider than Clopper-
Pearson's with min(m, n) trials, the worst that an area can do; with fewer than 5 positives or
negatives that takes MOVER's place. 1,500 samples each (1,000 at n = 10,000), of normal scores:
half or a tenth positives; positives with twice the spread; scores of 6 levels, with ties. Below
them, mixtures, 2,000 samples each, by positives + negatives: a share of 2 %, 10 %, 50 % or 95 %
of the positives scores like negatives, or below all of them; such a share of the negatives
scores like positives; or both. The wider of logit-DeLong and Newcombe alone covers .50 to .65
from below where such a share is met by a positive or none in most samples.""",
    "quantile": """Order statistics, which are Clopper-Pearson on the share of values up to the
threshold. Exact, for any continuous distribution; ties only make it more careful. The rate is
q. Below 29, 59, 299, 2,995 values (for .9, .95, .99, .999) there is no upper bound and no pass.""",
    "paired": """The difference of two models' shares on the same examples. Tango is shown; the
wider of Tango and MOVER decides. Tango alone covers .91 one-sided where one kind of discordance
is rare. Rates are the shares that only the new and only the old model has right. Exact at n =
20 and 50, else 4,000 tables.""",
    "difference of two models": """Count metrics whose trials depend on the predictions, from the
joint counts of label and both predictions: delta is shown; the wider of it and MOVER decides, over
the Clopper-Pearson limits of all eight joint cells, the empty ones too. So it holds at any count,
and for equal models ("tied" is the share of the better one's errors that both make). Delta alone
covers .65 for models of .99 and .98 on 100 examples. Averages over three classes or more: MOVER of
each class against the rest. AUC: the wider of DeLong and t of the influences, with room for
examples that were not seen. 600 tables each for two classes, 200 for averages, 300 for AUC.""",
    "mean": """Student's t is shown (bootstrap-t below 200 values, a skewness-corrected t where
the column is skewed). The wider of t and the skewness-corrected t decides; below 200 values,
the wider of t and bootstrap-t. Where skewness/√n is beyond ±0.2 (±0.15 from 2,000 values on),
from 200 values on the bounds lie 2.5 times as far away; nothing decides below 20 values, of a
constant column, beyond ±0.6, or beyond ±0.2 below 200 values: *too skewed, bound a quantile
instead*. A 0/1 column is better asked for its rate, which is exact at any size. 4,000 samples
each (800 below 200 values).""",
    "mean, not promised": """**A mean cannot be bounded from a sample that missed what it
depends on.** Of a column where one value in a hundred lies 10 standard deviations off, 100
values hold no such value in 37 % of samples, and then look perfectly normal; where it is one in
a thousand and 100 standard deviations, so do 1,000 values. No rule that looks at the sample can
tell, and the bound on the side of the tail fails as often. So the promise holds for columns
whose skewness shows at the size at hand: those of the table above, which reach from even ones
to a lognormal with sigma 1.5 (most samples of which decide by bounds 2.5 times as far away). It
does not hold for rare, large values, as of time-outs or costs with a heavy tail: bound a
quantile of these, or the rate of the rare event. The same holds of weights: a sample without
any of the few rows that count a hundred times has an interval as if there were none; and of
utterances that are rare and much worse than any that was seen.""",
    "few make it up": """Means and ratios of 200 values or more of which few make up most: bounds
2.5 times as far away as the wider of t and its correction.""",
    "weights and clusters": """What a share is worth goes by what each unit (an example with a
weight, or a cluster) adds: Clopper-Pearson at that n_eff, after one more unit, as large as the
largest and all errors, is added (Fay & Feuer 1997); exactly Clopper-Pearson where all weigh the
same. Below ten units with an error or a success the worst case decides. The plain linearised
n_eff covers down to .85. Means, ratios, R², correlations and kappa: t and its correction over
the influences of the units, wider by √(1 + 2 max u²/Σu²), refused below 20 units or where these
are skewed.""",
    "averages, gaps, combinations": """Through the public way, from tables to bounds. Averages
over classes, MCC and AUC of clustered examples; the largest difference between slices (MOVER
over all pairs; from below with the level shared among the pairs); sums of metrics of several
statistics, by the influences of the rows; means of values between two ends (Gaffke 2005), which
hold for any such values. 300 samples each.""",
    "curves": """Average precision and partial AUC: t of the influences with its correction, and
room for examples that were not seen, from 30 of either class on. Sensitivity at a specificity
and the equal error rate: two binomials tested at the unknown threshold, for any scores. Recall
at a precision: Clopper-Pearson in a fixed sequence of thresholds. The KS statistic, the largest
distance between the shares accepted: Dvoretzky-Kiefer-Wolfowitz, for any scores. One-against-rest
areas: MOVER. 100 samples each (40 of the equal error rate, 200 of one-against-rest areas).""",
    "calibration error": """Inversion of a noncentral chi-square with all of the error in the
direction of the largest variance; each bin's variance at least what its Clopper-Pearson limits
say. Holds for perfectly calibrated probabilities, where bootstrap and delta do not. 200 samples
each.""",
    "by query": """Means over queries of values between 0 and 1: Gaffke's bound. Hit rates: exact.
250 samples each.""",
    "texts": """Ratios of sums over utterances, which are the units: t of what each adds. Token F1
and win rates: Gaffke's bound. 300 samples each.""",
    "any function": """The wider of BCa and the jackknife's t (with its correction), resampling
whole units; refused below 20 units, where the jackknife is skewed (rates near 1, maxima, tail
quantiles), or where more than 1 % of the resamples are undefined.""",
    "gaps of the ladder": """How much worse a metric is on one rung of a ladder than on the one
below. MOVER from the deciding limits of both, each on its farther side: of two error rates
enumerated, so exact (rates and rows of either rung; with the nearer limits up to 2.9 times as many
bounds are wrong as are declared). Above an assumed constant: the other rung's own. Of clusters that
have rows on both rungs, errors are added; 1,000 samples each, as of means 300 to 2,000 and of F1
100. Below: of ladders of three to five rungs, 500 samples each, how often a gap is named that is
smaller than the largest by just more than what does not matter, and how often it is said that
nothing matters where one gap does by a hair (.05 is allowed of either). Then, 400 samples each, how
often the largest gap is named where it is four times what does not matter, and three times the
next, of 5,000 to 10,000 rows each and 1,000 people or an assumed level; it is least where dev's
error is 5 %, and half a point is to matter.""",
    "splits": """How far two splits lie apart. KS: Kolmogorov's quantile, times the spread of the
largest difference of clusters where there are such. Shares: MOVER from Clopper-Pearson limits, or
those of clusters, each on its farther side, since with the nearer ones a rare value covers less
than is declared. Another mix: the share of right answers reweighted to the other split's strata.
100 to 1,000 samples each. Below: what is decided at a confidence of .95, of 1,000 samples each. Of
three equal classes 2,000 rows pass in .780 (of 40,000 samples), short of the .80 that every default
gate should reach where nothing differs; some 2,060 rows reach it. Then, with tolerances of
.002 that chance alone exceeds, how often halves of real outputs fail (declared: .05 for any,
.0167 for each of three columns).""",
}


def settings(form: str) -> list[Setting]:
    return FORMS[form]() if form in FORMS else unpromised()


def _job(place: tuple[str, int]) -> Coverage:
    """By place, since a setting holds functions that do not travel between processes."""
    form, i = place
    return settings(form)[i].run()


def cell(found: list[Coverage]) -> str:
    if not found:
        return ""
    lower, upper, shown = (
        min(getattr(c, side) for c in found) for side in ("lower", "upper", "shown")
    )
    decided = min(c.decided for c in found)
    text = f"{lower:.3f} / {upper:.3f} *({shown:.3f})*"
    return text if decided > 0.995 else f"{text} {100 * decided:.0f} %"


def named(place: tuple[str, str]) -> str:
    """Form and rate; a bar would end the cell."""
    return " ".join(place).replace("|", "\\|")


def table(rows: list[tuple[Setting, Coverage]]) -> str:
    """One row for each rate, and a column for each size; mixtures are listed below."""
    usual = [row for row in rows if "mixture" not in row[0].form]
    sizes = sorted({s.n for s, _ in usual})
    if len(sizes) > MOST_COLUMNS:
        return _by_row(usual)
    lines = ["| | " + " | ".join(f"n = {n:,}" for n in sizes) + " |"]
    lines.append("|---" * (len(sizes) + 1) + "|")
    for place in dict.fromkeys((s.form, s.rate) for s, _ in usual):
        cells = [cell([c for s, c in usual if (s.form, s.rate, s.n) == (*place, n)]) for n in sizes]
        lines.append(f"| {named(place)} | " + " | ".join(cells) + " |")
    mixed = dict.fromkeys((s.form, s.rate) for s, _ in rows if "mixture" in s.form)
    if mixed:
        lines += ["", "| | coverage |", "|---|---|"]
    for place in mixed:
        lines.append(
            f"| {named(place)} | {cell([c for s, c in rows if (s.form, s.rate) == place])} |"
        )
    return "\n".join(lines)


def _by_row(rows: list[tuple[Setting, Coverage]]) -> str:
    """One row for each rate, over all its sizes."""
    lines = ["| | n | settings | coverage |", "|---|---|---|---|"]
    for place in dict.fromkeys((s.form, s.rate) for s, _ in rows):
        here = [(s.n, c) for s, c in rows if (s.form, s.rate) == place]
        least, most = min(n for n, _ in here), max(n for n, _ in here)
        sizes = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        lines.append(f"| {named(place)} | {sizes} | {len(here)} | {cell([c for _, c in here])} |")
    return "\n".join(lines)


def smallest(rows: list[tuple[Setting, Coverage]]) -> str:
    low = min(rows, key=lambda row: row[1].lower)
    high = min(rows, key=lambda row: row[1].upper)
    return (
        f"Smallest: lower {low[1].lower:.3f} ({low[0].name}), "
        f"upper {high[1].upper:.3f} ({high[0].name})."
    )


# What else there is to say of a family, below its table.
MORE = {"gaps of the ladder": naming.page, "splits": halves.page}


def title(form: str) -> str:
    return f"## {form[0].upper()}{form[1:]}\n"


def exchanged(page: str, form: str, section: str) -> str:
    """The page with that section in its place, or before the first that comes later."""
    later = list(WORDS)[list(WORDS).index(form) :]
    start = next((page.index(title(f)) for f in later if title(f) in page), len(page))
    end = start
    if page[start:].startswith(title(form)):
        end = page.find("\n## ", start) + 1 or len(page)
    return page[:start] + section + ("\n" if end < len(page) else "") + page[end:]


def main(only: list[str]) -> None:
    unknown = [form for form in only if form not in WORDS]
    if unknown:
        sys.exit(f"no family is named {unknown[0]!r}; there are: {', '.join(WORDS)}")
    page = PAGE.read_text() if only else HEAD.format(passing=PASSING)
    missed: list[str] = []
    with get_context("spawn").Pool(2) as pool:
        for form, words in WORDS.items():
            if only and form not in only:
                continue
            print(f"measuring: {form}", file=sys.stderr, flush=True)
            every = settings(form)
            found = pool.map(_job, [(form, i) for i in range(len(every))], chunksize=1)
            rows = list(zip(every, found, strict=True))
            if form in FORMS:
                missed += [text for row in rows for text in complaints(*row)]
            parts = [title(form), words + "\n", table(rows) + "\n", smallest(rows) + "\n"]
            if form in MORE:
                parts.append(MORE[form]() + "\n")
            section = "\n".join(parts)
            page = exchanged(page, form, section) if only else f"{page}\n{section}"
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page)
    print("\n".join([*missed, f"wrote {PAGE.name}"]), file=sys.stderr)
    if missed:
        sys.exit("coverage is not what the page promises")


if __name__ == "__main__":
    main(sys.argv[1:])
