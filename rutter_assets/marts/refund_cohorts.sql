-- One row per (date, connection_id, iso_currency_code) with at least one counted sale, or an unlinked refund of that day.
-- What came back of a day's sales, whenever it did: docs/metrics.md, section 4. Reads `movements`, which must hold every
-- day; $known_on is the UTC day at whose beginning cohorts have the age that decides which figures are known.

with refunds as (
    select connection_id, platform, iso_currency_code, id, parent_id, order_id, date, created_at, money
    from movements
    where type = 'refund' and class = 'refund' and money is not null
),

parents as (
    select distinct parent_id as name from refunds where parent_id is not null
),

orders as (
    select distinct order_id from refunds where order_id is not null
),

-- Sales, summed up at once by day; only those that a refund may be of, or that say they are refunded, are kept apart, a
-- row each: most sales never meet a refund.
sold as (
    select
        date,
        connection_id,
        iso_currency_code,
        is_of_an_order,
        is_named_by_id,
        is_named_by_platform_id,
        case when is_apart then id end as id,
        case when is_apart then platform_id end as platform_id,
        case when is_apart then order_id end as order_id,
        case when is_apart then created_at end as created_at,
        case when is_apart then updated_at end as updated_at,
        case when is_apart then status end as status,
        max(platform) as platform,
        sum(money) as money,
        count(*) as row_count,
        count(*) filter (where money is null or money <> 0) as sale_count,
        count(*) filter (where money is null) as null_amount_count
    from (
        select *, is_of_an_order or is_named_by_id or is_named_by_platform_id or status = 'refunded' as is_apart
        from (
            select
                *,
                coalesce(order_id in (select order_id from orders), false) as is_of_an_order,
                id in (select name from parents) as is_named_by_id,
                coalesce(platform_id in (select name from parents), false) as is_named_by_platform_id
            from movements
            where type = 'sale' and class = 'sale'
        ) as marked
    ) as told_apart
    group by all
),

sales as (
    select
        connection_id, iso_currency_code, id, platform_id, order_id, date, created_at, updated_at, status, money,
        is_of_an_order, is_named_by_id, is_named_by_platform_id
    from sold
    where id is not null
),

-- The names by which refunds call a sale, each of the oldest sale that bears it. A sale of unknown amount has no cap.
sale_names as (
    select connection_id, iso_currency_code, name, id, date, money
    from (
        select
            *,
            row_number() over (
                partition by connection_id, iso_currency_code, name
                order by created_at, id
            ) as nth
        from (
            select *, platform_id as name from sales where is_named_by_platform_id and money is not null
            union all
            select *, id as name from sales where is_named_by_id and money is not null
        ) as named
    ) as ranked
    where nth = 1
),

-- By the parent: each refund of a sale takes what those before it left.
of_parents as (
    select
        r.connection_id, r.iso_currency_code, r.id, r.date, r.money,
        s.id as sale_id, s.date as sale_date, s.money as sale_money,
        sum(r.money) over (
            partition by r.connection_id, r.iso_currency_code, s.id
            order by r.created_at, r.id
            rows between unbounded preceding and current row
        ) as money_so_far
    from refunds as r
    inner join sale_names as s
        on
            r.connection_id = s.connection_id
            and r.iso_currency_code = s.iso_currency_code
            and r.parent_id = s.name
),

parent_links as (
    select
        *,
        least(money_so_far, sale_money) - least(money_so_far - money, sale_money) as linked_money
    from of_parents
),

taken as (
    select connection_id, sale_id, sum(linked_money) as money
    from parent_links
    group by connection_id, sale_id
),

-- By the order: its sales, oldest first, and its other refunds, oldest first, are laid along one line each. Where a
-- refund lies beside a sale, that much of it is linked to that sale.
order_sales as (
    select
        *,
        sum(free) over (
            partition by connection_id, iso_currency_code, order_id
            order by created_at, id
            rows between unbounded preceding and current row
        ) as ends,
        row_number() over (partition by connection_id, iso_currency_code, order_id order by created_at, id) as nth
    from (
        select s.*, s.money - coalesce(t.money, 0) as free
        from sales as s
        left join taken as t on s.connection_id = t.connection_id and s.id = t.sale_id
        where s.is_of_an_order and s.money is not null
    ) as with_rest
),

order_refunds as (
    select
        *,
        sum(money) over (
            partition by connection_id, iso_currency_code, order_id
            order by created_at, id
            rows between unbounded preceding and current row
        ) as ends
    from (
        select r.*, s.date as sale_date
        from refunds as r
        inner join order_sales as s
            on
                r.connection_id = s.connection_id
                and r.iso_currency_code = s.iso_currency_code
                and r.order_id = s.order_id
                and s.nth = 1
        left join parent_links as p on r.connection_id = p.connection_id and r.id = p.id
        where p.id is null
    ) as without_parent
),

order_links as (
    select
        r.connection_id, r.iso_currency_code, r.id, r.date,
        s.id as sale_id, s.date as sale_date,
        least(r.ends, s.ends) - greatest(r.ends - r.money, s.ends - s.free) as linked_money
    from order_refunds as r
    inner join order_sales as s
        on
            r.connection_id = s.connection_id
            and r.iso_currency_code = s.iso_currency_code
            and r.order_id = s.order_id
            and r.ends - r.money < s.ends
            and s.ends - s.free < r.ends
),

links as (
    select *
    from (
        select connection_id, iso_currency_code, id, date, sale_id, sale_date, linked_money from parent_links
        union all
        select connection_id, iso_currency_code, id, date, sale_id, sale_date, linked_money from order_links
    ) as either
    where linked_money > 0
),

-- Every refund beside the day of the sale it belongs to; null: of no sale that is known.
owned as (
    select r.connection_id, r.platform, r.iso_currency_code, r.id, r.date, r.money,
        coalesce(p.sale_date, o.sale_date) as sale_date
    from refunds as r
    left join parent_links as p on r.connection_id = p.connection_id and r.id = p.id
    left join order_refunds as o on r.connection_id = o.connection_id and r.id = o.id
),

excess as (
    select o.connection_id, o.iso_currency_code, o.sale_date, o.money - coalesce(l.money, 0) as money
    from owned as o
    left join (
        select connection_id, id, sum(linked_money) as money from links group by connection_id, id
    ) as l on o.connection_id = l.connection_id and o.id = l.id
    where o.sale_date is not null
),

-- Refunded, says the sale, and two days later no refund has been seen to do it.
inferred as (
    select s.connection_id, s.iso_currency_code, s.date, s.money
    from sales as s
    left join (select distinct connection_id, sale_id from links) as l
        on s.connection_id = l.connection_id and s.id = l.sale_id
    where
        s.status = 'refunded'
        and l.sale_id is null
        and s.updated_at <= cast($known_on as timestamp with time zone) - interval '48' hour
),

parts as (
    select
        date, connection_id, iso_currency_code, platform, 'sale' as part, money, date as refund_date,
        row_count, sale_count, null_amount_count
    from sold

    union all

    select sale_date, connection_id, iso_currency_code, null, 'linked', linked_money, date, 0, 0, 0 from links

    union all

    select sale_date, connection_id, iso_currency_code, null, 'over', money, null, 0, 0, 0 from excess

    union all

    select date, connection_id, iso_currency_code, null, 'inferred', money, null, 0, 0, 0 from inferred

    union all

    select date, connection_id, iso_currency_code, platform, 'refund', money, null, 0, 0, 0 from owned

    union all

    select date, connection_id, iso_currency_code, null, 'unlinked', money, null, 0, 0, 0
    from owned
    where sale_date is null
),

totals as (
    select
        date,
        connection_id,
        iso_currency_code,
        max(platform) as platform,
        sum(row_count) as row_count,
        cast(sum(sale_count) as bigint) as sale_count,
        cast(coalesce(sum(money) filter (where part = 'sale'), 0) as decimal(38, 9)) as gross_volume,
        cast(coalesce(sum(money) filter (where part = 'linked'), 0) as decimal(38, 9)) as refunded_amount,
        cast(coalesce(sum(money) filter (where part = 'linked' and refund_date <= date + 7), 0) as decimal(38, 9)) as r7,
        cast(coalesce(sum(money) filter (where part = 'linked' and refund_date <= date + 30), 0) as decimal(38, 9))
            as r30,
        cast(coalesce(sum(money) filter (where part = 'linked' and refund_date <= date + 60), 0) as decimal(38, 9))
            as r60,
        cast(coalesce(sum(money) filter (where part = 'linked' and refund_date <= date + 90), 0) as decimal(38, 9))
            as r90,
        cast(coalesce(sum(money) filter (where part = 'over'), 0) as decimal(38, 9)) as over_refund_amount,
        cast(coalesce(sum(money) filter (where part = 'unlinked'), 0) as decimal(38, 9)) as unlinked_refund_amount,
        cast(coalesce(sum(money) filter (where part = 'inferred'), 0) as decimal(38, 9)) as inferred_refund_amount,
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
