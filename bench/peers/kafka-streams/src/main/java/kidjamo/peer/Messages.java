package kidjamo.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** What goes to the topics, as JSON. */
final class Messages {
    private static final JsonFactory JSON = new JsonFactory();

    private Messages() {}

    interface Body {
        void write(JsonGenerator json) throws IOException;
    }

    static byte[] json(Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(640);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            body.write(json);
            json.writeEndObject();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return bytes.toByteArray();
    }

    static byte[] enriched(Reading reading, List<String> breaches, List<String> quality, boolean late) {
        double heat = Rules.heatIndex(reading);
        return json(json -> {
            json.writeStringField("message_id", reading.id);
            json.writeStringField("patient_id", reading.patient);
            json.writeStringField("device_id", reading.device);
            json.writeNumberField("recorded_at", reading.at);
            json.writeNumberField("received_at", reading.received);
            json.writeStringField("source", reading.source);
            json.writeBooleanField("late", late);
            for (Vital vital : Vital.ALL) number(json, vital.field, reading.of(vital));
            list(json, "breaches", breaches);
            list(json, "quality", quality);
            json.writeStringField("quality_flag", quality.isEmpty() ? "ok" : quality.get(0));
            // Birth dates are not known of the patients of the bench, on either side.
            json.writeStringField("age_band", "G5");
            number(json, "heat_index_computed", heat);
            json.writeStringField("correlation", reading.correlation);
        });
    }

    static byte[] alert(Reading reading, String code, int breaches) {
        return json(json -> {
            json.writeStringField("alert_type", code);
            json.writeStringField("severity", "critical");
            json.writeStringField("patient_id", reading.patient);
            json.writeStringField("message_id", reading.id);
            json.writeNumberField("recorded_at", reading.at);
            json.writeNumberField("breach_count", breaches);
        });
    }

    static byte[] window(String device, long start, Window window) {
        return json(json -> {
            json.writeStringField("device_id", device);
            json.writeNumberField("window_start", start);
            json.writeNumberField("measurement_count", window.readings);
            for (Vital vital : Vital.ALL) {
                int i = vital.ordinal();
                if (window.count[i] == 0) continue;
                json.writeNumberField(vital.field + "_count", window.count[i]);
                json.writeNumberField("avg_" + vital.field, window.sum[i] / window.count[i]);
                json.writeNumberField("min_" + vital.field, window.least[i]);
                json.writeNumberField("max_" + vital.field, window.greatest[i]);
            }
        });
    }

    private static void number(JsonGenerator json, String name, double value) throws IOException {
        if (!Double.isNaN(value)) json.writeNumberField(name, value);
    }

    private static void list(JsonGenerator json, String name, List<String> values) throws IOException {
        json.writeArrayFieldStart(name);
        for (String value : values) json.writeString(value);
        json.writeEndArray();
    }
}
