-- One row per date of a row that one of the keys leads to. Reads `reached`, `differing_rows` and `kept.rows`.

select date from differing_rows
union
select date from kept.rows where id_key in (select key from reached)
