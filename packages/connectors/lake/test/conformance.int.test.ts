import { randomBytes } from 'node:crypto';

import { LakeEngine } from '@kidjamo/connector-lake';
import type { LakeSession, LakeSink } from '@kidjamo/connector-lake';
import { sinkConformance } from '@kidjamo/stream/testing';
import type { SinkUnderTest } from '@kidjamo/stream/testing';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';

import { patient, TrialLake, value } from './trial-lake.ts';

let trial: TrialLake;
beforeAll(async () => {
  trial = await TrialLake.open();
});
afterAll(() => trial.close());

/** Counts outside effects, and never ends from the one before which the process is to die. */
class Death {
  #effects = 0;
  readonly #at: number;
  readonly #over = Promise.withResolvers<never>();

  constructor(at: number) {
    this.#at = at;
    this.#over.promise.catch(() => undefined);
  }

  effect<T>(action: () => Promise<T>): Promise<T> {
    this.#effects += 1;
    return this.#effects >= this.#at ? this.#over.promise : action();
  }

  /** Lets what hangs end, after the test. */
  bury(): void {
    this.#over.reject(new Error('dead'));
  }
}

/** A sink whose statements, to PostgreSQL and to DuckDB, are effects. */
function mortal(engine: LakeEngine, death: Death): LakeSink {
  const pool = new Proxy(trial.pool, {
    get: (target, name) =>
      name === 'query'
        ? (sql: string, values: unknown[]) =>
            sql.includes('INSERT INTO lake.position') ? target.query(sql, values) : death.effect(() => target.query(sql, values))
        : (Reflect.get(target, name) as unknown),
  });
  const mortalSession = (session: LakeSession): LakeSession =>
    new Proxy(session, {
      get: (target, name) => {
        if (name === 'run') return (sql: string) => death.effect(() => target.run(sql));
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  const mortalEngine = {
    folder: engine.folder,
    inSession: <T>(signal: AbortSignal, action: (session: LakeSession) => Promise<T>) =>
      engine.inSession(signal, (session) => action(mortalSession(session))),
  };
  return trial.sink({ pool, engine: mortalEngine as unknown as LakeEngine });
}

sinkConformance('lake', {
  create: async (): Promise<SinkUnderTest> => {
    await trial.clear();
    const engines: LakeEngine[] = [];
    const deaths: Death[] = [];
    const spare = await LakeEngine.open({ scratch: trial.scratch, key: { id: 't1', key: randomBytes(32) } });
    engines.push(spare);
    const nowhere = new pg.Pool({ connectionString: 'postgresql://nobody:hush-hush@127.0.0.1:1/none', connectionTimeoutMillis: 1000 });
    return {
      sink: trial.sink(),
      second: () => trial.sink(),
      record: (i) => ({ key: patient(i), value: value(i) }),
      read: async () =>
        (await trial.query('SELECT i FROM lake_samples ORDER BY taken_at, log_offset')).map((row) => JSON.stringify(row['i'])),
      invalidRecord: { key: patient(1), value: value(1, { at: 'in the evening' }) },
      crashBefore: (step) => {
        const death = new Death(step);
        deaths.push(death);
        return mortal(spare, death);
      },
      // The fence is checked, the batch staged, a file written, and listed with the position.
      steps: 4,
      unavailable: () => trial.sink({ pool: nowhere }),
      secrets: ['hush-hush', 'in the evening', patient(1)],
      close: async () => {
        for (const death of deaths) death.bury();
        for (const engine of engines) await engine.close();
        await nowhere.end();
      },
    };
  },
});
