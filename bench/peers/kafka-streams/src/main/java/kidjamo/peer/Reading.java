package kidjamo.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;

/** A reading in our canonical form (apps/vitals/src/contracts/reading.ts), as far as the job looks at it. */
final class Reading {
    private static final JsonFactory JSON = new JsonFactory();

    String kind;
    String id;
    String patient;
    String device;
    String source;
    String digest;
    String correlation;
    double at = Double.NaN;
    double received = Double.NaN;
    /** By the ordinal of the vital sign; NaN where it was not measured. */
    final double[] vitals = new double[Vital.ALL.length];

    private Reading() {
        Arrays.fill(vitals, Double.NaN);
    }

    /** Token by token: a tree of objects would cost the peer more than it has to. */
    static Reading parse(byte[] text) throws IOException {
        Reading reading = new Reading();
        try (JsonParser parser = JSON.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) throw new IOException("no object");
            while (parser.nextToken() == JsonToken.FIELD_NAME) reading.member(parser);
        }
        return reading;
    }

    /** What is wrong with it, or null. */
    String fault() {
        if (!"reading".equals(kind)) return "not a reading";
        if (id == null || patient == null || device == null || digest == null) return "an id is missing";
        if (!(at > 0) || !(received > 0)) return "a time is missing";
        for (double value : vitals) if (!Double.isNaN(value)) return null;
        return "nothing was measured";
    }

    private void member(JsonParser parser) throws IOException {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        switch (name) {
            case "kind" -> kind = parser.getText();
            case "id" -> id = parser.getText();
            case "patient" -> patient = parser.getText();
            case "device" -> device = parser.getText();
            case "source" -> source = parser.getText();
            case "digest" -> digest = parser.getText();
            case "correlation" -> correlation = parser.getText();
            case "at" -> at = parser.getDoubleValue();
            case "received" -> received = parser.getDoubleValue();
            case "vitals" -> {
                while (parser.nextToken() == JsonToken.FIELD_NAME) vital(parser);
            }
            default -> {
                if (token.isStructStart()) parser.skipChildren();
            }
        }
    }

    private void vital(JsonParser parser) throws IOException {
        String name = parser.currentName();
        parser.nextToken();
        for (Vital vital : Vital.ALL) if (vital.field.equals(name)) vitals[vital.ordinal()] = parser.getDoubleValue();
    }

    double of(Vital vital) {
        return vitals[vital.ordinal()];
    }
}
