"""Writing: one producer for each delivery guarantee."""
