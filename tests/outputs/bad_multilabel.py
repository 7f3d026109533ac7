"""Multilabel tables that are wrong, as in bad_tables.py."""

import numpy as np

from tests.outputs.bad_tables import ask
from tests.outputs.helpers import INF, NAN

TASKS = {"classes": ["rude", "spam"]}
LABEL, PREDICTION, SCORES = ask("label_matrix"), ask("prediction_matrix"), ask("score_matrix")


def tasks(label=((1, 0), (None, 1), (0, 0)), **others):
    return {"label": [None if row is None else list(row) for row in label], **others}


# (table, options, what is asked for, what the message says)
MULTILABEL = {
    "no names of tasks": (tasks(), {}, LABEL, ["`label` holds a list", "name the tasks", "order"]),
    "lengths of labels": (
        tasks([(1, 0), (1,), (0, 1, 1)]),
        TASKS,
        LABEL,
        ["`label` has 1, 2, 3 places in 2 rows (1 and 2", "2 classes ('rude', 'spam')", "(task)"],
    ),
    "more tasks than names": (
        {"label": np.zeros((3, 4), int)},
        TASKS,
        LABEL,
        ["`label` has 4 places in 3 rows"],
    ),
    "a row without a list": (
        tasks([(1, 0), None, (0, 1)]),
        TASKS,
        LABEL,
        ["`label` is null in 1 row (row 1", "every row needs a list"],
    ),
    "labels of 2": (
        tasks([(1, 2), (0, 1), (0, -1)]),
        TASKS,
        LABEL,
        ["`label` holds -1.0, 2.0 in 2 rows (0 and 2", "0 or 1", "a missing label is null"],
    ),
    "a task without labels": (
        tasks([(1, None), (0, None)]),
        TASKS,
        LABEL,
        ["every label is missing of 1 of 2 tasks (`spam`)", "leave these out"],
    ),
    "both at once": (
        tasks([(2, None), (0, None)]),
        TASKS,
        LABEL,
        ["2 problems", "holds 2.0", "every label is missing"],
    ),
    "one class is asked of several tasks": (
        tasks(),
        TASKS,
        ask("label_codes"),
        ["(multilabel)", "one class for each row", 'positive="<task>"', "average="],
    ),
    "one prediction is asked of several tasks": (
        tasks(prediction=[[1, 0]] * 3),
        TASKS,
        ask("prediction_codes"),
        ["(multilabel)"],
    ),
    "one score is asked of several tasks": (
        tasks(scores=[[0.5, 0.5]] * 3),
        TASKS,
        ask("score", "rude"),
        ["(multilabel)"],
    ),
    "probabilities of classes are asked of several tasks": (
        tasks(scores=[[0.5, 0.5]] * 3),
        TASKS,
        ask("probabilities"),
        ["(multilabel)"],
    ),
    "which task": (
        tasks(),
        {"classes": [0, 1]},
        ask("positive_code"),
        ["which task is asked for of 0, 1", "positive=", "macro"],
    ),
    "not a task": (
        tasks(),
        TASKS,
        ask("positive_code", "spma"),
        ["'spma'", "did you mean `spam`?"],
    ),
    "several tasks are asked of one class": (
        {"label": [0, 1]},
        TASKS,
        LABEL,
        ["`label` must hold a list for each row (multilabel)", "it is int64"],
    ),
    "one prediction for several tasks": (
        tasks(prediction=[1, 0, 1]),
        TASKS,
        PREDICTION,
        ["`prediction` is int64, but `label` holds a list", "one place for each task"],
    ),
    "predictions of names": (
        tasks(prediction=[["rude"], ["spam"], ["rude"]]),
        TASKS,
        PREDICTION,
        ["`prediction` is list<", "a list of 0 and 1"],
    ),
    "predictions that are scores": (
        tasks(prediction=[[0.25, 1], [0, 0], [1, 1]]),
        TASKS,
        PREDICTION,
        ["`prediction` holds 0.25 in 1 row", "name it `scores`"],
    ),
    "null places in predictions": (
        tasks(prediction=[[1, None], [0, 0], [None, None]]),
        TASKS,
        PREDICTION,
        ["`prediction` has nulls in 2 rows (0 and 2", 'missing="wrong"'],
    ),
    "null predictions": (
        tasks(prediction=[[1, 1], None, [0, 0]]),
        TASKS,
        PREDICTION,
        ["`prediction` is null in 1 row (row 1"],
    ),
    "lengths of predictions": (
        tasks(prediction=[[1, 1], [0], [0, 0]]),
        TASKS,
        PREDICTION,
        ["`prediction` has 1, 2 places in 1 row"],
    ),
    "nothing to predict from": (
        tasks(),
        TASKS,
        PREDICTION,
        ["no column `prediction`", "`scores`", "there are `label`"],
    ),
    "no scores": (tasks(score=[0.5] * 3), TASKS, SCORES, ["no column `scores`", "`score`?"]),
    "scores outside [0, 1]": (
        tasks(scores=[[0.5, 2], [0, 0], [-1, 1]]),
        TASKS,
        PREDICTION,
        ["`scores` lies outside [0, 1] in 2 rows (0 and 2", "from -1 to 2", "threshold="],
    ),
    "scores that are no numbers": (
        tasks(scores=[[0.5, NAN], [0, INF], [None, 1]]),
        TASKS,
        SCORES,
        ["`scores` is null, NaN or infinite in 3 rows"],
    ),
}
