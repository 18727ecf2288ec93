"""From configuration sources to frozen, typed settings."""

from sinetstream.config.encoding import codec_settings
from sinetstream.config.error_path import placed
from sinetstream.config.masking import mask_in_place
from sinetstream.config.merge import copied
from sinetstream.config.section import Section
from sinetstream.config.service import load
from sinetstream.config.switches import check_switches

__all__ = ["Section", "check_switches", "codec_settings", "copied", "load", "mask_in_place", "placed"]
