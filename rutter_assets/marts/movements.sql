-- One row per transaction: what it is, by docs/metrics.md, section 1. The first rule that matches wins.
-- Reads `transactions`, the lake's day files with their partition `date`.
-- Of one engine alone: the JSON functions of `told` and the two regexp_matches.

with told as (
    select
        date,
        connection_id,
        platform,
        id,
        order_id,
        type,
        status,
        abs(amount) as money,
        abs(fee) as fee,
        coalesce(iso_currency_code, 'XXX') as iso_currency_code,
        coalesce(cast(try(json_extract(platform_data, '$.test')) as varchar) = 'true', false) as is_test,
        lower(coalesce(
            try(case when json_type(platform_data, '$.kind') = 'VARCHAR' then platform_data ->> '$.kind' end),
            platform_type
        )) as raw_kind,
        lower(description) as description
    from transactions
    -- A row in the file of another day belongs to no day until that is mended; the quality check counts it.
    where cast(created_at as date) = date
),

said as (
    select *, concat_ws(' ', raw_kind, description) as words from told
),

classified as (
    select
        *,
        case
            when is_test then 'test'

            when words like '%chargeback%' or words like '%dispute%' then
                case
                    when regexp_matches(words, '(^|[^\p{L}\p{N}])(won|reversal|reversed)([^\p{L}\p{N}]|$)')
                        then 'chargeback_reversal'
                    when regexp_matches(words, '(^|[^\p{L}\p{N}])(inquiry|warning)([^\p{L}\p{N}]|$)') then 'inquiry'
                    else 'chargeback'
                end

            when type in ('payout', 'fee', 'void') then type
            when raw_kind in ('authorization', 'emv_authorization', 'suggested_refund', 'change') then 'authorization'

            when type = 'refund' and status in ('success', 'refunded') then 'refund'
            when type = 'refund' and status = 'pending' then 'refund_pending'
            when type = 'refund' and status in ('failure', 'cancelled') then 'refund_failed'

            when type = 'sale' and status in ('success', 'refunded') then 'sale'
            when type = 'sale' and status = 'pending' then 'sale_pending'
            when type = 'sale' and status = 'failure' then 'sale_failed'
            when type = 'sale' and status = 'cancelled' then 'sale_cancelled'

            else 'unclassified'
        end as class
    from said
)

select
    date,
    connection_id,
    platform,
    id,
    order_id,
    iso_currency_code,
    class,
    raw_kind,
    class in ('sale', 'refund')
    or (
        class in ('chargeback', 'chargeback_reversal', 'fee')
        and coalesce(status, '') not in ('pending', 'failure', 'cancelled')
    ) as is_counted,
    class = 'fee'
    and regexp_matches(words, '(^|[^\p{L}\p{N}])(credit|refund|reversal|reimbursement)([^\p{L}\p{N}]|$)')
        as is_fee_credit,
    money,
    fee
from classified
