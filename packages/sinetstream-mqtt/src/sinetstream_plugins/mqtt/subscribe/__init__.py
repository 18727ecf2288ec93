"""What a reader keeps: received messages, and those that it has not acknowledged."""
