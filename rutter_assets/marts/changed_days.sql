-- One row per date on which what was computed and what is on disk are not the same rows.
-- Reads `computed` and the mart on disk as `stored`, both with the same columns in the same order.

with differing as (
    (select * from computed except all select * from stored)
    union all
    (select * from stored except all select * from computed)
)

select distinct date from differing
