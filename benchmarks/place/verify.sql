-- What a run left behind, to be compared with what its contender said it did.
SELECT
  (SELECT count(*) FROM orders) AS orders,
  (SELECT count(*) FROM placement) AS placements,
  (SELECT count(*) FROM order_event) AS events,
  (SELECT count(*) FROM order_item WHERE hold = 'HELD') AS lines,
  (SELECT coalesce(sum(count), 0) FROM order_item WHERE hold = 'HELD') AS pieces_sold,
  (SELECT coalesce(sum(held), 0) FROM stock) AS pieces_held,
  (SELECT coalesce(sum(held), 0) FROM slot) AS slots_held,
  (
    SELECT count(*)
    FROM stock s
    LEFT JOIN (
      SELECT business_id, warehouse_id, offer_id, sum(count) AS sold
      FROM order_item
      WHERE hold = 'HELD'
      GROUP BY business_id, warehouse_id, offer_id
    ) i USING (business_id, warehouse_id, offer_id)
    WHERE s.held <> coalesce(i.sold, 0) OR s.held > s.fit
  ) AS wrong_balances
