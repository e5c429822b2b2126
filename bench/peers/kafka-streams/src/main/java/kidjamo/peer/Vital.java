package kidjamo.peer;

/** The vital signs that have limits and windows, with the range that is accepted without a mark (apps/vitals/src/domain/quality/value-checks.ts). */
enum Vital {
    HEART_RATE("heart_rate", 30, 250, 60),
    RESP_RATE("resp_rate", 5, 80, 30),
    SPO2("spo2", 70, 100, 20),
    TEMPERATURE("temperature", 30, 45, 1),
    AMBIENT_TEMP("ambient_temp", -10, 50, Double.NaN),
    HYDRATION("hydration", 30, 100, Double.NaN),
    ACTIVITY("activity", 0, 10, Double.NaN),
    HEAT_INDEX("heat_index", Double.NaN, Double.NaN, Double.NaN),
    PAIN("pain", 0, 10, Double.NaN);

    static final Vital[] ALL = values();

    final String field;
    final double low;
    final double high;
    /** A change between two readings that no body makes; NaN where it is not looked at. */
    final double jump;

    Vital(String field, double low, double high, double jump) {
        this.field = field;
        this.low = low;
        this.high = high;
        this.jump = jump;
    }
}
