-- One row per (date, connection_id, iso_currency_code) with at least one counted sale, refund or fee.
-- What the platform charged: docs/metrics.md, section 2. Reads `movements`.

with fee_rows as (
    select
        date, connection_id, platform, order_id, iso_currency_code, is_fee_credit, money,
        row_number() over (
            partition by date, connection_id, iso_currency_code, order_id, money, is_fee_credit
            order by id
        ) as nth
    from movements
    where type = 'fee' and class = 'fee' and is_counted
),

-- Sales and refunds, summed up at once; only those of an order that has fee rows are kept apart, by order and fee, for
-- their fee may be told twice.
sold as (
    select
        date,
        connection_id,
        iso_currency_code,
        class,
        shared_order_id,
        case when shared_order_id is not null and money is not null then fee end as shared_fee,
        max(platform) as platform,
        count(*) as row_count,
        count(*) filter (where money is null or money <> 0) as sale_count,
        sum(money) as money,
        -- Where the amount is null, the row is out of every sum and its fee with it, so that fee absorbs nothing.
        sum(fee) filter (where money is not null) as fees,
        sum(money) filter (where fee is not null) as fee_known_volume,
        count(*) filter (where money is null) as null_amount_count
    from (
        select
            *,
            case when order_id in (select order_id from fee_rows where not is_fee_credit) then order_id end
                as shared_order_id
        from movements
        where class in ('sale', 'refund')
    ) as marked
    group by date, connection_id, iso_currency_code, class, shared_order_id, shared_fee
),

embedded as (
    select date, connection_id, iso_currency_code, shared_order_id, shared_fee, sum(row_count) as embedded_count
    from sold
    where shared_fee is not null
    group by date, connection_id, iso_currency_code, shared_order_id, shared_fee
),

charges as (
    select
        date, connection_id, platform, iso_currency_code, class, sale_count, money, fees, fee_known_volume,
        null_amount_count
    from sold

    union all

    select
        f.date, f.connection_id, f.platform, f.iso_currency_code, 'fee', 0, 0,
        case
            when f.is_fee_credit then -f.money
            when f.nth <= e.embedded_count then 0  -- the same fee, told twice
            else f.money
        end,
        0,
        case when f.money is null then 1 else 0 end
    from fee_rows as f
    left join embedded as e
        on
            f.date = e.date
            and f.connection_id = e.connection_id
            and f.iso_currency_code = e.iso_currency_code
            and f.order_id = e.shared_order_id
            and f.money = e.shared_fee
),

totals as (
    select
        date,
        connection_id,
        iso_currency_code,
        max(platform) as platform,
        cast(coalesce(sum(sale_count) filter (where class = 'sale'), 0) as bigint) as sale_count,
        cast(coalesce(sum(money) filter (where class = 'sale'), 0) as decimal(38, 9)) as gross_volume,
        cast(coalesce(sum(fees) filter (where class = 'sale'), 0) as decimal(38, 9)) as sale_fees,
        cast(coalesce(sum(fees) filter (where class = 'refund'), 0) as decimal(38, 9)) as refund_fees,
        cast(coalesce(sum(fees) filter (where class = 'fee'), 0) as decimal(38, 9)) as standalone_fees,
        cast(coalesce(sum(fees), 0) as decimal(38, 9)) as fees_total,
        cast(coalesce(sum(fee_known_volume) filter (where class = 'sale'), 0) as decimal(38, 9)) as fee_known_volume,
        cast(sum(null_amount_count) as bigint) as null_amount_count
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
