-- How many products each category has, and which layer answered them.
{{ config(materialized='table') }}
select split_part(path, ' > ', 1) as l1, path, source, count(*) as products, avg(l3_confidence) as confidence
from {{ source('taxon', 'products_readable') }}
where state = 'done'
group by 1, 2, 3
