-- One row per (date, connection_id, iso_currency_code) with at least one counted sale, refund, chargeback or reversal.
-- What was given back, by the day it was: docs/metrics.md, section 3. Reads `movements`.

with counted as (
    select date, connection_id, platform, iso_currency_code, class, money
    from movements
    where is_counted and class in ('sale', 'refund', 'chargeback', 'chargeback_reversal')
),

totals as (
    select
        date,
        connection_id,
        iso_currency_code,
        max(platform) as platform,
        count(*) filter (where class = 'sale' and (money is null or money <> 0)) as sale_count,
        cast(coalesce(sum(money) filter (where class = 'sale'), 0) as decimal(38, 9)) as gross_volume,
        count(*) filter (where class = 'refund' and (money is null or money <> 0)) as refund_count,
        cast(coalesce(sum(money) filter (where class = 'refund'), 0) as decimal(38, 9)) as refund_amount,
        count(*) filter (where class = 'chargeback') as chargeback_count,
        cast(coalesce(sum(money) filter (where class = 'chargeback'), 0) as decimal(38, 9)) as chargeback_amount,
        cast(coalesce(sum(money) filter (where class = 'chargeback_reversal'), 0) as decimal(38, 9))
            as chargeback_reversal_amount,
        cast(
            coalesce(sum(case when class in ('sale', 'chargeback_reversal') then money else -money end), 0)
            as decimal(38, 9)
        ) as net_volume,
        count(*) filter (where money is null) as null_amount_count
    from counted
    group by date, connection_id, iso_currency_code
)

select
    date,
    connection_id,
    platform,
    iso_currency_code,
    sale_count,
    gross_volume,
    refund_count,
    refund_amount,
    cast(refund_amount as double) / nullif(cast(gross_volume as double), 0) as refund_ratio_amount,
    cast(refund_count as double) / nullif(cast(sale_count as double), 0) as refund_ratio_count,
    chargeback_count,
    chargeback_amount,
    chargeback_reversal_amount,
    net_volume,
    null_amount_count
from totals
order by date, connection_id, iso_currency_code
