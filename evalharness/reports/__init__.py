"""Results in other formats: one writer for each, all from `Result`."""
