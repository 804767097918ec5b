-- The delivery network as the usual service keeps it: a table a thing, made from the network in
-- force, which Entrepot reads as documents. A schema of its own, since Entrepot has no such tables.
CREATE SCHEMA baseline;

CREATE TABLE baseline.logistic_point (
  id bigint PRIMARY KEY,
  region_id bigint NOT NULL,
  opens bigint[] NOT NULL,
  daily_capacity bigint NOT NULL,
  limit_weight_g bigint NOT NULL,
  limit_length_mm bigint NOT NULL,
  limit_width_mm bigint NOT NULL,
  limit_height_mm bigint NOT NULL
);

CREATE TABLE baseline.lane (
  warehouse_id bigint NOT NULL,
  region_id bigint NOT NULL,
  transit_days_max bigint NOT NULL,
  base_kopecks bigint NOT NULL,
  per_kg_kopecks bigint NOT NULL,
  PRIMARY KEY (warehouse_id, region_id)
);

INSERT INTO baseline.logistic_point
SELECT id, (body #>> '{address,region_id}')::bigint,
  ARRAY(SELECT (day ->> 0)::bigint FROM json_array_elements(body -> 'hours') AS day),
  (body ->> 'daily_capacity')::bigint, (body #>> '{limits,weight_g}')::bigint,
  (body #>> '{limits,length_mm}')::bigint, (body #>> '{limits,width_mm}')::bigint,
  (body #>> '{limits,height_mm}')::bigint
FROM network_row
WHERE kind = 'POINT' AND version = (SELECT version FROM network_version);

INSERT INTO baseline.lane
SELECT id, to_id, (body ->> 'transit_days_max')::bigint,
  (body #>> '{pickup,base_kopecks}')::bigint, (body #>> '{pickup,per_kg_kopecks}')::bigint
FROM network_row
WHERE kind = 'LANE' AND version = (SELECT version FROM network_version);

ANALYZE baseline.logistic_point, baseline.lane;
