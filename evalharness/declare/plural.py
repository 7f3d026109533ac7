"""Numbers of things as messages print them: "1 row", "1,200,000 rows"."""


def counted(n: int, things: str) -> str:
    """``things`` in the plural: "1,200 positives", "1 positive"."""
    return f"{n:,} {singular(things) if n == 1 else things}"


def singular(things: str) -> str:
    """One of "positives", "queries", "classes"; a word that is no English plural stays."""
    for ending, one in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if things.endswith(ending):
            return things.removesuffix(ending) + one
    return things if things.endswith("ss") else things.removesuffix("s")
