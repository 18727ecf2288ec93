"""What a writer keeps: publishes that are pending, and what the broker accepts."""
