package kidjamo.peer;

import java.nio.ByteBuffer;

/** Count, sum, least and greatest value of each vital sign in a window. Plain sums: ours are exact whatever the order of addition. */
final class Window {
    int readings;
    final int[] count = new int[Vital.ALL.length];
    final double[] sum = new double[Vital.ALL.length];
    final double[] least = new double[Vital.ALL.length];
    final double[] greatest = new double[Vital.ALL.length];

    static Window read(byte[] bytes) {
        Window window = new Window();
        if (bytes == null) return window;
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        window.readings = buffer.getInt();
        for (int i = 0; i < window.count.length; i++) {
            window.count[i] = buffer.getInt();
            window.sum[i] = buffer.getDouble();
            window.least[i] = buffer.getDouble();
            window.greatest[i] = buffer.getDouble();
        }
        return window;
    }

    byte[] write() {
        ByteBuffer buffer = ByteBuffer.allocate(4 + 28 * count.length);
        buffer.putInt(readings);
        for (int i = 0; i < count.length; i++) buffer.putInt(count[i]).putDouble(sum[i]).putDouble(least[i]).putDouble(greatest[i]);
        return buffer.array();
    }

    void add(double[] vitals) {
        readings += 1;
        for (int i = 0; i < vitals.length; i++) {
            double value = vitals[i];
            if (Double.isNaN(value)) continue;
            least[i] = count[i] == 0 ? value : Math.min(least[i], value);
            greatest[i] = count[i] == 0 ? value : Math.max(greatest[i], value);
            sum[i] += value;
            count[i] += 1;
        }
    }
}
