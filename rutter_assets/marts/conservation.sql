-- One row per iso_currency_code: what the marts of some days must add up to, read straight off the transactions.
-- On purpose it shares nothing with movements.sql: each kind of movement is one flat condition, and no order of rules.
-- Reads `transactions`.

with rows as (
    select
        date,
        connection_id,
        order_id,
        type,
        coalesce(iso_currency_code, 'XXX') as iso_currency_code,
        abs(amount) as money,
        abs(fee) as fee,
        status in ('success', 'refunded') as is_done,
        coalesce(status in ('pending', 'failure', 'cancelled'), false) as is_undone,
        coalesce(if(json_type(data, '$.kind') = 'VARCHAR', lower(data ->> '$.kind'), lower(platform_type)), '') as kind,
        lower(coalesce(description, '')) as description
    from (select *, if(json_valid(platform_data), platform_data, 'null') as data from transactions)
    where json_extract(data, '$.test') is distinct from 'true'::json
),

marked as (
    select
        *,
        regexp_matches(kind || ' ' || description, 'chargeback|dispute') as is_disputed,
        if(
            type = 'fee' or regexp_matches(kind || ' ' || description, 'chargeback|dispute'),
            regexp_split_to_array(kind || ' ' || description, '[^\p{L}\p{N}]+'),
            []
        ) as words
    from rows
),

movements_by_kind as (
    select
        *,
        type = 'sale' and is_done and not is_disputed and not is_authorization as is_sale,
        type = 'refund' and is_done and not is_disputed and not is_authorization as is_refund,
        type = 'fee' and not is_disputed and not is_undone as is_fee,
        is_disputed and not is_undone and is_reversed as is_chargeback_reversal,
        is_disputed and not is_undone and not is_reversed
        and not list_has_any(words, ['inquiry', 'warning']) as is_chargeback
    from (
        select
            *,
            kind in ('authorization', 'emv_authorization', 'suggested_refund', 'change') as is_authorization,
            list_has_any(words, ['won', 'reversal', 'reversed']) as is_reversed,
            list_has_any(words, ['credit', 'refund', 'reversal', 'reimbursement']) as is_credit
        from marked
    )
),

told_twice as (
    select iso_currency_code, sum(size * least(fee_row_count, embedded_count)) as money
    from (
        select
            iso_currency_code,
            if(is_fee, money, fee) as size,
            count(*) filter (where is_fee) as fee_row_count,
            count(*) filter (where not is_fee) as embedded_count
        from movements_by_kind
        where order_id is not null and money is not null and ((is_fee and not is_credit) or is_sale or is_refund)
        group by date, connection_id, iso_currency_code, order_id, size
    )
    where size is not null
    group by iso_currency_code
),

sums as (
    select
        iso_currency_code,
        count(*) filter (where is_sale and money is distinct from 0) as sale_count,
        coalesce(sum(money) filter (where is_sale), 0) as gross_volume,
        coalesce(sum(fee) filter (where is_sale and money is not null), 0) as sale_fees,
        coalesce(sum(fee) filter (where is_refund and money is not null), 0) as refund_fees,
        coalesce(sum(money) filter (where is_fee and not is_credit), 0) as fee_rows,
        coalesce(sum(money) filter (where is_fee and is_credit), 0) as fee_credits,
        coalesce(sum(money) filter (where is_sale and fee is not null), 0) as fee_known_volume,
        count(*) filter (where is_refund and money is distinct from 0) as refund_count,
        coalesce(sum(money) filter (where is_refund), 0) as refund_amount,
        count(*) filter (where is_chargeback) as chargeback_count,
        coalesce(sum(money) filter (where is_chargeback), 0) as chargeback_amount,
        coalesce(sum(money) filter (where is_chargeback_reversal), 0) as chargeback_reversal_amount,
        count(*) filter (where money is null and (is_sale or is_refund or is_fee)) as fee_totals_null_amount_count,
        count(*) filter (where money is null and (is_sale or is_refund or is_chargeback or is_chargeback_reversal))
            as refund_ratios_null_amount_count
    from movements_by_kind
    group by iso_currency_code
)

select
    sums.*,
    fee_rows - fee_credits - coalesce(told_twice.money, 0) as standalone_fees,
    sale_fees + refund_fees + standalone_fees as fees_total,
    gross_volume - refund_amount - chargeback_amount + chargeback_reversal_amount as net_volume
from sums
left join told_twice using (iso_currency_code)
order by iso_currency_code
