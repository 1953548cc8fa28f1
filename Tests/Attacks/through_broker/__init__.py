"""The catalogue of what a hostile program tries that holds a fake token and the proxy's credential."""

from . import doors, ends, fields, framing, hosts, loads, paths, places, reflections, sealing, sockets  # noqa: F401  (each adds its techniques)
from .technique import GROUPS

ALL = [technique for group in GROUPS.values() for technique in group]
