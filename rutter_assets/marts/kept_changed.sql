-- One row per date whose transaction files are not those that were read the last time.
-- Reads `files` (path, date, version) as they are now, and `kept.files`.

select distinct date
from (
    (select * from files except select * from kept.files)
    union all
    (select * from kept.files except select * from files)
) as others
