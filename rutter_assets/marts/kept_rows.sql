-- One row per sale and refund of `movements`: the names and the order by which it meets others, and what it says, as
-- hashes. Two that are equal by chance make rows meet that do not, so that more is computed again than needs be.

select
    date,
    hash(connection_id, id) as id_key,
    case when name is not null then hash(connection_id, name) end as name_key,
    case when order_id is not null then hash(connection_id, order_id, 'order') end as order_key,
    hash(
        connection_id, platform, iso_currency_code, class, id, name, order_id, created_at, updated_at, status, money
    ) as content_key
from (
    select *, case when class = 'sale' then platform_id else parent_id end as name
    from movements
    where class = 'sale' or (class = 'refund' and money is not null)
) as named
