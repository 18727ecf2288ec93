"""`Delivery`: the promise of one publish, for any thread."""

from sinetstream.spi.delivery.delivery import Delivery
from sinetstream.spi.delivery.settlement import Owner

__all__ = ["Delivery", "Owner"]
