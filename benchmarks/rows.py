"""The rows of the table: what is measured, against what, and how much faster ours has to be."""

from __future__ import annotations

from functools import partial

from benchmarks import data, ours, peers
from benchmarks.choice_rows import choice_rows
from benchmarks.data import Size
from benchmarks.diagnosis_rows import diagnosis_rows
from benchmarks.ladders import ladder_rows
from benchmarks.row import Row
from benchmarks.sides import Peer
from benchmarks.split_rows import split_rows
from benchmarks.twins import counts, others, ranks


def rows(size: Size) -> list[Row]:
    n, resampled = f"{size.examples:,} examples", f"{size.resampled:,} examples"
    slices, times = f"{size.slices:,} slices", f"{size.replicates:,} bootstrap replicates"
    by_hand = Peer("pyarrow and NumPy", "pyarrow", others.parquet, within=1e-5)
    part, loop = peers.PART_OF_SLICES, peers.PART_OF_REPLICATES
    return [
        Row(
            "nine",
            f"9 binary metrics, {n}, integer ids",
            data.nine,
            ours.nine,
            ranks.nine,
            Peer("scikit-learn, 9 calls", "sklearn", peers.nine_sklearn),
            at_least=8,
            goal=13,
        ),
        Row(
            "text-ids",
            f"9 binary metrics, {n}, text ids",
            data.nine_text_ids,
            ours.nine,
            ranks.nine,
            Peer("scikit-learn, 9 calls", "sklearn", peers.nine_sklearn),
            at_least=5,
            goal=8,
        ),
        Row(
            "torchmetrics",
            f"9 binary metrics, {n}, integer ids",
            data.nine,
            ours.nine,
            ranks.nine,
            Peer("torchmetrics, 7 of them", "torchmetrics", peers.nine_torchmetrics, within=1e-5),
            at_least=3,
            goal=4,
            optional=True,
        ),
        Row(
            "slices",
            f"5 metrics of counts × {slices}, {n}",
            data.sliced,
            ours.counts_by_slice,
            counts.by_slice,
            Peer(
                "fairlearn MetricFrame",
                "fairlearn",
                peers.counts_fairlearn,
                part,
                partial(peers.counts_fairlearn, part=1),
            ),
            at_least=800,
            goal=1_200,
        ),
        Row(
            "auc-slices",
            f"AUC × {slices}, {n}",
            data.sliced,
            ours.auc_by_slice,
            ranks.auc_by_slice,
            Peer(
                "fairlearn MetricFrame",
                "fairlearn",
                peers.auc_fairlearn,
                part,
                partial(peers.auc_fairlearn, part=1),
            ),
            at_least=60,
            goal=80,
        ),
        Row(
            "f1-bootstrap",
            f"F1, {times}, {resampled}",
            data.resampled,
            ours.f1_bootstrap,
            counts.f1_bootstrap,
            Peer("scikit-learn in a loop", "sklearn", peers.f1_loop, loop),
            at_least=3_000,
            goal=10_000,
        ),
        Row(
            "auc-bootstrap",
            f"AUC, {times}, {resampled}",
            data.resampled,
            ours.auc_bootstrap,
            ranks.auc_bootstrap,
            Peer("scikit-learn in a loop", "sklearn", peers.auc_loop, loop),
            at_least=50,
            goal=100,
        ),
        Row(
            "paired-bootstrap",
            f"two models' F1, paired, {times}, {resampled}",
            data.two_models,
            ours.paired_bootstrap,
            counts.paired_bootstrap,
            Peer("scikit-learn in a loop", "sklearn", peers.paired_loop, loop),
            at_least=3_000,
            goal=10_000,
        ),
        Row(
            "classes",
            f"macro F1, top 1, top 5, {size.classes:,} classes, {size.pictures:,} examples",
            data.many_classes,
            ours.many_classes,
            others.many_classes,
            Peer("scikit-learn, 3 calls", "sklearn", peers.classes_sklearn),
            at_least=20,
            goal=30,
        ),
        Row(
            "ndcg",
            f"nDCG at 10, {size.queries:,} queries × {size.documents}",
            data.lists,
            ours.lists,
            others.ndcg,
            Peer("scikit-learn ndcg_score", "sklearn", peers.ndcg_sklearn),
            at_least=15,
            goal=25,
        ),
        Row(
            "words",
            f"word error rate, {size.sentences:,} pairs of {size.words} words",
            data.sentences,
            ours.sentences,
            others.words,
            Peer("jiwer", "jiwer", peers.words_jiwer),
            at_least=3,
            goal=3.5,
        ),
        Row(
            "parquet",
            f"{size.files * size.rows_in_file:,} rows in {size.files} Parquet files: counts × "
            f"{slices}, mean of a column, AUC",
            data.parquet,
            ours.parquet,
            None,
            by_hand,
            at_least=1.5,
            goal=2,
            first=1.0,
            memory=400,
        ),
        *split_rows(size),
        *ladder_rows(size),
        *diagnosis_rows(size),
        *choice_rows(size),
    ]
