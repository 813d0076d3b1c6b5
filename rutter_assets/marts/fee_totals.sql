-- One row per (date, connection_id, iso_currency_code) with at least one counted sale, refund or fee.
-- What the platform charged: docs/metrics.md, section 2. Reads `movements`.

with counted as (
    select date, connection_id, platform, id, order_id, iso_currency_code, class, is_fee_credit, money, fee
    from movements
    where is_counted and class in ('sale', 'refund', 'fee')
),

fee_rows as (
    select
        *,
        row_number() over (
            partition by date, connection_id, iso_currency_code, order_id, money, is_fee_credit
            order by id
        ) as nth
    from counted
    where class = 'fee'
),

-- How many fees of one size the sales and refunds of an order embed. Where the amount is null, the row is out of every
-- sum and its fee with it, so that fee absorbs nothing.
embedded as (
    select date, connection_id, iso_currency_code, order_id, fee, count(*) as embedded_count
    from counted
    where
        class in ('sale', 'refund')
        and money is not null
        and fee is not null
        and order_id in (select order_id from fee_rows)
    group by date, connection_id, iso_currency_code, order_id, fee
),

charges as (
    select
        date, connection_id, platform, iso_currency_code, class, money, fee,
        case when money is not null then fee end as charge
    from counted
    where class in ('sale', 'refund')

    union all

    select
        f.date, f.connection_id, f.platform, f.iso_currency_code, f.class, f.money, f.fee,
        case
            when f.is_fee_credit then -f.money
            when f.nth <= e.embedded_count then 0  -- the same fee, told twice
            else f.money
        end as charge
    from fee_rows as f
    left join embedded as e
        on
            f.date = e.date
            and f.connection_id = e.connection_id
            and f.iso_currency_code = e.iso_currency_code
            and f.order_id = e.order_id
            and f.money = e.fee
),

totals as (
    select
        date,
        connection_id,
        iso_currency_code,
        max(platform) as platform,
        count(*) filter (where class = 'sale' and (money is null or money <> 0)) as sale_count,
        cast(coalesce(sum(money) filter (where class = 'sale'), 0) as decimal(38, 9)) as gross_volume,
        cast(coalesce(sum(charge) filter (where class = 'sale'), 0) as decimal(38, 9)) as sale_fees,
        cast(coalesce(sum(charge) filter (where class = 'refund'), 0) as decimal(38, 9)) as refund_fees,
        cast(coalesce(sum(charge) filter (where class = 'fee'), 0) as decimal(38, 9)) as standalone_fees,
        cast(coalesce(sum(charge), 0) as decimal(38, 9)) as fees_total,
        cast(coalesce(sum(money) filter (where class = 'sale' and fee is not null), 0) as decimal(38, 9))
            as fee_known_volume,
        count(*) filter (where money is null) as null_amount_count
    from charges
    group by date, connection_id, iso_currency_code
)

select
    date,
    connection_id,
    platform,
    iso_currency_code,
    sale_count,
    gross_volume,
    sale_fees,
    refund_fees,
    standalone_fees,
    fees_total,
    fee_known_volume,
    cast(fee_known_volume as double) / nullif(cast(gross_volume as double), 0) as fee_coverage,
    cast(sale_fees as double) / nullif(cast(fee_known_volume as double), 0) as effective_fee_rate,
    cast(fees_total as double) / nullif(cast(gross_volume as double), 0) as all_in_fee_rate,
    null_amount_count
from totals
order by date, connection_id, iso_currency_code
