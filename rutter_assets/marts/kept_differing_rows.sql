-- One row per row of the changed days that was taken away, is new, or says something else than before.
-- Reads `changed` (date), `fresh`, the rows of these days as they are now, and `kept.rows`.

with before as (
    select * from kept.rows where date in (select date from changed)
)

(select * from fresh except all select * from before)
union all
(select * from before except all select * from fresh)
