-- One row per (connection_id, iso_currency_code): both marts over all the days read. Sums of numerators over sums of
-- denominators; a mean of daily ratios would weigh a quiet day like a busy one.
-- Reads `fee_totals` and `refund_ratios`.

with parts as (
    select connection_id, platform, iso_currency_code, sale_count, gross_volume, fees_total, fee_known_volume,
        null as refund_amount
    from fee_totals

    union all

    select connection_id, platform, iso_currency_code, null, null, null, null, refund_amount
    from refund_ratios
),

totals as (
    select
        connection_id,
        iso_currency_code,
        max(platform) as platform,
        cast(coalesce(sum(sale_count), 0) as bigint) as sale_count,
        cast(coalesce(sum(gross_volume), 0) as decimal(38, 9)) as gross_volume,
        cast(coalesce(sum(fees_total), 0) as decimal(38, 9)) as fees_total,
        cast(coalesce(sum(fee_known_volume), 0) as decimal(38, 9)) as fee_known_volume,
        cast(coalesce(sum(refund_amount), 0) as decimal(38, 9)) as refund_amount
    from parts
    group by connection_id, iso_currency_code
)

select
    connection_id,
    platform,
    iso_currency_code,
    sale_count,
    gross_volume,
    fees_total,
    cast(fees_total as double) / nullif(cast(gross_volume as double), 0) as all_in_fee_rate,
    cast(fee_known_volume as double) / nullif(cast(gross_volume as double), 0) as fee_coverage,
    refund_amount,
    cast(refund_amount as double) / nullif(cast(gross_volume as double), 0) as refund_ratio_amount
from totals
order by connection_id, iso_currency_code
