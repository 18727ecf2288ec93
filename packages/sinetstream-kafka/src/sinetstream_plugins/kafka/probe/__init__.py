"""Why a cluster cannot be reached."""
