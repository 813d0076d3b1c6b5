-- One row per row that is not the same in what was computed and in what is on disk; `surplus`: how many more of it were
-- computed. Reads `computed` and the mart on disk as `stored`, both with the same columns in the same order.

select columns(* exclude (side)), sum(side) as surplus
from (
    select *, 1 as side from computed
    union all
    select *, -1 from stored
) as both_sides
group by all
having surplus <> 0
