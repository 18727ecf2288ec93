"""The common parameter `tls`: one list of keys, and one way to a context, for every plugin.

material = tls_material((params.get("tls"), "tls"))
if material is not None:
    socket = material.context().wrap_socket(socket, server_hostname=host)
"""

from sinetstream.spi.tls.material import TlsMaterial
from sinetstream.spi.tls.pem import as_file
from sinetstream.spi.tls.section import TLS_KEYS, tls_material

__all__ = ["TLS_KEYS", "TlsMaterial", "as_file", "tls_material"]
