-- One row per transaction: what it is, by docs/metrics.md, section 1. The first rule that matches wins.
-- Reads `transactions`, the lake's day files with their partition `date`.
-- Of one engine alone: the JSON functions of `told` and the two regexp_matches.

-- What a platform's own kind makes of a transaction, whatever type and status say. Platform *: of any.
with kinds (platform, raw_kind, class, reason) as (
    values
        ('*', 'authorization', 'authorization', 'Money is reserved; the capture that takes it is a row of its own.'),
        ('*', 'emv_authorization', 'authorization', 'The same at a card terminal.'),
        ('*', 'suggested_refund', 'authorization', 'A refund that Shopify offers; nobody has made it.'),
        ('*', 'change', 'authorization', 'Coins handed back over the counter of what was paid too much.')
),

told as (
    select
        date,
        connection_id,
        platform,
        id,
        platform_id,
        order_id,
        -- Whose refund a refund is, as platforms say it: Shopify's parent_id, Stripe's charge, Square's payment_id and
        -- PayPal's sale_id.
        try(json_extract_string(platform_data, ['$.parent_id', '$.charge', '$.payment_id', '$.sale_id'])) as parents,
        try(json_extract(platform_data, ['$.test', '$.kind'])) as test_and_kind,
        type,
        status,
        created_at,
        updated_at,
        abs(amount) as money,
        abs(fee) as fee,
        coalesce(iso_currency_code, 'XXX') as iso_currency_code,
        platform_type,
        lower(description) as description
    from transactions
    -- A row in the file of another day belongs to no day until that is mended; the quality check counts it.
    -- In microseconds since 1970, which are of no time zone: a reader of the view may be in any.
    where epoch_us(created_at) - epoch_us(cast(date as timestamp)) between 0 and 86399999999
),

named as (
    select
        *,
        coalesce(parents[1], parents[2], parents[3], parents[4]) as parent_id,
        coalesce(cast(test_and_kind[1] as varchar) = 'true', false) as is_test,
        coalesce(
            lower(case when json_type(test_and_kind[2]) = 'VARCHAR' then test_and_kind[2] ->> '$' end),
            lower(platform_type)
        ) as raw_kind
    from told
),

said as (
    select
        t.*,
        concat_ws(' ', t.raw_kind, t.description) as words,
        coalesce(t.raw_kind like '%chargeback%' or t.raw_kind like '%dispute%', false)
        or coalesce(t.description like '%chargeback%' or t.description like '%dispute%', false) as is_disputed,
        coalesce(of_platform.class, of_any.class) as kind_class
    from named as t
    left join kinds as of_platform on t.raw_kind = of_platform.raw_kind and t.platform = of_platform.platform
    left join kinds as of_any on t.raw_kind = of_any.raw_kind and of_any.platform = '*'
),

classified as (
    select
        *,
        case
            when is_test then 'test'

            when is_disputed then
                case
                    when regexp_matches(words, '(^|[^\p{L}\p{N}])(won|reversal|reversed)([^\p{L}\p{N}]|$)')
                        then 'chargeback_reversal'
                    when regexp_matches(words, '(^|[^\p{L}\p{N}])(inquiry|warning)([^\p{L}\p{N}]|$)') then 'inquiry'
                    else 'chargeback'
                end

            when type in ('payout', 'fee', 'void') then type
            when kind_class is not null then kind_class

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
    platform_id,
    order_id,
    parent_id,
    iso_currency_code,
    class,
    type,
    status,
    raw_kind,
    class in ('sale', 'refund')
    or (
        class in ('chargeback', 'chargeback_reversal', 'fee')
        and coalesce(status, '') not in ('pending', 'failure', 'cancelled')
    ) as is_counted,
    case
        when class = 'fee'
            then regexp_matches(words, '(^|[^\p{L}\p{N}])(credit|refund|reversal|reimbursement)([^\p{L}\p{N}]|$)')
        else false
    end as is_fee_credit,
    money,
    fee,
    created_at,
    updated_at
from classified
