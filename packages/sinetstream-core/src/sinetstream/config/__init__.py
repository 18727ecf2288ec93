"""From configuration sources to frozen, typed settings."""

from sinetstream.config.encoding import codec_settings
from sinetstream.config.error_path import placed
from sinetstream.config.merge import copied
from sinetstream.config.section import Section
from sinetstream.config.service import load

__all__ = ["Section", "codec_settings", "copied", "load", "placed"]
