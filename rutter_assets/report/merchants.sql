-- One row per (connection_id, iso_currency_code) of the marts: fees, refunds and chargebacks over all days, the refunds
-- of the 30 days up to $as_of once more, and the place by volume among the merchants of the currency.
-- Reads `fee_totals` and `refund_ratios`.

with fees as (
    select
        connection_id,
        iso_currency_code,
        max(platform) as platform,
        cast(sum(gross_volume) as decimal(38, 9)) as gross_volume,
        cast(sum(sale_fees) as decimal(38, 9)) as sale_fees,
        cast(sum(fees_total) as decimal(38, 9)) as fees_total,
        cast(sum(fee_known_volume) as decimal(38, 9)) as fee_known_volume,
        -- Where the platform tells no fee at all, the sums are 0 because they are unknown.
        sum(fee_known_volume) <> 0 or max(abs(standalone_fees)) <> 0 or max(refund_fees) <> 0 as is_fee_told
    from fee_totals
    group by connection_id, iso_currency_code
),

refunds as (
    select
        connection_id,
        iso_currency_code,
        max(platform) as platform,
        cast(sum(gross_volume) as decimal(38, 9)) as gross_volume,
        cast(sum(refund_amount) as decimal(38, 9)) as refund_amount,
        cast(coalesce(sum(gross_volume) filter (where date > $as_of - 30), 0) as decimal(38, 9)) as gross_volume_30d,
        cast(coalesce(sum(refund_amount) filter (where date > $as_of - 30), 0) as decimal(38, 9)) as refund_amount_30d,
        cast(sum(chargeback_count) as bigint) as chargeback_count,
        cast(sum(chargeback_amount) as decimal(38, 9)) as chargeback_amount,
        cast(sum(chargeback_reversal_amount) as decimal(38, 9)) as chargeback_reversal_amount
    from refund_ratios
    group by connection_id, iso_currency_code
),

both_marts as (
    select
        connection_id,
        iso_currency_code,
        coalesce(f.platform, r.platform) as platform,
        -- Both hold the sales of every day that has any.
        coalesce(r.gross_volume, f.gross_volume) as gross_volume,
        f.* exclude (connection_id, iso_currency_code, platform, gross_volume),
        r.* exclude (connection_id, iso_currency_code, platform, gross_volume)
    from fees as f
    full join refunds as r using (connection_id, iso_currency_code)
)

select
    connection_id,
    platform,
    iso_currency_code,
    gross_volume,
    case when is_fee_told then fees_total end as fees_total,
    cast(fee_known_volume as double) / nullif(cast(gross_volume as double), 0) as fee_coverage,
    cast(sale_fees as double) / nullif(cast(fee_known_volume as double), 0) as effective_fee_rate,
    case when is_fee_told then cast(fees_total as double) / nullif(cast(gross_volume as double), 0) end
        as all_in_fee_rate,
    coalesce(refund_amount, 0) as refund_amount,
    cast(refund_amount as double) / nullif(cast(gross_volume as double), 0) as refund_ratio_amount,
    cast(refund_amount_30d as double) / nullif(cast(gross_volume_30d as double), 0) as refund_ratio_amount_30d,
    coalesce(chargeback_count, 0) as chargeback_count,
    coalesce(chargeback_amount, 0) as chargeback_amount,
    coalesce(chargeback_reversal_amount, 0) as chargeback_reversal_amount,
    cast(chargeback_amount as double) / nullif(cast(gross_volume as double), 0) as chargeback_ratio,
    row_number() over (partition by iso_currency_code order by gross_volume desc, connection_id) as volume_rank
from both_marts
order by iso_currency_code, volume_rank
