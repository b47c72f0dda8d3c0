"""Reading tables of all kinds: delimited ones, objects of JSON and Parquet; one reader for all."""
