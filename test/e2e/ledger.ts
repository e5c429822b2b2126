/** A sender that keeps its own books: single readings over several connections, each sent until it is acknowledged. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { Home } from './kidjamo.ts';

/** A request that was not taken. */
interface Refusal {
  readonly status: number;
  readonly type: string | null;
  readonly retryAfter: string | null;
  /** Why, as the answer says. */
  readonly detail: string;
}

export interface LedgerOptions {
  /** The gateways; the sender of a lane goes on to the next one when a connection fails. */
  readonly urls: readonly string[];
  readonly lanes: number;
  /** Told apart from the readings of other ledgers of the same home. */
  readonly name: string;
  /** Pause between two readings of a lane, ms. */
  readonly pause?: number;
  /** What every reading says beside patient, device and time; a normal heart rate when absent. */
  readonly vitals?: Readonly<Record<string, number>>;
  /** Event time of the first reading of a lane, ms since the epoch; an hour ago when absent. Each further one is a millisecond younger. */
  readonly since?: number;
}

const ANSWERS_WITHIN = 30_000;

export class Ledger {
  readonly refusals: Refusal[] = [];
  /** Requests without an answer, since the connection failed. */
  broken = 0;
  /** Message ids of the answers. */
  readonly #acknowledged = new Map<string, string>();
  readonly #options: LedgerOptions;
  readonly #lanes: Promise<void>[];
  readonly #began: number;
  #sending = true;
  #abandon = false;

  /** Sends from now on until {@link finish} or {@link abandon}, or until the test is over. */
  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#began = options.since ?? Date.now() - 3_600_000;
    onTestFinished(() => {
      this.#sending = false;
      this.#abandon = true;
    });
    this.#lanes = Array.from({ length: options.lanes }, (_, lane) => this.#lane(lane));
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Resolves when so many more readings were acknowledged. */
  async more(readings: number): Promise<void> {
    const target = this.acknowledged + readings;
    await expect.poll(() => this.acknowledged, { timeout: 150_000, interval: 20 }).toBeGreaterThanOrEqual(target);
  }

  /** Resolves when so many more requests were refused. */
  async moreRefused(requests: number): Promise<void> {
    const target = this.refusals.length + requests;
    await expect.poll(() => this.refusals.length, { timeout: 150_000, interval: 20 }).toBeGreaterThanOrEqual(target);
  }

  /** Sends nothing new, and resolves when everything is acknowledged. */
  async finish(): Promise<void> {
    this.#sending = false;
    await Promise.all(this.#lanes);
  }

  /** Gives up: what is not acknowledged now is not sent again. */
  async abandon(): Promise<void> {
    this.#abandon = true;
    await this.finish();
  }

  /** Everything that was not taken was refused as promised. */
  checkRefusals(): void {
    for (const refusal of this.refusals) {
      expect(refusal).toMatchObject({ status: 503, type: expect.stringMatching(/^application\/problem\+json\b/) as string });
      expect(Number(refusal.retryAfter)).toBeGreaterThanOrEqual(1);
    }
  }

  /**
   * The store holds every acknowledged reading once, and with `all` nothing else: a sender that never gave up has an answer for
   * everything that it sent.
   */
  async check(home: Home, all = true): Promise<void> {
    await home.processed();
    await this.compare(home, all);
  }

  /** The same, where the caller has seen to it that everything is processed. */
  async compare(home: Home, all = true): Promise<void> {
    const rows = await home.sql<{ id: string; n: number; stamp: string }>(
      `SELECT m.message_id AS id, count(*)::int AS n, min(m.recorded_at)::text AS stamp
         FROM measurements m JOIN patients p USING (patient_id) WHERE p.external_id LIKE $1 GROUP BY 1`,
      [`${this.#options.name}-%`],
    );
    expect(rows.filter(({ n }) => n !== 1)).toEqual([]);
    const stored = new Set(rows.map(({ id }) => id));
    expect([...this.#acknowledged.keys()].filter((id) => !stored.has(id))).toEqual([]);
    if (all) expect(stored.size).toBe(this.acknowledged);
  }

  async #lane(lane: number): Promise<void> {
    const { urls, name, pause = 0, vitals } = this.#options;
    for (let n = 0, gateway = lane; this.#sending; n += 1) {
      const timestamp = new Date(this.#began + n).toISOString();
      const body = {
        patient_id: `${name}-${String(lane)}`,
        device_id: `${name}-${String(lane)}`,
        timestamp,
        ...(vitals ?? { freq_card: 60 + (n % 40) }),
      };
      while (!this.#abandon) {
        const outcome = await this.#send(urls[gateway % urls.length] ?? '', body);
        if (outcome === 'taken') break;
        if (outcome === 'broken') gateway += 1;
      }
      if (pause > 0) await delay(pause);
    }
  }

  /** Sends once, and waits as long as it is told to. */
  async #send(url: string, body: object): Promise<'taken' | 'refused' | 'broken'> {
    let answer: Response;
    let said: { message_id?: string; detail?: string };
    try {
      answer = await fetch(`${url}/ingest`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWERS_WITHIN),
      });
      said = (await answer.json()) as typeof said;
    } catch {
      this.broken += 1;
      await delay(100);
      return 'broken';
    }
    if (answer.status === 200 && said.message_id !== undefined) {
      expect(this.#acknowledged.has(said.message_id), 'an id of two readings').toBe(false);
      this.#acknowledged.set(said.message_id, JSON.stringify(body));
      return 'taken';
    }
    const { headers, status } = answer;
    const refusal = { status, type: headers.get('content-type'), retryAfter: headers.get('retry-after'), detail: said.detail ?? '' };
    this.refusals.push(refusal);
    await delay(Math.min(5, Number(refusal.retryAfter ?? 1)) * 1000);
    return 'refused';
  }
}
