"""The pytest plugin of evalharness: every check of an evaluation is a test item."""
