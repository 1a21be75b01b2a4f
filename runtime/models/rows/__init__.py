"""Several sequences on one model at once; :mod:`rows` says how."""

from constrain.runtime.models.rows.rows import Positions, Row, Rows
from constrain.runtime.tree import Tree

__all__ = ["Positions", "Row", "Rows", "Tree"]
