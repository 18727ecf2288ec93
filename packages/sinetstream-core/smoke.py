"""What the wheel alone can do: run in an environment that has nothing else."""

from sinetstream import SINETStreamMessageDecoder, SINETStreamMessageEncoder

settings = {
    "value_type": "json",
    "data_compression": True,
    "data_encryption": True,
    "crypto": {"password": "of this program", "key_derivation": {"iteration": 100_000}},
}
message = SINETStreamMessageEncoder(**settings).encode({"celsius": 21.5}, timestamp=1.5)
decoded = SINETStreamMessageDecoder(**settings).decode(message)

assert (decoded.value, decoded.timestamp) == ({"celsius": 21.5}, 1.5)
