-- One row per (connection_id, iso_currency_code) of a merchant whose data has stopped because it must log in again or
-- its connection is disabled; one row with a null currency where nothing of it was ever loaded.
-- The volume is that of the 30 days that end with the last day its data reached: docs/metrics.md, section 7.
-- Reads `connections`, the newest snapshot, and `refund_ratios`.

with sold as (
    select connection_id, max(date) filter (where gross_volume <> 0) as last_sale_on
    from refund_ratios
    group by connection_id
),

stopped as (
    select
        c.connection_id,
        c.platform,
        c.name,
        coalesce(c.is_disabled, false) or c.status = 'disabled' as is_disabled,
        c.disabled_reason,
        coalesce(cast(c.last_sync_completed_at as date), s.last_sale_on) as last_day,
        cast(c.snapshot_at as date) as as_of
    from connections as c
    left join sold as s using (connection_id)
    where c.needs_update or c.is_disabled or c.status in ('needs_reauth', 'disabled')
),

currencies as (
    select
        s.connection_id,
        r.iso_currency_code,
        cast(coalesce(sum(r.gross_volume) filter (where r.date between s.last_day - 29 and s.last_day), 0)
            as decimal(38, 9)) as gross_volume_30d
    from stopped as s
    join refund_ratios as r using (connection_id)
    group by s.connection_id, r.iso_currency_code
)

select
    s.connection_id,
    s.platform,
    s.name,
    s.is_disabled,
    s.disabled_reason,
    s.last_day,
    case when s.last_day < s.as_of then s.as_of - s.last_day when s.last_day is not null then 0 end as days_dark,
    c.iso_currency_code,
    c.gross_volume_30d
from stopped as s
left join currencies as c using (connection_id)
order by s.connection_id, c.iso_currency_code
