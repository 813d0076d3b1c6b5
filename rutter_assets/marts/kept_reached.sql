-- One row per key that a differing row has, or a row that shares a key with it, or one that shares a key with that, and
-- so on: whatever may be computed otherwise now bears one of them. Reads `differing_rows` and `kept.rows`; what is new is
-- among the former.

with recursive reached as (
    select unnest([id_key, name_key, order_key]) as key
    from differing_rows

    union

    select unnest([id_key, name_key, order_key])
    from (
        select * from kept.rows where id_key in (select key from reached)
        union all
        select * from kept.rows where name_key in (select key from reached)
        union all
        select * from kept.rows where order_key in (select key from reached)
    ) as met
)

select key from reached where key is not null
