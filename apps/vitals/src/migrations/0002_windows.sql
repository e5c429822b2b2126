-- Windows: five minutes long, one starting at every full minute, per patient and device, over the one-minute panes. Their anomaly classes
-- are those of apps/vitals/src/domain/windows.ts; a test holds the two together.

-- The windows that begin within [p_from, p_to) of a patient; null stands for any. A condition on window_start cannot become one on the
-- index of panes by itself, so ask this function for a stretch of time. PostgreSQL plans it as if its text stood in the query.
CREATE FUNCTION windows_between(p_patient uuid, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (
  patient_id uuid,
  device_id uuid,
  window_start timestamptz,
  window_end timestamptz,
  measurement_count bigint,
  heart_rate_count bigint, avg_heart_rate double precision, min_heart_rate double precision, max_heart_rate double precision,
  resp_rate_count bigint, avg_resp_rate double precision, min_resp_rate double precision, max_resp_rate double precision,
  spo2_count bigint, avg_spo2 double precision, min_spo2 double precision, max_spo2 double precision,
  temperature_count bigint, avg_temperature double precision, min_temperature double precision, max_temperature double precision,
  ambient_temp_count bigint, avg_ambient_temp double precision, min_ambient_temp double precision, max_ambient_temp double precision,
  hydration_count bigint, avg_hydration double precision, min_hydration double precision, max_hydration double precision,
  activity_count bigint, avg_activity double precision, min_activity double precision, max_activity double precision,
  heat_index_count bigint, avg_heat_index double precision, min_heat_index double precision, max_heat_index double precision,
  pain_count bigint, avg_pain double precision, min_pain double precision, max_pain double precision,
  avg_quality double precision,
  spo2_anomaly text,
  heart_rate_anomaly text,
  fever_alert text
) LANGUAGE sql STABLE AS $$
  SELECT
    w.patient_id,
    w.device_id,
    w.window_start,
    w.window_start + interval '5 minutes',
    w.measurement_count,
    w.heart_rate_count, w.avg_heart_rate, w.min_heart_rate, w.max_heart_rate,
    w.resp_rate_count, w.avg_resp_rate, w.min_resp_rate, w.max_resp_rate,
    w.spo2_count, w.avg_spo2, w.min_spo2, w.max_spo2,
    w.temperature_count, w.avg_temperature, w.min_temperature, w.max_temperature,
    w.ambient_temp_count, w.avg_ambient_temp, w.min_ambient_temp, w.max_ambient_temp,
    w.hydration_count, w.avg_hydration, w.min_hydration, w.max_hydration,
    w.activity_count, w.avg_activity, w.min_activity, w.max_activity,
    w.heat_index_count, w.avg_heat_index, w.min_heat_index, w.max_heat_index,
    w.pain_count, w.avg_pain, w.min_pain, w.max_pain,
    w.avg_quality,
    CASE
      WHEN w.min_spo2 < 90 THEN 'CRITICAL'
      WHEN w.avg_spo2 < 92 THEN 'WARNING'
    END,
    CASE
      WHEN w.max_heart_rate > 150 OR w.min_heart_rate < 50 THEN 'CRITICAL'
      WHEN w.avg_heart_rate > 120 OR w.avg_heart_rate < 60 THEN 'WARNING'
    END,
    CASE
      WHEN w.max_temperature > 39 THEN 'HIGH_FEVER'
      WHEN w.avg_temperature > 38 THEN 'FEVER'
    END
  FROM (
    SELECT
      p.patient_id,
      p.device_id,
      p.minute - make_interval(mins => before.minutes) AS window_start,
      sum(p.count) AS measurement_count,
      sum(p.heart_rate_count) AS heart_rate_count, sum(p.heart_rate_sum) / nullif(sum(p.heart_rate_count), 0) AS avg_heart_rate, min(p.heart_rate_min) AS min_heart_rate, max(p.heart_rate_max) AS max_heart_rate,
      sum(p.resp_rate_count) AS resp_rate_count, sum(p.resp_rate_sum) / nullif(sum(p.resp_rate_count), 0) AS avg_resp_rate, min(p.resp_rate_min) AS min_resp_rate, max(p.resp_rate_max) AS max_resp_rate,
      sum(p.spo2_count) AS spo2_count, sum(p.spo2_sum) / nullif(sum(p.spo2_count), 0) AS avg_spo2, min(p.spo2_min) AS min_spo2, max(p.spo2_max) AS max_spo2,
      sum(p.temperature_count) AS temperature_count, sum(p.temperature_sum) / nullif(sum(p.temperature_count), 0) AS avg_temperature, min(p.temperature_min) AS min_temperature, max(p.temperature_max) AS max_temperature,
      sum(p.ambient_temp_count) AS ambient_temp_count, sum(p.ambient_temp_sum) / nullif(sum(p.ambient_temp_count), 0) AS avg_ambient_temp, min(p.ambient_temp_min) AS min_ambient_temp, max(p.ambient_temp_max) AS max_ambient_temp,
      sum(p.hydration_count) AS hydration_count, sum(p.hydration_sum) / nullif(sum(p.hydration_count), 0) AS avg_hydration, min(p.hydration_min) AS min_hydration, max(p.hydration_max) AS max_hydration,
      sum(p.activity_count) AS activity_count, sum(p.activity_sum) / nullif(sum(p.activity_count), 0) AS avg_activity, min(p.activity_min) AS min_activity, max(p.activity_max) AS max_activity,
      sum(p.heat_index_count) AS heat_index_count, sum(p.heat_index_sum) / nullif(sum(p.heat_index_count), 0) AS avg_heat_index, min(p.heat_index_min) AS min_heat_index, max(p.heat_index_max) AS max_heat_index,
      sum(p.pain_count) AS pain_count, sum(p.pain_sum) / nullif(sum(p.pain_count), 0) AS avg_pain, min(p.pain_min) AS min_pain, max(p.pain_max) AS max_pain,
      sum(p.quality_sum) / nullif(sum(p.quality_count), 0) AS avg_quality
    FROM window_panes p
    -- A pane belongs to the windows that begin with it and at the four minutes before.
    CROSS JOIN (VALUES (0), (1), (2), (3), (4)) AS before (minutes)
    WHERE (p_patient IS NULL OR p.patient_id = p_patient)
      AND (p_from IS NULL OR p.minute >= p_from)
      AND (p_to IS NULL OR p.minute < p_to + interval '4 minutes')
    GROUP BY 1, 2, 3
  ) AS w
  WHERE (p_from IS NULL OR w.window_start >= p_from)
    AND (p_to IS NULL OR w.window_start < p_to)
$$;

CREATE VIEW windows AS SELECT * FROM windows_between(NULL, NULL, NULL);

-- The 14 quality codes, as in apps/vitals/src/domain/quality/codes.ts; a test compares the two.
INSERT INTO measurement_quality (code, severity, exclude_from_trends, manual_review) VALUES
  ('ok', 0, false, false),
  ('calibrating', 1, true, false),
  ('user_removed', 1, true, false),
  ('motion', 2, true, false),
  ('low_signal', 2, true, false),
  ('low_perfusion', 2, true, false),
  ('noise', 2, true, false),
  ('battery_low', 2, false, false),
  ('sensor_drop', 3, true, true),
  ('signal_loss', 3, true, true),
  ('out_of_range', 3, false, true),
  ('checksum_fail', 3, true, true),
  ('device_error', 3, true, true),
  ('flatline', 3, true, true);
