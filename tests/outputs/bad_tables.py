"""Tables that are wrong, each with what is asked of it and what the answer must say."""

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.outputs.helpers import GOOD, INF, NAN


def table(**columns):
    return {**GOOD, **columns}


def labels(values, **others):
    return {"label": values, **others}


def scored(values, **others):
    return {"label": [0, 1, 1, 0], "score": values, **others}


def ask(method, *arguments):
    return lambda split: getattr(split, method)(*arguments)


CHECK, LABELS, PREDICTIONS = ask("check"), ask("label_codes"), ask("prediction_codes")
SCORE = ask("score")
THREE = [[0.2, 0.3, 0.5]] * 4

# (table, options, what is asked for, what the message says)
TABLES = {
    "missing column": (
        {"labels": [0, 1], "prediction": [0, 1]},
        {},
        LABELS,
        [
            "no column `label`",
            "did you mean `labels`?",
            "there are `labels`, `prediction`",
            "columns=",
        ],
    ),
    "missing mapped column": (
        GOOD,
        {"columns": {"label": "labe"}},
        LABELS,
        ["no column `label`", "'labe'", "did you mean `label`?"],
    ),
    "missing mapped column, checked": (
        GOOD,
        {"columns": {"label": "y"}},
        CHECK,
        ["there is no column `y`", "columns="],
    ),
    "no prediction at all": (
        {"label": [0, 1]},
        {},
        PREDICTIONS,
        ["no column `prediction`", "`score`", "`score_<class>`"],
    ),
    "no score at all": (
        GOOD,
        {},
        SCORE,
        ["no column `score`", "`scores`", "`label`, `prediction`"],
    ),
    "nan score": (
        scored([0.1, NAN, 0.2, NAN]),
        {},
        SCORE,
        ["column `score` is NaN or infinite in 2 rows (1 and 3, counting from 0)", "mend"],
    ),
    "infinite score": (
        scored([0.1, INF, 0.2, -INF]),
        {},
        PREDICTIONS,
        ["NaN or infinite in 2 rows"],
    ),
    "null score": (
        scored([0.1, None, 0.2, 0.3]),
        {"missing": "wrong"},
        PREDICTIONS,
        ["column `score` is null", "1 row (row 1,"],
    ),
    "score outside [0, 1]": (
        scored([0.1, 1.5, 0.2, -3]),
        {},
        PREDICTIONS,
        ["`score` lies outside [0, 1] in 2 rows", "from -3 to 1.5", "threshold="],
    ),
    "text score": (
        scored(["a", "b", "c", "d"]),
        {},
        SCORE,
        ["`score` is text, but numbers are needed"],
    ),
    "score of another class": (
        scored([0.1, 0.2, 0.3, 0.4]),
        {},
        ask("score", 0),
        ["is for the class 1, not for 0", "positive="],
    ),
    "sum of probabilities": (
        table(scores=[[0.5, 0.5], [0.5, 0.4998], [0.5, 0.50009], [0.7, 0.7]]),
        {},
        SCORE,
        ["do not sum to one within 0.0001 in 2 rows (1 and 3", "from 0.9998 to 1.4", "normalise"],
    ),
    "just outside": (
        {"label": [0, 1, 0], "score": [0.01, 1 + 1e-9, 0.5]},
        {},
        PREDICTIONS,
        ["`score` lies outside [0, 1] in 1 row (row 1", "from 0.01 to 1.000000001;"],
    ),
    "sum of probability columns": (
        labels(["a", "b", "a"], score_a=[0.5, 0.9, 1], score_b=[0.5, 0.2, 0]),
        {},
        PREDICTIONS,
        ["`score_<class>`: probabilities do not sum to one", "1 row (row 1,"],
    ),
    "probability outside": (
        table(scores=[[0.5, 0.5], [1.5, -0.5], [1, 0], [0, 1]]),
        {},
        SCORE,
        [
            "`scores` lies outside [0, 1] in 1 row (row 1",
            "from -0.5 to 1.5, while the other rows are probabilities",
        ],
    ),
    "null in scores": (
        table(scores=[[0.5, 0.5], [None, 1], None, [0, 1]]),
        {},
        SCORE,
        ["`scores` is null in 1 row (row 2"],
    ),
    "nan in scores": (
        table(scores=[[0.5, 0.5], [NAN, 1], [1, 0], [0, 1]]),
        {},
        SCORE,
        ["null, NaN or infinite in 1 row"],
    ),
    "lengths of scores": (
        table(scores=[[0.5, 0.5], [1], [1, 0, 0], [0, 1]]),
        {},
        SCORE,
        ["has 1, 2, 3 numbers in 2 rows (1 and 2", "there are 2 classes (0, 1)"],
    ),
    "order of scores": (
        labels([1, 2, 3, 1], scores=THREE),
        {"classes": None},
        PREDICTIONS,
        ["not known which place stands for which class", "classes=[1, 2, 3, …]"],
    ),
    "scores are numbers": (table(scores=[1.0, 2, 3, 4]), {}, SCORE, ["a single number is `score`"]),
    "class without a column": (
        labels(["a", "b", "c"], score_a=[1, 0, 0], score_b=[0, 1, 1]),
        {},
        LABELS,
        ["`label` holds 'c' in 1 row", "classes 'a', 'b'"],
    ),
    "declared class without a column": (
        labels(["a", "b", "a"], score_a=[1, 0, 0], score_b=[0, 1, 1]),
        {"classes": ["a", "b", "c"]},
        PREDICTIONS,
        ["no column `score_c`", "there are `score_a`, `score_b`"],
    ),
    "columns that are no scores": (
        labels([0, 1, 2], score_0=[1, 0, 0], score_time=[0, 1, 1]),
        {},
        PREDICTIONS,
        ["`score_time`"],
    ),
    "label not in classes": (
        labels(["cat", "cow", "dog", "cow"]),
        {"classes": ["cat", "dog"]},
        LABELS,
        ["`label` holds 'cow' in 2 rows (1 and 3", "'cat', 'dog'", "classes="],
    ),
    "few of many strange labels": (
        labels([f"secret{i}" for i in range(50)]),
        {"classes": ["cat", "dog"]},
        LABELS,
        ["'secret0', 'secret1', 'secret2' and 47 more in 50 rows (first: 0, 1, 2,"],
    ),
    "classes of another type": (
        labels([0, 1, 1]),
        {"classes": ["0", "1"]},
        LABELS,
        ["column is integer and the classes are text"],
    ),
    "prediction not in classes": (
        {"label": ["a", "b"], "prediction": ["a", "x"]},
        {"classes": ["a", "b"]},
        PREDICTIONS,
        ["`prediction` holds 'x' in 1 row (row 1"],
    ),
    "prediction of another type": (
        {"label": [0, 1], "prediction": ["0", "1"]},
        {},
        PREDICTIONS,
        ["`prediction` is text, but `label` is integer", "same type"],
    ),
    "prediction is a score": (
        {"label": [0, 1], "prediction": [0.2, 0.9]},
        {},
        PREDICTIONS,
        ["`prediction` is real-valued", "looks like a score: name it `score`"],
    ),
    "prediction is a score, classes listed": (
        {"label": [0, 1], "prediction": [0.2, 0.9]},
        {"classes": [0, 1]},
        PREDICTIONS,
        ["name it `score`"],
    ),
    "integers that pandas made floats": (
        pd.DataFrame({"label": [0, 1, 2], "prediction": [0, None, 2]}),
        {"missing": "wrong"},
        PREDICTIONS,
        ["nulls made floats of integers", "Int64"],
    ),
    "booleans beside 0 and 2": (
        {"label": [0, 2], "prediction": [True, False]},
        {},
        PREDICTIONS,
        ["boolean, but `label` is integer"],
    ),
    "null prediction": (
        table(prediction=[0, None, 1, None]),
        {},
        PREDICTIONS,
        ["`prediction` is null in 2 rows (1 and 3", 'missing="wrong"'],
    ),
    "null and strange predictions": (
        {"label": ["a", "b", "a"], "prediction": ["a", None, "x"]},
        {"classes": ["a", "b"]},
        PREDICTIONS,
        ["2 problems", "holds 'x'", "is null in 1 row"],
    ),
    "null label": (table(label=[0, None, 1, 1]), {}, LABELS, ["`label` is null in 1 row (row 1"]),
    "all labels null": (table(label=[None] * 4), {}, LABELS, ["null in every row"]),
    "real-valued labels": (
        labels([0.5, 1.5]),
        {},
        LABELS,
        ["real-valued (float)", "needs classes", "classes=[0.0, 1.0]"],
    ),
    "labels of bytes": (labels(np.array([b"a", b"b"])), {}, LABELS, ["`label` is binary", "cast"]),
    "labels of dates": (
        labels(np.array(["2024-01-01"], "M8[D]")),
        {},
        LABELS,
        ["`label` is date32[day]"],
    ),
    "labels in lists": (
        labels([["a"], ["b", "c"]]),
        {},
        LABELS,
        ["list<", "one text, boolean", "of several tasks, a list of 0, 1 and null"],
    ),
    "positive unknown": (
        labels(["a", "b"]),
        {},
        ask("positive_code"),
        ["which class is the positive one of 'a', 'b'", "macro"],
    ),
    "positive not a class": (
        labels(["cat", "dog"]),
        {"positive": "cats"},
        ask("positive_code"),
        ["`positive='cats'` is not one", "did you mean `cat`?"],
    ),
    "positive of another type": (labels([0, 1]), {}, ask("positive_code", "1"), ["write 1"]),
    "positive that cannot be": (
        labels([0, 1]),
        {},
        ask("positive_code", [1]),
        ["cannot be a value"],
    ),
    "threshold over three classes": (
        labels([0, 1, 2], score=[0.1, 0.2, 0.3], prediction=[0, 1, 2]),
        {"positive": 1},
        ask("prediction_codes", 0.5),
        ["decides between two classes, and there are 3"],
    ),
    "duplicate id": (
        table(id=["x", "y", "x", "y"]),
        {},
        CHECK,
        [
            "2 ids more than once, the first is 'x' in 2 rows (0 and 2",
            "drop the copies",
            "column `sample`",
        ],
    ),
    "null id": (table(id=[1, None, 2, 3]), {}, CHECK, ["`id` is null in 1 row (row 1"]),
    "ids in lists": (table(id=[[1], [2], [3], [4]]), {}, CHECK, ["`id` holds lists"]),
    "no id": (GOOD, {}, ask("ids"), ["no column `id`", "pairing"]),
    "empty table": ({"label": [], "prediction": []}, {}, CHECK, ["the table is empty (0 rows)"]),
    "same name twice": (
        pa.table([[0, 1], [1, 0]], names=["label", "label"]),
        {},
        CHECK,
        ["`label` occurs more than once"],
    ),
    "same name twice, used": (
        pa.table([[0, 1], [1, 0]], names=["label", "label"]),
        {},
        LABELS,
        ["`label` occurs more than once"],
    ),
    "unknown slice column": (
        table(region=["eu"] * 4),
        {},
        ask("partition", "regio"),
        ["no column `regio`", "did you mean `region`?"],
    ),
    "unknown slice value": (
        table(region=["eu", "us", None, "eu"]),
        {},
        ask("matches", "region", "ue"),
        ["`region` has no row with 'ue'", "it has 'eu', 'us', null"],
    ),
    "slice value of another type": (
        table(site=[1, 2, 3, 4]),
        {},
        ask("matches", "site", "3"),
        ["write 3"],
    ),
    "slice without rows": (
        table(region=["eu", "us", "eu", "us"], device=["a", "b", "a", "b"]),
        {},
        ask("select", {"region": "eu", "device": "b"}),
        ["no row has region='eu', device='b' together"],
    ),
    "two unknown slices": (
        table(region=["eu"] * 4, device=["a"] * 4),
        {},
        ask("select", {"region": "x", "dvice": "a"}),
        ["2 problems", "`region` has no row with 'x'", "did you mean `device`?"],
    ),
    "slice by lists": (
        table(tags=[[1], [2], [3], [4]]),
        {},
        ask("partition", "tags"),
        ["cannot be grouped"],
    ),
    "slice value that cannot be": (
        table(a=[1, 2, 3, 4]),
        {},
        ask("matches", "a", [1]),
        ["cannot be a value"],
    ),
    "numbers of text": (
        table(latency=["1ms"] * 4),
        {},
        ask("numbers", "latency"),
        ["is text, but numbers"],
    ),
    "numbers of booleans": (table(ok=[True] * 4), {}, ask("numbers", "ok"), ['use rate("ok")']),
    "numbers of lists": (
        table(latency=np.ones((4, 1))),
        {},
        ask("numbers", "latency"),
        ["fixed_size_list", "one number for each row"],
    ),
    "null and nan numbers": (
        table(latency=[1.0, None, NAN, INF]),
        {},
        ask("numbers", "latency"),
        ["2 problems", "is null (or was NaN) in 1 row", "NaN or infinite in 2 rows"],
    ),
    "flags of 0, 1, 2": (table(ok=[0, 1, 2, 2]), {}, ask("flags", "ok"), ["holds 2 in 2 rows"]),
    "flags of null": (
        table(ok=[True, None, False, None]),
        {},
        ask("flags", "ok"),
        ["is null in 2 rows"],
    ),
    "flags of floats": (
        table(ok=[0.0, 1, 1, 0]),
        {},
        ask("flags", "ok"),
        ["true/false or 0/1 is needed"],
    ),
}
