package kidjamo.peer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.Stores;

/**
 * Runs the job until standard input ends. Prints, as JSON lines, when the first record is processed, and at the end what the stores came to.
 * Arguments: servers, input topic, prefix of application and output topics, state folder, threads.
 */
public final class Main {
    private static final Duration KEPT = Duration.ofHours(2);

    private Main() {}

    public static void main(String[] args) throws IOException {
        AtomicBoolean begun = new AtomicBoolean();
        Runnable began = () -> {
            if (!begun.get() && begun.compareAndSet(false, true)) say("{\"began\":true}");
        };
        KafkaStreams streams = new KafkaStreams(topology(args[1], args[2], began), properties(args));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
        });
        streams.start();
        while (System.in.read() != -1) continue;
        sum(streams);
        streams.close(Duration.ofSeconds(20));
    }

    private static Topology topology(String input, String prefix, Runnable began) {
        Serde<String> text = Serdes.String();
        Serde<byte[]> bytes = Serdes.ByteArray();
        Topology topology = new Topology();
        topology.addSource("input", text.deserializer(), bytes.deserializer(), input);
        topology.addProcessor("vitals", () -> new VitalsProcessor(began), "input");
        for (String name : new String[] {VitalsProcessor.DEVICES, VitalsProcessor.ALERTS}) {
            topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), text, bytes).withCachingEnabled(), "vitals");
        }
        topology.addStateStore(
            Stores.windowStoreBuilder(
                    Stores.persistentWindowStore(
                        VitalsProcessor.WINDOWS, KEPT, Duration.ofMillis(VitalsProcessor.WINDOW), false),
                    text,
                    bytes)
                .withCachingEnabled(),
            "vitals");
        for (String name : new String[] {"readings", "alerts", "windows", "errors"}) {
            topology.addSink(name, prefix + "-" + name, text.serializer(), bytes.serializer(), "vitals");
        }
        return topology;
    }

    private static Properties properties(String[] args) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, args[2]);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, args[3]);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, args[4]);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        // As often as our task commits under load. The default of exactly-once, 100 ms, is slower.
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        // Room for the stores of all devices, so that they are written once a commit.
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256L << 20);
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        return properties;
    }

    /** Windows and readings in them, of all partitions. */
    private static void sum(KafkaStreams streams) {
        long windows = 0;
        long readings = 0;
        long alerts = 0;
        try (KeyValueIterator<?, byte[]> all =
            streams
                .store(StoreQueryParameters.fromNameAndType(VitalsProcessor.WINDOWS, QueryableStoreTypes.<String, byte[]>windowStore()))
                .all()) {
            while (all.hasNext()) {
                windows += 1;
                readings += Window.read(all.next().value).readings;
            }
        }
        try (KeyValueIterator<String, byte[]> all =
            streams
                .store(StoreQueryParameters.fromNameAndType(VitalsProcessor.ALERTS, QueryableStoreTypes.<String, byte[]>keyValueStore()))
                .all()) {
            while (all.hasNext()) {
                alerts += Integer.parseInt(new String(all.next().value, StandardCharsets.US_ASCII));
            }
        }
        say("{\"windows\":" + windows + ",\"readings\":" + readings + ",\"breaches\":" + alerts + "}");
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
