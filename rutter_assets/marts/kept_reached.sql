-- One row per key that a differing row has, or a row that shares a key with it, or one that shares a key with that, and
-- so on: whatever may be computed otherwise now bears one of them. Reads `differing_rows`, `fresh` and `kept.rows`.

with recursive rows_now as (
    select * from kept.rows
    union all
    select * from fresh
),

reached as (
    select unnest([id_key, name_key, order_key]) as key
    from differing_rows

    union

    select unnest([id_key, name_key, order_key])
    from (
        select * from rows_now where id_key in (select key from reached)
        union all
        select * from rows_now where name_key in (select key from reached)
        union all
        select * from rows_now where order_key in (select key from reached)
    ) as met
)

select key from reached where key is not null
