-- One row per (date, connection_id, iso_currency_code) with at least one counted sale, refund, chargeback or reversal: the
-- sums and counts of the day alone, which refund_ratios.sql puts into ratios. Reads `movements`.

with counted as (
    select date, connection_id, platform, iso_currency_code, class, money
    from movements
    where is_counted and class in ('sale', 'refund', 'chargeback', 'chargeback_reversal')
)

select
    date,
    connection_id,
    iso_currency_code,
    cast(null as varchar) as id,  -- it is of the day as a whole, see kept.py
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
