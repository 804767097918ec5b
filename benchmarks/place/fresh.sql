-- What every run starts from: no orders, plenty of stock, every slot there and empty.
TRUNCATE placement, orders, order_item, order_event, operation, stored_answer, stock,
  stock_movement, slot;

INSERT INTO stock (business_id, warehouse_id, offer_id, fit)
SELECT business_id, {warehouse_id}, offer_id, {fit} FROM offer ORDER BY offer_id;

INSERT INTO stock_movement (business_id, warehouse_id, offer_id, pile, delta, reason, moved_at)
SELECT business_id, warehouse_id, offer_id, 'FIT', fit, 'BENCH', now() FROM stock;

INSERT INTO slot (place_kind, place_id, day, from_minute, to_minute)
SELECT 'P', point, date '{first_day}' + n, 0, 1440
FROM generate_series({first_point}, {first_point} + {points} - 1) AS point,
  generate_series(0, {days} - 1) AS n;
