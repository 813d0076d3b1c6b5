-- One row: how many transactions of some days there are, and how many of them are not what they should be.
-- Reads `transactions` and `movements`; $currencies are the known ISO 4217 codes.

with repeated as (
    select count(*) - 1 as surplus_count
    from transactions
    group by connection_id, id
    having count(*) > 1
)

select
    count(*) as row_count,
    (select cast(coalesce(sum(surplus_count), 0) as bigint) from repeated) as duplicate_count,
    count(*) filter (where cast(created_at as date) <> date) as misplaced_count,
    count(*) filter (where iso_currency_code is null) as null_currency_count,
    count(*) filter (where iso_currency_code not in (select unnest($currencies))) as unknown_currency_count,
    (select count(*) from movements where class = 'unclassified') as unclassified_count
from transactions
