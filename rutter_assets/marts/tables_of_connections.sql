-- One row per table or view of a DuckDB file that has a column connection_id: its name.
-- Reads the file's own catalogue.

select distinct table_name
from duckdb_columns()
where column_name = 'connection_id' and not internal
order by table_name
