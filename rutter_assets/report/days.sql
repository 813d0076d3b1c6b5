-- One row per (connection_id, iso_currency_code, date) of what is `charted`, from $first_day on.
-- Reads `refund_ratios` and `charted` (connection_id, iso_currency_code).

select connection_id, iso_currency_code, date, gross_volume, refund_amount, refund_ratio_amount,
    refund_ratio_amount_30d
from refund_ratios
join charted using (connection_id, iso_currency_code)
where date >= $first_day
order by connection_id, iso_currency_code, date
