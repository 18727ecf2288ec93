"""The parts of MQTT packets: properties, reason codes, and packets that cannot be read."""
