"""Reading: one thread polls, what it fetched waits, what was processed is committed."""
