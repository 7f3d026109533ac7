"""Plain values: what `recall.on("test") >= 0.9` builds. Nothing here reads data or imports a
numeric library."""
