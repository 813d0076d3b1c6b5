-- One row per (date, iso_currency_code) with a whole that is not 0: the part, as a share of it, of all merchants
-- together, on the day and over the 30 days that end with it. The latter is right where `observed` holds these days.
-- Reads `observed` (date, iso_currency_code, part, whole).

with days as (
    select date, iso_currency_code, sum(part) as part, sum(whole) as whole
    from observed
    group by date, iso_currency_code
),

with_windows as (
    select *, sum(part) over thirty_days as part_30d, sum(whole) over thirty_days as whole_30d
    from days
    window thirty_days as (
        partition by iso_currency_code
        order by date
        range between interval '29' day preceding and current row
    )
)

select
    date,
    iso_currency_code,
    cast(part as double) / nullif(cast(whole as double), 0) as of_day,
    cast(part_30d as double) / nullif(cast(whole_30d as double), 0) as of_30_days
from with_windows
order by date, iso_currency_code
