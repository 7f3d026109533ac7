"""Tables whose weights, clusters, repeats or probabilities are wrong, as in bad_tables.py."""

from tests.outputs.bad_tables import CHECK, ask, scored, table
from tests.outputs.helpers import INF, NAN

REPEATS = {"id": ["a", "a", "b", "b"], "sample": [0, 1, 0, 1]}
WEIGHTS, CLUSTERS, PROBABILITIES = ask("weights"), ask("clusters"), ask("probabilities")
FREE = 'free the name: Outputs(…, columns={"my_weight": "weight"})'

# (table, options, what is asked for, what the message says)
UNITS = {
    "weights of text": (table(weight=["1"] * 4), {}, CHECK, ["`weight` is text", FREE]),
    "weights of booleans": (table(weight=[True] * 4), {}, WEIGHTS, ["`weight` is boolean", FREE]),
    "null and infinite weights": (
        table(weight=[1.0, None, NAN, INF]),
        {},
        CHECK,
        ["2 problems", "`weight` is null (or was NaN) in 1 row", "infinite in 2 rows (2 and 3"],
    ),
    "negative weights": (
        table(weight=[1, -1, -2.5, 0]),
        {},
        CHECK,
        ["`weight` is negative in 2 rows (1 and 2", "down to -2.5", FREE],
    ),
    "weights of zero": (table(weight=[0, 0, 0, 0]), {}, CHECK, ["`weight` is zero in every row"]),
    "weights beyond floats": (table(weight=[1e308] * 4), {}, CHECK, ["more than a float can hold"]),
    "mapped weights that are not there": (
        table(),
        {"columns": {"weight": "w"}},
        WEIGHTS,
        ["no column `weight` (columns={'weight': 'w'}, not in the table)"],
    ),
    "null cluster": (
        table(patient=["p", None, "q", "q"]),
        {"columns": {"cluster": "patient"}},
        CHECK,
        ["`cluster` is null in 1 row (row 1", "every row needs its `cluster`"],
    ),
    "clusters of floats": (
        table(cluster=[0.5, 1, 1, 2]),
        {},
        CHECK,
        ["`cluster` is real-valued (float)", "text, integers, booleans or dates"],
    ),
    "clusters in lists": (table(cluster=[[1]] * 4), {}, CLUSTERS, ["`cluster` is list<"]),
    "sample without id": (
        table(sample=[0, 1, 0, 1]),
        {},
        CHECK,
        ["a column `sample`", "no column `id`", 'columns={"my_sample": "sample"}'],
    ),
    "null sample": (
        table(id=REPEATS["id"], sample=[0, None, 0, 1]),
        {},
        CHECK,
        ["`sample` is null in 1 row (row 1"],
    ),
    "repeats not told apart": (
        table(id=["a", "b", "b", "a"], sample=[0, 1, 1, 0]),
        {},
        CHECK,
        ["2 pairs more than once, the first is ('a', 0) in 2 rows (0 and 3", "number"],
    ),
    "clusters that nest wrongly": (
        table(**REPEATS, cluster=["p", "q", "q", "q"]),
        {},
        CHECK,
        [
            "`id` and `cluster` do not nest",
            "1 of 2 ids lie in more than one cluster, the first is 'a', in the clusters 'p', 'q'",
            "2 rows (0 and 1",
        ],
    ),
    "all at once": (
        table(id=[1, 1, 2, 3], weight=["x"] * 4, cluster=[None, 1, 1, 1], score=[NAN] * 4),
        {},
        CHECK,
        ["4 problems", "`id`", "`weight`", "`cluster`", "`score`"],
    ),
    "null in a group": (table(query=[1, None, 2, 2]), {}, ask("groups_of", "query"), ["`query`"]),
    "varies in a group": (
        table(query=["q", "r", "s", "r"], cluster=[1, 1, 1, 2]),
        {},
        ask("constant_within", "cluster", "query"),
        ["varies inside 1 of 3 values of `query`, the first is 'r' with 1, 2 in 2 rows (1 and 3"],
    ),
    "lists in a group": (
        table(query=[1, 1, 2, 2], tags=[[1]] * 4),
        {},
        ask("constant_within", "tags", "query"),
        ["`tags` is list<", "cannot be compared"],
    ),
    "scores above 1 used as probabilities": (
        scored([0.1, 1.5, 0.2, -3]),
        {},
        PROBABILITIES,
        ["`score` lies outside [0, 1] in 2 rows (1 and 3", "from -3 to 1.5", "sigmoid"],
    ),
    "just outside as probabilities": (
        scored([0.1, 1.0001, 0.01, -1e-12]),
        {},
        PROBABILITIES,
        ["`score` lies outside [0, 1] in 2 rows", "from -1e-12 to 1.0001,"],
    ),
    "probabilities that do not sum to one": (
        table(scores=[[0.5, 0.5], [0.5, 0.4], [0.5, 0.5], [0, 1]]),
        {},
        PROBABILITIES,
        ["do not sum to one within 0.0001 in 1 row (row 1", "from 0.9 to 0.9; normalise them"],
    ),
    "logits used as probabilities": (
        table(scores=[[2, -1], [0.5, 3], [0.5, 0.5], [1, 7]]),
        {},
        PROBABILITIES,
        ["`scores` lies outside [0, 1] in 3 rows", "from -1 to 7", "softmax"],
    ),
    "probabilities of one score and three classes": (
        {"label": [0, 1, 2], "score": [0.1, 0.2, 0.3]},
        {},
        PROBABILITIES,
        ["`score` is one number for each row, and there are 3 classes (0, 1, 2)", "classes=[…]"],
    ),
    "no probabilities": (table(), {}, ask("matrix"), ["no column `score`", "`score_<class>`"]),
}
