"""The same algebra in plain NumPy, as a careful user would write it: the tables, the values and the
intervals or standard errors that ours give, without any check of the inputs.

A twin is what keeps a ratio honest: it shows how much of it is owed to a slow peer.
"""
