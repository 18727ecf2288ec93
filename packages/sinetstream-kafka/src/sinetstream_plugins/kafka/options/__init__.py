"""From a service's parameters to the keywords of kafka-python's clients."""
