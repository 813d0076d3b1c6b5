-- One row per date of a row that one of the keys leads to. Reads `reached`, `fresh` and `kept.rows`.

select distinct date
from (select date, id_key from kept.rows union all select date, id_key from fresh) as rows
where id_key in (select key from reached)
