-- One row per (connection_id, iso_currency_code, month): what came back of the sales of a month within 7, 30, 60 and 90
-- days, of the months that end after $first_day; and where `month` is null, of all sales that are 90 days old.
-- A month has a rate once its last day of sales is old enough and its link coverage, counted as docs/metrics.md,
-- section 4, counts that of a day, is at least 0.95 or null.
-- Reads `refund_cohorts` and `refund_ratios`.

with sold as (
    select connection_id, iso_currency_code, date, date_trunc('month', date) as month, gross_volume,
        refunded_amount_r7, refunded_amount_r30, refunded_amount_r60, refunded_amount_r90
    from refund_cohorts
    where gross_volume <> 0
),

chosen as (
    select * from sold where month + interval 1 month > $first_day
    union all
    select * replace (null as month) from sold where refunded_amount_r90 is not null
),

cohorts as (
    select
        connection_id,
        iso_currency_code,
        month,
        min(date) as first_day,
        max(date) as last_day,
        cast(sum(gross_volume) as double) as gross_volume,
        case when count(refunded_amount_r7) = count(*) then cast(sum(refunded_amount_r7) as double) end as r7,
        case when count(refunded_amount_r30) = count(*) then cast(sum(refunded_amount_r30) as double) end as r30,
        case when count(refunded_amount_r60) = count(*) then cast(sum(refunded_amount_r60) as double) end as r60,
        case when count(refunded_amount_r90) = count(*) then cast(sum(refunded_amount_r90) as double) end as r90
    from chosen
    group by connection_id, iso_currency_code, month
),

refunds as (
    select connection_id, iso_currency_code, date, refund_amount, 0 as unlinked_refund_amount from refund_ratios
    union all
    select connection_id, iso_currency_code, date, 0, unlinked_refund_amount from refund_cohorts
),

linked as (
    select
        c.connection_id,
        c.iso_currency_code,
        c.month,
        1 - cast(sum(r.unlinked_refund_amount) as double) / nullif(cast(sum(r.refund_amount) as double), 0)
            as link_coverage
    from cohorts as c
    join refunds as r
        on
            c.connection_id = r.connection_id
            and c.iso_currency_code = r.iso_currency_code
            and r.date between c.first_day and c.last_day + 90
    group by c.connection_id, c.iso_currency_code, c.month
)

select
    c.connection_id,
    c.iso_currency_code,
    cast(c.month as date) as month,
    l.link_coverage,
    case when coalesce(l.link_coverage, 1) >= 0.95 then c.r7 / c.gross_volume end as refund_rate_r7,
    case when coalesce(l.link_coverage, 1) >= 0.95 then c.r30 / c.gross_volume end as refund_rate_r30,
    case when coalesce(l.link_coverage, 1) >= 0.95 then c.r60 / c.gross_volume end as refund_rate_r60,
    case when coalesce(l.link_coverage, 1) >= 0.95 then c.r90 / c.gross_volume end as refund_rate_r90
from cohorts as c
left join linked as l
    on
        c.connection_id = l.connection_id
        and c.iso_currency_code = l.iso_currency_code
        and c.month is not distinct from l.month
order by c.connection_id, c.iso_currency_code, c.month
