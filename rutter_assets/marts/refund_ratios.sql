-- One row per (date, connection_id, iso_currency_code) with at least one counted sale, refund, chargeback or reversal.
-- What was given back, by the day it was: docs/metrics.md, section 3. Reads `parts`, what refund_ratios_parts.sql makes of
-- the movements. A row's trailing columns are right where `parts` holds the 29 days before it, too.

with with_windows as (
    select
        *,
        cast(sum(gross_volume) over seven_days as decimal(38, 9)) as gross_volume_7d,
        cast(sum(refund_amount) over seven_days as decimal(38, 9)) as refund_amount_7d,
        sum(sale_count) over seven_days as sale_count_7d,
        sum(refund_count) over seven_days as refund_count_7d,
        cast(sum(gross_volume) over thirty_days as decimal(38, 9)) as gross_volume_30d,
        cast(sum(refund_amount) over thirty_days as decimal(38, 9)) as refund_amount_30d,
        sum(sale_count) over thirty_days as sale_count_30d,
        sum(refund_count) over thirty_days as refund_count_30d
    from parts
    window
        seven_days as (
            partition by connection_id, iso_currency_code
            order by date
            range between interval '6' day preceding and current row
        ),
        thirty_days as (
            partition by connection_id, iso_currency_code
            order by date
            range between interval '29' day preceding and current row
        )
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
    cast(refund_amount_7d as double) / nullif(cast(gross_volume_7d as double), 0) as refund_ratio_amount_7d,
    cast(refund_count_7d as double) / nullif(cast(sale_count_7d as double), 0) as refund_ratio_count_7d,
    cast(refund_amount_30d as double) / nullif(cast(gross_volume_30d as double), 0) as refund_ratio_amount_30d,
    cast(refund_count_30d as double) / nullif(cast(sale_count_30d as double), 0) as refund_ratio_count_30d,
    chargeback_count,
    chargeback_amount,
    chargeback_reversal_amount,
    net_volume,
    null_amount_count
from with_windows
order by date, connection_id, iso_currency_code
