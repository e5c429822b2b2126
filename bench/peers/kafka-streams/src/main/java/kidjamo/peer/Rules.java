package kidjamo.peer;

import java.util.ArrayList;
import java.util.List;

/** Validation, floors and enrichment: the numbers are those of apps/vitals/src/domain. */
final class Rules {
    private static final List<String> NONE = List.of();
    private static final double JUMP_GAP = 60_000;

    private Rules() {}

    /** The limits that a reading breaches. A value that is missing is NaN, and breaches nothing. */
    static List<String> floors(Reading reading) {
        double spo2 = reading.of(Vital.SPO2);
        double rate = reading.of(Vital.HEART_RATE);
        boolean fever = reading.of(Vital.TEMPERATURE) >= 38;
        boolean low = spo2 < 88;
        boolean beyond = rate < 40 || rate > 180;
        if (!fever && !low && !beyond) return NONE;
        List<String> found = new ArrayList<>(4);
        if (low) found.add("CRITICAL_SPO2");
        if (fever) found.add("CRITICAL_TEMPERATURE");
        if (beyond) found.add("CRITICAL_HEART_RATE");
        if (fever && spo2 <= 92) found.add("CRITICAL_COMBINATION_FEVER_SPO2");
        return found;
    }

    /** What makes the reading doubtful: values out of range, changes that no body makes. */
    static List<String> quality(Reading reading, DeviceState before) {
        List<String> found = null;
        boolean follows = reading.at > before.newest && reading.at - before.newest <= JUMP_GAP;
        for (Vital vital : Vital.ALL) {
            double value = reading.of(vital);
            if (value < vital.low || value > vital.high) found = with(found, "out_of_range");
            if (follows && Math.abs(value - before.last[vital.ordinal()]) > vital.jump) found = with(found, "noise");
        }
        if (reading.of(Vital.RESP_RATE) > reading.of(Vital.HEART_RATE)) found = with(found, "noise");
        if (reading.of(Vital.SPO2) > 0 && reading.of(Vital.HEART_RATE) <= 0) found = with(found, "sensor_drop");
        return found == null ? NONE : found;
    }

    /** The clinical proxy; NaN without an ambient temperature. */
    static double heatIndex(Reading reading) {
        double ambient = reading.of(Vital.AMBIENT_TEMP);
        double temperature = reading.of(Vital.TEMPERATURE);
        double hydration = reading.of(Vital.HYDRATION);
        double index = ambient;
        if (temperature > 37.5) index += 2 * (temperature - 37.5);
        if (hydration < 80) index += 5 * (80 - hydration) / 80;
        if (ambient > 30 && temperature > 38 && hydration < 70) index += 3;
        return Math.round(index * 10) / 10.0;
    }

    private static List<String> with(List<String> found, String code) {
        List<String> list = found == null ? new ArrayList<>(4) : found;
        if (!list.contains(code)) list.add(code);
        return list;
    }
}
