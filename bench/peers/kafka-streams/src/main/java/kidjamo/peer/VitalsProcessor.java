package kidjamo.peer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;

/** One reading at a time: validate, enrich, check the floors, keep the window. Stores are keyed so that nothing has to be sent to another partition. */
final class VitalsProcessor implements Processor<String, byte[], String, byte[]> {
    static final String DEVICES = "devices";
    static final String ALERTS = "alerts";
    static final String WINDOWS = "windows";
    static final long WINDOW = 300_000;
    /** How far behind the newest of its device a reading may be and still count, ms; ours is the same. */
    private static final double LATENESS = 600_000;
    private static final double LATE_AFTER_RECEIPT = 3_600_000;

    private final Runnable began;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> devices;
    private KeyValueStore<String, byte[]> alerts;
    private WindowStore<String, byte[]> windows;

    VitalsProcessor(Runnable began) {
        this.began = began;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> given) {
        context = given;
        devices = given.getStateStore(DEVICES);
        alerts = given.getStateStore(ALERTS);
        windows = given.getStateStore(WINDOWS);
    }

    @Override
    public void process(Record<String, byte[]> message) {
        began.run();
        Reading reading;
        String fault;
        try {
            reading = Reading.parse(message.value());
            fault = reading.fault();
        } catch (IOException error) {
            reading = null;
            fault = "cannot be parsed";
        }
        if (fault == null) take(reading, message);
        else context.forward(message.withValue(fault.getBytes(StandardCharsets.UTF_8)), "errors");
    }

    private void take(Reading reading, Record<String, byte[]> message) {
        String owner = reading.patient + '/' + reading.device;
        DeviceState device = DeviceState.read(devices.get(owner));
        boolean behind = reading.at < device.newest - LATENESS;
        List<String> breaches = Rules.floors(reading);
        List<String> quality = Rules.quality(reading, device);
        boolean late = behind || reading.received - reading.at > LATE_AFTER_RECEIPT;
        context.forward(message.withValue(Messages.enriched(reading, breaches, quality, late)), "readings");
        for (String code : breaches) raise(reading, code, message);
        if (!behind) keep(reading, owner, device, message);
        if (reading.at > device.newest) {
            device.newest = reading.at;
            for (int i = 0; i < device.last.length; i++) if (!Double.isNaN(reading.vitals[i])) device.last[i] = reading.vitals[i];
        }
        devices.put(owner, device.write());
    }

    /** Told once for each patient and rule; breaches that follow are counted. */
    private void raise(Reading reading, String code, Record<String, byte[]> message) {
        String key = reading.patient + '/' + code;
        byte[] open = alerts.get(key);
        int breaches = open == null ? 1 : Integer.parseInt(new String(open, StandardCharsets.US_ASCII)) + 1;
        alerts.put(key, Integer.toString(breaches).getBytes(StandardCharsets.US_ASCII));
        if (open == null) context.forward(message.withValue(Messages.alert(reading, code, breaches)), "alerts");
    }

    private void keep(Reading reading, String owner, DeviceState device, Record<String, byte[]> message) {
        long start = (long) Math.floor(reading.at / WINDOW) * WINDOW;
        Window window = Window.read(windows.fetch(owner, start));
        window.add(reading.vitals);
        windows.put(owner, window.write(), start);
        if (device.open < 0 || start < device.open) device.open = start;
        // Windows that no reading can change any more are told.
        double watermark = Math.max(device.newest, reading.at) - LATENESS;
        while (device.open + WINDOW <= watermark) {
            byte[] closed = windows.fetch(owner, device.open);
            if (closed != null) context.forward(message.withValue(Messages.window(owner, device.open, Window.read(closed))), "windows");
            device.open += WINDOW;
        }
    }
}
