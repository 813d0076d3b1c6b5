-- One row per (date, connection_id, iso_currency_code) with at least one counted sale, or an unlinked refund of that day.
-- What came back of a day's sales, whenever it did: docs/metrics.md, section 4. Reads `parts`, what
-- refund_cohorts_parts.sql makes of all movements; $known_on is the UTC day at whose beginning cohorts have the age that
-- decides which figures are known.

with totals as (
    select
        date,
        connection_id,
        iso_currency_code,
        max(platform) as platform,
        sum(row_count) as row_count,
        cast(sum(sale_count) as bigint) as sale_count,
        cast(coalesce(sum(money) filter (where part = 'sale'), 0) as decimal(38, 9)) as gross_volume,
        cast(coalesce(sum(money) filter (where part = 'linked'), 0) as decimal(38, 9)) as refunded_amount,
        -- Only what is linked has the date of its refund.
        cast(coalesce(sum(money) filter (where refund_date <= date + 7), 0) as decimal(38, 9)) as r7,
        cast(coalesce(sum(money) filter (where refund_date <= date + 30), 0) as decimal(38, 9)) as r30,
        cast(coalesce(sum(money) filter (where refund_date <= date + 60), 0) as decimal(38, 9)) as r60,
        cast(coalesce(sum(money) filter (where refund_date <= date + 90), 0) as decimal(38, 9)) as r90,
        cast(coalesce(sum(money) filter (where part = 'over'), 0) as decimal(38, 9)) as over_refund_amount,
        cast(coalesce(sum(money) filter (where part = 'unlinked'), 0) as decimal(38, 9)) as unlinked_refund_amount,
        cast(
            coalesce(
                -- Two days later, no refund has been seen.
                sum(money) filter (
                    where
                    part = 'inferred'
                    and updated_at <= cast($known_on as timestamp with time zone) - interval '48' hour
                ),
                0
            ) as decimal(38, 9)
        ) as inferred_refund_amount,
        cast(coalesce(sum(money) filter (where part = 'refund'), 0) as decimal(38, 9)) as refund_amount,
        cast(sum(null_amount_count) as bigint) as null_amount_count
    from parts
    group by date, connection_id, iso_currency_code
),

-- How far the refunds that can be this cohort's, those of its day and the 90 after it, can be told whose they are.
covered as (
    select
        *,
        cast(sum(refund_amount) over ninety_days as decimal(38, 9)) as refunds_since,
        cast(sum(unlinked_refund_amount) over ninety_days as decimal(38, 9)) as unlinked_since
    from totals
    window ninety_days as (
        partition by connection_id, iso_currency_code
        order by date
        range between current row and interval '90' day following
    )
),

known as (
    select
        *,
        case when date + 7 < $known_on then r7 end as refunded_amount_r7,
        case when date + 30 < $known_on then r30 end as refunded_amount_r30,
        case when date + 60 < $known_on then r60 end as refunded_amount_r60,
        case when date + 90 < $known_on then r90 end as refunded_amount_r90,
        -- Null, and with it every rate, where more than 5 % of those refunds are of no known sale.
        case when unlinked_since * 20 <= refunds_since then nullif(cast(gross_volume as double), 0) end as volume
    from covered
    where row_count > 0 or unlinked_refund_amount > 0
)

select
    date,
    connection_id,
    platform,
    iso_currency_code,
    sale_count,
    gross_volume,
    refunded_amount_r7,
    refunded_amount_r30,
    refunded_amount_r60,
    refunded_amount_r90,
    refunded_amount,
    cast(refunded_amount_r7 as double) / volume as refund_rate_r7,
    cast(refunded_amount_r30 as double) / volume as refund_rate_r30,
    cast(refunded_amount_r60 as double) / volume as refund_rate_r60,
    cast(refunded_amount_r90 as double) / volume as refund_rate_r90,
    cast(refunded_amount as double) / volume as refund_rate_to_date,
    over_refund_amount,
    unlinked_refund_amount,
    cast(refunds_since - unlinked_since as double) / nullif(cast(refunds_since as double), 0) as link_coverage,
    inferred_refund_amount,
    null_amount_count
from known
order by date, connection_id, iso_currency_code
