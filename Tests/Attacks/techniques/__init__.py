"""The catalogue: techniques by which an agent tries to get a value out of a run, played in every cell of the promise table."""

from . import channels, files, network, pinned, printing, programs, watching  # noqa: F401  (each adds its techniques)
from .technique import GROUPS

ALL = [technique for group in GROUPS.values() for technique in group]
