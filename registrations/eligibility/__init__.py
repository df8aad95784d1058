"""Who may ask for a place of the offline quota, in which clusters, and why: dated rules as data.

Pure: facts, rules and a date in, a decision out (rules), and the decision in sentences (words). The rule sets with the article
behind each rule, and example cases that the tests run, are in registrations/data/rule_sets.json.
"""

from registrations.eligibility.rules import (
    ALTERNATIVES,
    LISTS,
    OCCUPATIONS,
    OFFICES,
    RULES,
    Areas,
    Cluster,
    Decision,
    Facts,
    Group,
    Listing,
    RuleSet,
    age_on,
    decide,
)
from registrations.eligibility.words import (
    CLUSTER_REASONS,
    CONDITIONS,
    ENTITLEMENTS,
    FAILURES,
    LIST_NAMES,
    MISSING,
    Words,
    explain,
    failure,
)

__all__ = [
    "ALTERNATIVES",
    "CLUSTER_REASONS",
    "CONDITIONS",
    "ENTITLEMENTS",
    "FAILURES",
    "LISTS",
    "LIST_NAMES",
    "MISSING",
    "OCCUPATIONS",
    "OFFICES",
    "RULES",
    "Areas",
    "Cluster",
    "Decision",
    "Facts",
    "Group",
    "Listing",
    "RuleSet",
    "Words",
    "age_on",
    "decide",
    "explain",
    "failure",
]
