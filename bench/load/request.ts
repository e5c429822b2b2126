/**
 * A request that is built once and changed in place: only digits differ between two readings. Building text for each would cost the
 * client more than a bare server spends on answering.
 */

const ZERO = 48;
const PATIENT = 'PPPPPP';
const DEVICE = 'DDDDDD';
const TIME = 'YYYY-MM-DDTHH:MM:SS.mmmuuuZ';
/** Places that hold a number with one digit after the point, and what they hold until then. */
const HEART = '11.1';
const RESPIRATION = '22.2';
const OXYGEN = '33.3';
const TEMPERATURE = '44.44';

/** SpO2 of a critical reading, in tenths of a percent: below the floor of 88. */
const CRITICAL_OXYGEN = 840;
/** Patients that the digits have room for. */
const MOST_PATIENTS = 1_000_000;

export interface RequestShape {
  readonly path: string;
  readonly readings: number;
  readonly population: string;
  /** Readings go round these patients. */
  readonly patients: number;
  /** Every how many-th reading is critical; they go round patients of their own. */
  readonly criticals?: { readonly every: number; readonly patients: number };
}

export class RequestTemplate {
  readonly bytes: Buffer;
  readonly #shape: RequestShape;
  readonly #at: Record<'patient' | 'device' | 'time' | 'heart' | 'respiration' | 'oxygen' | 'temperature', number>;
  readonly #step: number;
  #second = Number.NaN;
  readonly #time = Buffer.from(TIME, 'latin1');

  constructor(shape: RequestShape) {
    const { readings, population } = shape;
    if (shape.patients + (shape.criticals?.patients ?? 0) > MOST_PATIENTS)
      throw new Error(`a population has ${MOST_PATIENTS} patients at most`);
    this.#shape = shape;
    const reading =
      `{"patient_id":"${population}-p${PATIENT}","device_id":"${population}-d${DEVICE}","timestamp":"${TIME}",` +
      `"measurements":{"freq_card":${HEART},"freq_resp":${RESPIRATION},"spo2_pct":${OXYGEN},"temp_corp":${TEMPERATURE}}}`;
    const body = readings === 1 ? reading : `[${Array.from({ length: readings }, () => reading).join(',')}]`;
    const head = `POST ${shape.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    this.bytes = Buffer.from(head + body, 'latin1');
    const begin = head.length + (readings === 1 ? 0 : 1);
    this.#step = reading.length + 1;
    this.#at = {
      patient: begin + reading.indexOf(PATIENT),
      device: begin + reading.indexOf(DEVICE),
      time: begin + reading.indexOf(TIME),
      heart: begin + reading.indexOf(HEART),
      respiration: begin + reading.indexOf(RESPIRATION),
      oxygen: begin + reading.indexOf(OXYGEN),
      temperature: begin + reading.indexOf(TEMPERATURE),
    };
  }

  /** Makes it the request of readings `first`, `first + 1`, ... with the event time `micros` (since the epoch). */
  fill(first: number, micros: number): void {
    this.#setTime(micros);
    for (let i = 0; i < this.#shape.readings; i += 1) this.#fillReading(first + i, i * this.#step);
  }

  #fillReading(n: number, shift: number): void {
    const { patients, criticals } = this.#shape;
    const at = this.#at;
    const critical = criticals !== undefined && n % criticals.every === 0;
    const patient = critical ? patients + (Math.floor(n / criticals.every) % criticals.patients) : n % patients;
    const round = Math.floor(n / patients);
    const { bytes } = this;
    writeDigits(bytes, shift + at.patient, { value: patient, width: 6 });
    writeDigits(bytes, shift + at.device, { value: patient, width: 6 });
    this.#time.copy(bytes, shift + at.time);
    // Each patient has a level of its own and moves a little around it, like a person at rest.
    writeTenths(bytes, shift + at.heart, 620 + (patient % 200) + ((round * 3) % 17));
    writeTenths(bytes, shift + at.respiration, 130 + (patient % 40) + ((round * 5) % 11));
    writeTenths(bytes, shift + at.oxygen, critical ? CRITICAL_OXYGEN : 950 + (patient % 30) + ((round * 2) % 9));
    const temperature = 3640 + (patient % 50) + ((round * 3) % 13);
    writeDigits(bytes, shift + at.temperature, { value: Math.floor(temperature / 100), width: 2 });
    writeDigits(bytes, shift + at.temperature + 3, { value: temperature % 100, width: 2 });
  }

  #setTime(micros: number): void {
    const second = Math.floor(micros / 1e6);
    if (second !== this.#second) {
      this.#second = second;
      this.#time.write(new Date(second * 1000).toISOString().slice(0, 20), 'latin1');
    }
    writeDigits(this.#time, 20, { value: Math.floor(micros - second * 1e6), width: 6 });
  }
}

function writeDigits(bytes: Buffer, at: number, number: { value: number; width: number }): void {
  let rest = number.value;
  for (let i = at + number.width - 1; i >= at; i -= 1) {
    bytes[i] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** `value` is 100 to 999, in tenths. */
function writeTenths(bytes: Buffer, at: number, value: number): void {
  bytes[at] = ZERO + Math.floor(value / 100);
  bytes[at + 1] = ZERO + (Math.floor(value / 10) % 10);
  bytes[at + 3] = ZERO + (value % 10);
}
