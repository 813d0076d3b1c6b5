-- One row per (date, connection_id, iso_currency_code, metric) of the mart's rows that have changed since $at: the figure
-- as it was known then, as text; null: there was none. It is what its first later restatement says it was before.
-- Reads the mart on disk as `stored`, and its `restatements`.

with later as (
    select
        date, connection_id, iso_currency_code, metric,
        max(platform) as platform,
        arg_min_null(before, known_at) as figure
    from restatements
    where known_at > $at
    group by date, connection_id, iso_currency_code, metric
),

touched as (
    select date, connection_id, iso_currency_code, max(platform) as platform
    from later
    group by date, connection_id, iso_currency_code
),

present as (
    unpivot (
        select
            date, connection_id, iso_currency_code,
            cast(columns(* exclude (date, connection_id, platform, iso_currency_code)) as varchar)
        from stored
        semi join touched using (date, connection_id, iso_currency_code)
    )
    on columns(* exclude (date, connection_id, iso_currency_code)) into name metric value figure
),

figures as (
    select date, connection_id, iso_currency_code, metric, figure from later

    union all

    select date, connection_id, iso_currency_code, metric, figure
    from present
    anti join later using (date, connection_id, iso_currency_code, metric)
)

select date, connection_id, platform, iso_currency_code, metric, figure
from figures
join touched using (date, connection_id, iso_currency_code)
