-- One row per (date, connection_id, iso_currency_code): what came back so far of the day's sales, where enough refunds
-- can be linked to sales.
-- Reads `refund_cohorts`.

select date, iso_currency_code, refunded_amount as part, gross_volume as whole
from refund_cohorts
where refund_rate_to_date is not null
