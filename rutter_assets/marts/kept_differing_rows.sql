-- One row per row of the changed days that was taken away, is new, or says something else than before.
-- Reads `changed` (date), `fresh`, the rows of these days as they are now, and `kept.rows`.

select columns(* exclude (side))
from (
    select *, 1 as side from fresh
    union all
    select *, -1 from kept.rows where date in (select date from changed)
) as both_sides
group by all
having sum(side) <> 0
