-- Put what was made anew in the place of what was kept. Reads `changed`, `differing_rows`, `fresh`, `reached`,
-- `new_parts` and `files`; writes to `kept`. Rows that are the same stay where they are, so that the file does not
-- grow by them.

delete from kept.parts where id is null and date in (select date from changed);
delete from kept.parts where id is not null and hash(connection_id, id) in (select key from reached);
insert into kept.parts by name select * from new_parts;

delete from kept.rows where (date, id_key) in (select (date, id_key) from differing_rows);
insert into kept.rows select * from fresh where (date, id_key) in (select (date, id_key) from differing_rows);

delete from kept.files;
insert into kept.files select * from files;
