-- One row per (date, connection_id, iso_currency_code): what was given back on the day, of what was sold on it.
-- Reads `refund_ratios`.

select date, iso_currency_code, refund_amount as part, gross_volume as whole
from refund_ratios
