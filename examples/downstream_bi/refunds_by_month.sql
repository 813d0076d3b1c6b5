-- One row per (connection_id, iso_currency_code) with a row in `ratios`, the days of one month of refund_ratios.
-- Sums are divided, and no ratio is averaged.

select
    connection_id,
    max(platform) as platform,
    iso_currency_code,
    cast(sum(gross_volume) as decimal(38, 9)) as gross_volume,
    cast(sum(refund_amount) as decimal(38, 9)) as refund_amount,
    cast(sum(refund_amount) as double) / nullif(cast(sum(gross_volume) as double), 0) as refund_ratio
from ratios
group by connection_id, iso_currency_code
order by connection_id, iso_currency_code
