"""Sessions over several connections: resuming, ending, and waiting between attempts."""
