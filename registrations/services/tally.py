from django.db import connection

# Only groups of several rows, so that a fold of what is folded already writes nothing. What another transaction adds or
# folds meanwhile is outside this statement's snapshot and stays as it is: the sums are the same before and after.
FOLD = """
WITH folded AS (
  DELETE FROM registrations_tally t USING (
    SELECT wave_id, regency_id, state, clusters FROM registrations_tally GROUP BY 1, 2, 3, 4 HAVING count(*) > 1) several
  WHERE (t.wave_id, t.regency_id, t.state, t.clusters)
      = (several.wave_id, several.regency_id, several.state, several.clusters)
  RETURNING t.*)
INSERT INTO registrations_tally (wave_id, regency_id, state, clusters, change)
SELECT wave_id, regency_id, state, clusters, sum(change) FROM folded GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0
"""


def fold_tally() -> None:
    """Replace the increments of each group by their sum. Readers see the same numbers at every moment; safe at any time."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD)
