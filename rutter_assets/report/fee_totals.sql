-- One row per (date, connection_id, iso_currency_code): what was charged of what, where the platform tells its fees;
-- where it tells none, the sum is 0 because it is unknown.
-- Reads `fee_totals`.

select date, iso_currency_code, fees_total as part, gross_volume as whole
from fee_totals
where fee_coverage > 0 or fees_total <> 0
