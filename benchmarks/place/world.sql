-- The accounts and offers of a bench, once for each bench database.
-- {offers}, {first_offer}: how many offers, and the first one's id (ids are numbers as text).
INSERT INTO business (id, name) VALUES (1001, 'Bench');

INSERT INTO campaign (business_id, id, name) VALUES (1001, 50001, 'Bench');

INSERT INTO offer (business_id, offer_id, name, weight_g, length_mm, width_mm, height_mm)
SELECT 1001, n::text, 'Offer ' || n, 350, 200, 150, 60
FROM generate_series({first_offer}, {first_offer} + {offers} - 1) AS n;

ANALYZE offer;
