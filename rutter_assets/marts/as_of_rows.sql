-- One row per (date, connection_id, iso_currency_code): a mart as it was known at an instant, put into `rows_then`.
-- Reads the mart on disk as `stored`; `figures`, those of its rows that have changed since, as as_of.sql makes them; and
-- `published`, the days that had been computed by then. Without a parameter: a pivot that finds its columns takes none.

insert into rows_then by name
select *
from (
    select *
    from stored
    anti join figures using (date, connection_id, iso_currency_code)

    union all by name

    select *
    from (pivot figures on metric using any_value(figure) group by date, connection_id, platform, iso_currency_code)
)
where
    gross_volume is not null  -- no row of a mart is without it
    and date in (select date from published)
