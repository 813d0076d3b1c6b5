-- One row per part that refund_cohorts.sql adds up: of a day as a whole the `sale` and the `refund` part; by the `id` of
-- its refund each `linked`, `over` and `unlinked` part, by that of its sale each `inferred` one. Whose refund a refund is:
-- docs/metrics.md, section 4. Reads `movements`.
-- A part with an id is made of nothing but the movements that share a name or an order with it, or with those that do, and
-- so on: kept.py counts on that.

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
    select r.connection_id, r.iso_currency_code, r.id, r.date, r.money, coalesce(p.sale_date, o.sale_date) as sale_date
    from refunds as r
    left join parent_links as p on r.connection_id = p.connection_id and r.id = p.id
    left join order_refunds as o on r.connection_id = o.connection_id and r.id = o.id
),

excess as (
    select o.connection_id, o.iso_currency_code, o.id, o.sale_date, o.money - coalesce(l.money, 0) as money
    from owned as o
    left join (
        select connection_id, id, sum(linked_money) as money from links group by connection_id, id
    ) as l on o.connection_id = l.connection_id and o.id = l.id
    where o.sale_date is not null
),

-- Refunded, says the sale, and no refund has been seen to do it.
inferred as (
    select s.connection_id, s.iso_currency_code, s.id, s.date, s.updated_at, s.money
    from sales as s
    left join (select distinct connection_id, sale_id from links) as l
        on s.connection_id = l.connection_id and s.id = l.sale_id
    where s.status = 'refunded' and l.sale_id is null
)

select
    date,
    connection_id,
    iso_currency_code,
    'sale' as part,
    cast(null as varchar) as id,
    max(platform) as platform,
    cast(sum(money) as decimal(38, 9)) as money,
    cast(null as date) as refund_date,
    cast(null as timestamp with time zone) as updated_at,
    cast(sum(row_count) as bigint) as row_count,
    cast(sum(sale_count) as bigint) as sale_count,
    cast(sum(null_amount_count) as bigint) as null_amount_count
from sold
group by date, connection_id, iso_currency_code

union all

select
    date, connection_id, iso_currency_code, 'refund', null, max(platform), cast(sum(money) as decimal(38, 9)),
    null, null, 0, 0, 0
from refunds
group by date, connection_id, iso_currency_code

union all

select
    sale_date, connection_id, iso_currency_code, 'linked', id, null, cast(linked_money as decimal(38, 9)),
    date, null, 0, 0, 0
from links

union all

select
    sale_date, connection_id, iso_currency_code, 'over', id, null, cast(money as decimal(38, 9)), null, null, 0, 0, 0
from excess
where money > 0

union all

select date, connection_id, iso_currency_code, 'unlinked', id, null, money, null, null, 0, 0, 0
from owned
where sale_date is null

union all

select date, connection_id, iso_currency_code, 'inferred', id, null, money, null, updated_at, 0, 0, 0
from inferred
