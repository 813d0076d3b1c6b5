-- One row per (date, connection_id, iso_currency_code, metric): a figure that was known and is another now.
-- Reads `differing`, the rows that are not the same in what was computed and on disk; `published` (date), the days that
-- were computed before; and `recorded`, the newest restatements: what the last of them says of a figure, and was perhaps
-- never written, is not said again.

with pending as (
    select
        date, connection_id, iso_currency_code, metric,
        arg_max_null(before, known_at) as before,
        arg_max_null(after, known_at) as after
    from recorded
    group by date, connection_id, iso_currency_code, metric
),

published_rows as (
    select * from differing where date in (select date from published)
),

afterwards as (
    unpivot (
        select
            date, connection_id, platform, iso_currency_code,
            cast(columns(* exclude (date, connection_id, platform, iso_currency_code, surplus)) as varchar)
        from published_rows
        where surplus > 0
    )
    on columns(* exclude (date, connection_id, platform, iso_currency_code)) into name metric value figure
),

beforehand as (
    unpivot (
        select
            date, connection_id, platform, iso_currency_code,
            cast(columns(* exclude (date, connection_id, platform, iso_currency_code, surplus)) as varchar)
        from published_rows
        where surplus < 0
    )
    on columns(* exclude (date, connection_id, platform, iso_currency_code)) into name metric value figure
),

changes as (
    select
        date, connection_id, coalesce(a.platform, b.platform) as platform, iso_currency_code, metric,
        b.figure as before, a.figure as after
    from afterwards as a
    full join beforehand as b using (date, connection_id, iso_currency_code, metric)
    where a.figure is distinct from b.figure
)

select c.*
from changes as c
left join pending as p using (date, connection_id, iso_currency_code, metric)
where p.date is null or p.before is distinct from c.before or p.after is distinct from c.after
