/** A task that writes down everything it sees, in the order in which it sees it, and does as its inputs say. */
import type { IdempotencyKey, LogRecord, Task, TaskContext, TaskInput, TimerFiring } from '@kidjamo/stream';

/** What an input asks for. `id` makes it an input that may be applied once only. */
export interface Entry {
  readonly key: string;
  readonly op: 'add' | 'arm' | 'disarm' | 'throw' | 'refused' | 'delete' | 'stranger';
  readonly id?: string;
  readonly body?: string;
  /** For timers: what they do when they fire. */
  readonly name?: string;
  readonly after?: number;
}

interface Ledger {
  seen: string[];
}

export class LedgerTask implements Task<Entry> {
  readonly name = 'ledger';

  parse(value: string): Entry {
    return JSON.parse(value) as Entry;
  }

  keys(entry: Entry): readonly string[] {
    return [entry.key];
  }

  idempotency({ id, body }: Entry): IdempotencyKey | undefined {
    return id === undefined ? undefined : { id, scope: 'ledger', at: 0, digest: body ?? '' };
  }

  process({ record, value }: TaskInput<Entry>, context: TaskContext): void {
    const { key, op, id, body, name = '', after = 0 } = value;
    note(context, key, `${op}#${record.offset}`);
    // A row makes the key known: whatever is applied once must leave one.
    context.row('rows', { id, digest: body ?? '', offset: record.offset, refused: op === 'refused' });
    context.output('out', key, { offset: record.offset });
    context.count(op);
    if (op === 'arm') context.arm(key, name, context.logTime + after);
    else if (op === 'disarm') context.disarm(key, name);
    else if (op === 'throw') throw new TypeError('as asked');
    else if (op === 'delete') context.put(key, undefined);
    else if (op === 'stranger') context.get('a key that was not named');
  }

  onDuplicate({ record, value }: TaskInput<Entry>, context: TaskContext): void {
    note(context, value.key, `duplicate#${record.offset}`);
    context.count('duplicate');
  }

  onConflict({ record, value }: TaskInput<Entry>, context: TaskContext): void {
    note(context, value.key, `conflict#${record.offset}`);
    context.row('conflicts', { offset: record.offset });
  }

  onTimer({ key, name, due }: TimerFiring, context: TaskContext): void {
    note(context, key, `timer ${name} due ${due}`);
    context.row('timers', { key, name, due, at: context.logTime, refused: name === 'refused' });
    if (name === 'boom') throw new TypeError('as asked');
    if (name === 'chain') context.arm(key, 'link', due + 3);
    if (name === 'cancel') context.disarm(key, 'plain');
    if (name === 'postpone') context.arm(key, 'plain', due + 7);
  }
}

/** Changes the state in place, as tasks may. */
function note(context: TaskContext, key: string, what: string): void {
  const ledger = context.get<Ledger>(key) ?? { seen: [] };
  ledger.seen.push(`${what} @${context.logTime}`);
  context.put(key, ledger);
}

/** A record whose value is an entry. */
export function entryRecord(entry: Entry, partition = 0): Pick<LogRecord, 'partition' | 'key' | 'value'> {
  return { partition, key: entry.key, value: JSON.stringify(entry) };
}
