"""The encryption layer."""
