-- One row per date on which what was computed and what is on disk are not the same rows. Reads `differing`.

select distinct date from differing
