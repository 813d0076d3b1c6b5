-- One row per connection_id that has transactions created up to its `counted_until`: how many, and from when to when.
-- Reads `transactions` and `limits` (connection_id, counted_until).

select
    connection_id,
    count(distinct id) as stored_count,
    min(created_at) as stored_oldest_at,
    max(created_at) as stored_newest_at
from transactions
join limits using (connection_id)
where created_at <= counted_until
group by connection_id
order by connection_id
