"""The ladder by slice: what stands first, what is named, and what is told of the others."""

import numpy as np
import pytest

from evalharness import Human, Outputs, bias_variance
from evalharness.checks.cell_width import cells
from evalharness.checks.slice_asked import metrics
from evalharness.checks.slice_ladders import ABOVE_WHOLE
from evalharness.inference.proportions import ProportionBounds
from evalharness.inference.rung_gap import Assumed
from evalharness.metrics import accuracy, error_rate, f1, mean_absolute_error
from tests.checks.rungs import answers, ladder
from tests.checks.sliced import FOUND, one, table, text, told


def test_where_most_is_to_gain_stands_first_and_is_named_with_its_link():
    found = told(FOUND)
    assert [s["slice"] for s in found.figures["slices"]] == ["eu", "us", "asia"]
    eu = found.figures["slices"][0]
    assert (eu["named"], eu["dominates"], eu["state"]) == (True, ["variance"], "dominant")
    assert eu["adjusted_p"] < 0.001
    assert not any(s["named"] for s in found.figures["slices"][1:])
    share = 2000 / 4500
    assert eu["share"] == pytest.approx(share)
    assert eu["gain"] == pytest.approx(share * (0.125 - 0.01))
    assert eu["low"] < eu["gain"] < eu["high"]
    assert eu["parts"] == pytest.approx(
        {
            "avoidable_bias": share * 0.01,
            "variance": share * 0.1,
            "data_mismatch": share * 0.005,
        }
    )
    assert found.name == "by region"
    (row,) = [line for line in found.lines if line.startswith("eu ")]
    assert row.split() == [
        *("eu", "44%", "0.020", "0.120", "0.125", "variance", "0.0511"),
        *(f"{eu['low']:.4f}", "to", f"{eu['high']:.4f}", "<.001◄"),
    ]
    assert "most to gain: eu, 0.0511 = avoidable_bias 0.0044 + variance 0.0444" in text(found)
    assert "human level (0.0100, one for all slices)" in text(found)


def test_gains_over_all_slices_are_the_gap_of_the_whole_ladder():
    found = told(FOUND)
    whole = sum(w for w, _ in FOUND["dev"].values()) / 4500
    assert found.figures["additive"]
    assert sum(s["gain"] for s in found.figures["slices"]) == pytest.approx(whole - 0.01)


def test_the_order_is_by_gain_overall_not_by_the_error_alone():
    dev = {"large": (800, 4000), "small": (30, 100), "good": (200, 4000)}
    found = told({"train": {n: (k // 2, n_) for n, (k, n_) in dev.items()}, "dev": dev})
    assert [s["slice"] for s in found.figures["slices"]] == ["large", "good", "small"]
    rare = one(found, "small")
    assert rare["rungs"]["dev"]["value"] > one(found, "large")["rungs"]["dev"]["value"]


def test_what_dominates_in_a_slice_is_what_its_own_ladder_says():
    """With one slice, whose level is not shared, and with the same seed."""
    rungs = {name: {"eu": slices["eu"]} for name, slices in FOUND.items()}
    (eu,) = told(rungs, ProportionBounds(10, 1000)).figures["slices"]
    whole = ladder(
        Human(people=(10, 1000)),
        options={"materiality": 0.005},
        **{name: slices["eu"] for name, slices in rungs.items()},
    )
    assert (eu["state"], tuple(eu["dominates"])) == (whole.state, whole.named)
    for gap in whole.gaps:
        mine = eu["gaps"][gap.name]
        assert mine["value"] == pytest.approx(gap.value)
        assert mine["at_least"] == pytest.approx(gap.at_least)
        assert mine["at_most"] == pytest.approx(gap.at_most)
        assert mine["largest"] == pytest.approx(gap.largest, abs=0.01)
    # The other slices make it stand alone no more.
    assert one(told(FOUND), "eu")["gaps"]["variance"]["at_least"] < 0.1


def test_without_people_the_floor_is_what_the_model_reaches_on_train():
    found = told(FOUND, human=None)
    floor = 90 / 4500
    assert found.figures["floor"] == pytest.approx(floor)
    assert found.figures["floor_is"] == "train as a whole"
    eu = one(found, "eu")
    assert eu["gain"] == pytest.approx(2000 / 4500 * (0.125 - floor))
    assert list(eu["parts"]) == [ABOVE_WHOLE, "variance", "data_mismatch"]
    assert sum(eu["parts"].values()) == pytest.approx(eu["gain"])
    assert "train as a whole (0.0200), for want of a human level" in text(found)


def test_what_is_chosen_is_not_chosen_by_test():
    test = FOUND | {"test": {"eu": (60, 2000), "us": (900, 2000), "asia": (15, 500)}}
    found = told(test)
    assert found.figures["rung"] == "dev"
    assert found.figures["slices"][0]["slice"] == "eu"
    only = {name: test[name] for name in ("train", "test")}
    assert told(only).figures["slices"][0]["slice"] == "us"


def test_slices_that_are_missing_or_too_small_are_told():
    rungs = {
        "train": {"eu": (20, 1000), "us": (20, 1000), "old": (1, 50)},
        "train_dev": {"eu": (25, 1000), "us": (20, 1000), "new": (9, 100)},
        "dev": {"eu": (100, 1000), "us": (30, 1000), "new": (30, 200), "tiny": (9, 9)},
    }
    found = told(rungs)
    new, tiny, old = (one(found, name) for name in ("new", "tiny", "old"))
    assert list(new["gaps"]) == ["bias_or_variance", "data_mismatch"]
    assert list(new["parts"]) == ["bias_or_variance", "data_mismatch"]
    assert (tiny["judged"], tiny["named"], tiny["adjusted_p"]) == ("few", False, 1.0)
    assert list(tiny["gaps"]) == ["bias_or_variance"]
    assert (old["judged"], old["share"], old["gain"]) == ("absent", 0.0, None)
    assert old["rungs"]["dev"] == {"value": None, "low": None, "high": None, "n": 0}
    assert found.figures["judged"] == 3
    said = text(found)
    assert "not judged, fewer than 20 on dev: tiny (9)" in said
    assert "not on train: new, tiny" in said
    assert "not on train_dev: tiny, old" in said
    assert "not on dev: old" in said
    # They come last, and in no line of the table.
    assert [s["slice"] for s in found.figures["slices"]][-2:] == ["tiny", "old"]
    assert not any(line.startswith(("tiny", "old")) for line in found.lines)


def test_of_many_slices_eight_are_shown_and_all_are_kept():
    slices = {f"a rather long name of slice {i:02d}": (40 + i, 400) for i in range(12)}
    found = told({"train": slices, "dev": slices})
    assert len(found.figures["slices"]) == 12
    rows = [line for line in found.lines if line.startswith("a rather")]
    assert len(rows) == 8
    assert all(line.count("…") == 1 for line in rows)
    assert "4 more slices judged; the result has them" in text(found)
    assert "no slice is surely worse than the others by more than 0.005 (Holm over 12)" in text(
        found
    )


@pytest.mark.parametrize("values", [np.arange(1000), np.random.default_rng(0).random(1000)])
def test_a_column_that_makes_no_slices_is_told_in_one_sentence(values):
    """Ids, or numbers that are each there once."""
    outputs = Outputs({name: answers(90, 1000, region=values) for name in ("train", "dev")})
    found = told({"train": 0, "dev": 0}, outputs=outputs)
    assert text(found) == (
        "error_rate by region: none of 1,000 slices has 20 examples on dev, so that none is "
        "judged; bin the column, or choose another"
    )
    assert (found.figures["judged"], len(found.figures["slices"])) == (0, 1000)


def test_wide_characters_take_two_cells():
    names = ("東京都千代田区永田町一丁目七番一号国会議事堂", "서울", "eu")
    few = {f"{name}少": (3, 9) for name in ("東京都千代田区永田町", "大阪府大阪市北区", "横浜市")}
    slices = dict(zip(names, [(900, 2000), (60, 2000), (20, 500)], strict=True)) | few
    found = told({"train": slices, "dev": slices})
    rows = [line for line in found.lines if line.startswith(("東", "서울", "eu"))]
    ends = [cells(line[: line.index("%")]) for line in rows[:3]]
    assert len({*ends}) == 1
    assert rows[0].split()[0].endswith("…")
    assert "most to gain: 東京都千代田区永田…, " in text(found)
    # How many there are is never cut off.
    assert "大阪府大阪市北… (9), " in text(found)


def test_few_and_many_slices_are_told_alike():
    """Up to seven slices are bounded one by one, more of them as arrays."""
    few = {name: dict(list(s.items())) for name, s in FOUND.items()}
    more = {n: s | {f"x{i}": (1, 19) for i in range(9)} for n, s in FOUND.items()}
    alone, among = told(few), told(more)
    for name in ("eu", "us", "asia"):
        first, second = one(alone, name), one(among, name)
        assert first["rungs"] == second["rungs"]
        assert first["p"] == pytest.approx(second["p"])
        assert first["adjusted_p"] == pytest.approx(second["adjusted_p"])
        for gap, figures in first["gaps"].items():
            assert figures == pytest.approx(second["gaps"][gap])


def test_better_than_people_is_no_bias_and_nothing_to_gain():
    found = told(FOUND, human=Assumed(0.2))
    assert {s["state"] for s in found.figures["slices"]} == {"below human", "dominant"}
    assert one(found, "us")["state"] == "below human"
    assert one(found, "us")["gain"] < 0
    assert not any(s["named"] for s in found.figures["slices"])
    assert "most to gain" not in text(found)


def test_few_people_name_no_bias():
    bias = {name: {"eu": (400, 2000), "us": (40, 2000)} for name in ("train", "dev")}
    assert one(told(bias), "eu")["dominates"] == ["avoidable_bias"]
    assert one(told(bias, few=True), "eu")["dominates"] == []


def test_accuracy_says_what_the_error_says():
    error, right = told(FOUND), told(FOUND, human=Assumed(0.99), metric=accuracy)
    for name in ("eu", "us", "asia"):
        a, b = one(error, name), one(right, name)
        assert a["gain"] == pytest.approx(b["gain"])
        assert a["p"] == pytest.approx(b["p"], rel=1e-6)
        assert (a["state"], a["dominates"]) == (b["state"], b["dominates"])


def test_a_loss_is_ranked_as_errors_are():
    random = np.random.default_rng(0)

    def rows(scale, n=300):
        region = np.repeat(["a", "b"], n)
        error = random.normal(0, np.where(region == "a", 1.0, scale))
        return {"label": np.zeros(2 * n), "prediction": error, "region": region}

    outputs = Outputs(train=rows(1.0), dev=rows(4.0))
    found = told({"train": 0, "dev": 0}, None, mean_absolute_error, outputs, materiality=0.1)
    first = found.figures["slices"][0]
    assert (first["slice"], first["named"]) == ("b", True)
    assert first["dominates"] == ["variance_or_mismatch"]
    assert found.figures["additive"]


def test_a_metric_that_is_no_mean_of_its_slices_says_so():
    found = told(FOUND, human=None, metric=f1)
    assert not found.figures["additive"]
    assert "f1 of all of dev is no mean of its slices" in text(found)


def test_of_long_values_the_lower_rungs_are_left_out():
    random = np.random.default_rng(0)
    names = ("train", "train_dev", "dev")
    outputs = Outputs(
        {
            name: {
                "label": random.normal(0, 1e6, 200),
                "prediction": random.normal(0, 1e6, 200),
                "region": np.repeat(["north of here", "south of here"], 100),
            }
            for name in names
        }
    )
    found = told(dict.fromkeys(names), None, mean_absolute_error, outputs, materiality=1e3)
    head = [*("share", "train_dev", "dev", "link", "gain"), *("95", "%", "interval", "p")]
    assert found.lines[2].split() == head
    assert all(line.endswith(" 1") for line in found.lines[3:5])


def clustered(wrong, seed, clusters=200, size=5):
    """Clusters of which every answer is right or every one wrong, each in one region or in two."""
    random = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), size)
    region = np.where(cluster % 2, "b", "a")
    bad = random.random(clusters) < np.where(np.arange(clusters) % 2, wrong, 0.05)
    label = np.arange(clusters * size) % 2
    return {
        "label": label,
        "prediction": np.where(bad[cluster], 1 - label, label),
        "region": region,
        "cluster": [f"{seed}-{c}" for c in cluster],
    }


def test_clusters_count_as_clusters():
    tables = {name: clustered(0.15, seed) for seed, name in enumerate(("train", "dev"))}
    plain = {n: {k: v for k, v in t.items() if k != "cluster"} for n, t in tables.items()}
    by_cluster, by_row = (
        one(told({"train": 0, "dev": 0}, outputs=Outputs(t)), "b") for t in (tables, plain)
    )
    assert by_cluster["gain"] == pytest.approx(by_row["gain"])
    assert by_cluster["p"] > 3 * by_row["p"]
    assert by_cluster["high"] - by_cluster["low"] > 1.5 * (by_row["high"] - by_row["low"])


def test_clusters_that_lie_in_several_slices_make_it_less_sure():
    table_ = clustered(0.3, 1)
    across = table_ | {"region": np.array(["a", "a", "a", "b", "b"] * 200)}
    across["prediction"] = np.where(
        (np.random.default_rng(0).random(1000) < 0.12) & (across["region"] == "b"),
        1 - across["label"],
        across["label"],
    )
    pairs = zip(across["cluster"], across["region"], strict=True)
    apart = across | {"cluster": [f"{c}-{r}" for c, r in pairs]}
    mixed, alone = (
        one(told({"train": 0, "dev": 0}, outputs=Outputs(train=clustered(0.3, 0), dev=t)), "b")
        for t in (across, apart)
    )
    assert mixed["p"] > 10 * alone["p"]


def test_weights_make_the_shares():
    dev = table(FOUND["dev"])
    weight = np.where(dev["region"] == "eu", 0.5, 1.0)
    outputs = Outputs(train=table(FOUND["train"]), dev=dev | {"weight": weight})
    found = told({"train": 0, "dev": 0}, outputs=outputs)
    assert one(found, "eu")["share"] == pytest.approx(1000 / 3500)
    assert found.figures["additive"]


def test_what_is_measured_is_asked_for_beforehand():
    asked = bias_variance(error_rate, by="region")
    found = metrics(asked, ["train", "dev", "test"])
    by = [error_rate.on(name).by("region") for name in ("train", "dev", "test")]
    assert found == [*by, error_rate.on("train"), error_rate.on("dev")]
