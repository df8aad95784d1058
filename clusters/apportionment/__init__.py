"""Split a number of places over cells by weight, exactly. Method, terms and worked tables: clusters/README.md.

Numbers decide in integers and fractions; floating point only guesses where the exact search starts.
"""

from clusters.apportionment.band import Band, sensitivity, sensitivity_two_way
from clusters.apportionment.biproportion import TwoWayApportionment, apportion_two_way, is_biproportional
from clusters.apportionment.inputs import MAX_TOTAL, MAX_WEIGHT, Bound, Counts, Infeasible, InfeasibleMargins
from clusters.apportionment.webster import Apportionment, TableApportionment, apportion, apportion_table, is_webster

__all__ = [
    "MAX_TOTAL",
    "MAX_WEIGHT",
    "Apportionment",
    "Band",
    "Bound",
    "Counts",
    "Infeasible",
    "InfeasibleMargins",
    "TableApportionment",
    "TwoWayApportionment",
    "apportion",
    "apportion_table",
    "apportion_two_way",
    "is_biproportional",
    "is_webster",
    "sensitivity",
    "sensitivity_two_way",
]
