-- One order as an ordinary program writes it: each statement sent and awaited by itself, in one
-- transaction, prepared. Both lines share a statement wherever a programmer would let them.
-- Rows are locked before they are read and changed, in the order of their keys: otherwise two
-- orders of the same two offers would deadlock. Slots are there already, ids cost nothing.
\set n :n + 1
\set id (:client_id + 1) * 100000000 + :n
\set a {draw}
\set drawn {draw}
\set b case when :drawn = :a then :a % {offers} + 1 else :drawn end
\set first :a + {first_offer} - 1
\set second :b + {first_offer} - 1
\set slot random(0, {points} * {days} - 1)
\set place :slot / {days} + {first_point}
\set after :slot % {days}
BEGIN;
SELECT offer_id, fit, held
FROM stock
WHERE business_id = {business_id} AND warehouse_id = {warehouse_id}
  AND offer_id IN (:first, :second)
ORDER BY offer_id
FOR NO KEY UPDATE;
SELECT held
FROM slot
WHERE place_kind = 'P' AND place_id = :place AND day = date '{first_day}' + :after::integer
  AND from_minute = 0 AND to_minute = 1440
FOR NO KEY UPDATE;
INSERT INTO placement (business_id, external_id_hash, order_ids, placed_at)
VALUES ({business_id}, sha256(convert_to('bench-' || :id, 'UTF8')), ARRAY[:id::bigint], now());
INSERT INTO orders (business_id, id, campaign_id, external_order_id, status, substatus, fake,
  warehouse_id, place_kind, place_id, slot_day, slot_from_minute, slot_to_minute, slot_hold,
  region_id, shipment_day, items_total_kopecks, delivery_price_kopecks, package_type,
  receive_code, event_seq, created_at, updated_at, first_name, last_name, phone, placed_by)
VALUES ({business_id}, :id, {campaign_id}, 'bench-' || :id, 'PROCESSING', 'STARTED', false,
  {warehouse_id}, 'P', :place, date '{first_day}' + :after::integer, 0, 1440, 'HELD',
  {region_id}, current_date, 249050, 15000, 'BRAND',
  '481516', 1, now(), now(), 'Иван', 'Иванов', '+79990000000', 'Bench');
INSERT INTO order_item (business_id, order_id, position, warehouse_id, offer_id, count,
  price_kopecks, hold)
VALUES ({business_id}, :id, 1, {warehouse_id}, :first, 1, 199000, 'HELD'),
  ({business_id}, :id, 2, {warehouse_id}, :second, 1, 50050, 'HELD');
INSERT INTO order_event (business_id, order_id, seq, kind, status, substatus, actor, actor_name,
  happened_at)
VALUES ({business_id}, :id, 1, 'CREATED', 'PROCESSING', 'STARTED', 'SHOP', 'Bench', now());
UPDATE stock SET held = held + 1
WHERE business_id = {business_id} AND warehouse_id = {warehouse_id}
  AND offer_id IN (:first, :second);
UPDATE slot SET held = held + 1
WHERE place_kind = 'P' AND place_id = :place AND day = date '{first_day}' + :after::integer
  AND from_minute = 0 AND to_minute = 1440;
COMMIT;
