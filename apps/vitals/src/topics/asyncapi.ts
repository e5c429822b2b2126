/** The AsyncAPI document of the topics, written from the schemas that messages are checked with. */

import type { TSchema } from 'typebox';

import { NestedReading } from '../contracts/formats/nested.ts';
import { OUTPUT_TOPICS } from './encoders.ts';
import { HEADERS, PSEUDONYM, TOPICS } from './names.ts';
import { FOREIGN_SAMPLE, sampleMessages } from './samples.ts';

/** Version of the interface. */
const VERSION = '0.1.0';
const BINDING = '0.5.0';

type Json = Readonly<Record<string, unknown>>;

/** An AsyncAPI document, as far as we look into it. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: Json;
  readonly defaultContentType: string;
  readonly channels: Readonly<Record<string, Json>>;
  readonly operations: Readonly<Record<string, Json>>;
  readonly components: { readonly messages: Readonly<Record<string, Json>>; readonly schemas: Readonly<Record<string, TSchema>> };
}

/** What each topic is for. */
const CHANNELS = {
  [TOPICS.measurements]: {
    title: 'Readings',
    message: 'Reading',
    description: 'Readings as graded and enriched, once each for a read_committed reader, in order by patient. Others may write too.',
  },
  [TOPICS.alerts]: { title: 'Alerts', message: 'Alert', description: 'Alerts as they are raised.' },
  [TOPICS.deviceStatus]: { title: 'Device status', message: 'DeviceStatus', description: 'What devices say of themselves.' },
  [TOPICS.errors]: { title: 'Errors', message: 'Error', description: 'Readings that could not be stored as they came, with the reason.' },
} as const;

/** Of the message that others write. */
const FOREIGN = 'ForeignReading';

/** The document. The same at each call. */
export function asyncApiDocument(): AsyncApiDocument {
  const samples = sampleMessages();
  const channels: Record<string, Json> = {};
  const operations: Record<string, Json> = {};
  const messages: Record<string, Json> = {};
  const schemas: Record<string, TSchema> = {};
  for (const { log, topic, schema } of OUTPUT_TOPICS) {
    const { title, message, description } = CHANNELS[topic];
    const carried = topic === TOPICS.measurements ? [message, FOREIGN] : [message];
    channels[topic] = {
      address: topic,
      title,
      description,
      messages: Object.fromEntries(carried.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
      bindings: { kafka: { topic, bindingVersion: BINDING } },
    };
    operations[`send${message}`] = {
      action: 'send',
      channel: { $ref: `#/channels/${topic}` },
      summary: `Kidjamo writes to ${topic}`,
      messages: [{ $ref: `#/channels/${topic}/messages/${message}` }],
    };
    schemas[message] = schema;
    const { key, headers, value } = samples[log];
    messages[message] = {
      name: message,
      title,
      contentType: 'application/json',
      headers: headerSchema(Object.keys(headers)),
      payload: { $ref: `#/components/schemas/${message}` },
      bindings: { kafka: { key: keySchema(), bindingVersion: BINDING } },
      examples: [{ name: 'example', summary: `Its key is ${key}`, headers, payload: JSON.parse(value) as unknown }],
    };
  }
  operations[`receive${FOREIGN}`] = {
    action: 'receive',
    channel: { $ref: `#/channels/${TOPICS.measurements}` },
    summary: 'Others write readings; each is taken as by POST /iot/measurements',
    messages: [{ $ref: `#/channels/${TOPICS.measurements}/messages/${FOREIGN}` }],
  };
  schemas[FOREIGN] = NestedReading;
  messages[FOREIGN] = {
    name: FOREIGN,
    title: 'Reading that others write',
    summary: `Any key, any partition, and no header ${HEADERS.schema}.`,
    contentType: 'application/json',
    payload: { $ref: `#/components/schemas/${FOREIGN}` },
    examples: [{ name: 'example', payload: FOREIGN_SAMPLE }],
  };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Kidjamo topics',
      version: VERSION,
      description: 'Vital signs of people with sickle-cell disease, under pseudonyms. Not a medical device.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels,
    operations,
    components: { messages, schemas },
  };
}

/** What our headers hold. */
const HEADER_MEANING: Readonly<Record<string, string>> = {
  [HEADERS.schema]: 'Kind and version of the message; the same as schema_version',
  [HEADERS.messageId]: 'The same as message_id',
  [HEADERS.correlation]: 'The same as correlation_id',
};

function headerSchema(names: readonly string[]): Json {
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'string', description: HEADER_MEANING[name] ?? name }]));
  return { type: 'object', required: names, properties };
}

function keySchema(): Json {
  return { type: 'string', pattern: PSEUDONYM, description: 'Pseudonym of the patient' };
}
