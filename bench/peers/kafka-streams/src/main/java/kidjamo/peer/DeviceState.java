package kidjamo.peer;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** What is remembered of a device: the newest event time, the last values, and the window that is open. */
final class DeviceState {
    double newest = Double.NEGATIVE_INFINITY;
    /** Start of the earliest window that was not told to others yet, ms; -1 before the first. */
    long open = -1;
    final double[] last = new double[Vital.ALL.length];

    DeviceState() {
        Arrays.fill(last, Double.NaN);
    }

    static DeviceState read(byte[] bytes) {
        DeviceState state = new DeviceState();
        if (bytes == null) return state;
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        state.newest = buffer.getDouble();
        state.open = buffer.getLong();
        for (int i = 0; i < state.last.length; i++) state.last[i] = buffer.getDouble();
        return state;
    }

    byte[] write() {
        ByteBuffer buffer = ByteBuffer.allocate(16 + 8 * last.length);
        buffer.putDouble(newest).putLong(open);
        for (double value : last) buffer.putDouble(value);
        return buffer.array();
    }
}
