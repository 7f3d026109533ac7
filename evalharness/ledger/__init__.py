"""The record of every look at a held-out split: kept in a file that is only appended to, counted,
and, where that is asked for, spent."""
