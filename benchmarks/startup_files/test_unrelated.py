"""A test file that has nothing to do with models."""


def test_sum():
    assert sum([1, 2, 3]) == 6


def test_sorting():
    assert sorted("cab") == ["a", "b", "c"]
