"""The catalogue of what a hostile program tries that holds a fake token and the proxy's credential."""

from . import addresses, archives, doors, ends, fields, framing, graphql, guesses, hosts, loads, paths, places, reflections, sealing, sockets, streams, stream_services  # noqa: F401  (each adds its techniques)
from .technique import GROUPS

ALL = [technique for group in GROUPS.values() for technique in group]
