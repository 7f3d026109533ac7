"""The pass: from declarations and splits to tables, in JAX."""
