// @ts-check
/** The connection to the server's events. It always comes back, and says so when it is away. */

/** The server beats every 15 s; after this long without anything the connection counts as lost, ms. */
const SILENCE_MS = 40_000;
/** Wait before connecting anew after the server refused, ms. */
const RETRY_MS = 3000;

const EVENTS = ['snapshot', 'reading', 'alert', 'patient', 'counts', 'beat'];

/**
 * @param {string} url
 * @param {{ event: (name: string, data: any) => void, state: (state: 'connecting' | 'live' | 'lost') => void }} handlers
 */
export function connect(url, handlers) {
  let lastHeard = Date.now();
  /** @type {EventSource} */
  let source;

  const open = () => {
    lastHeard = Date.now();
    source = new EventSource(url);
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        lastHeard = Date.now();
        if (name === 'snapshot') handlers.state('live');
        handlers.event(name, JSON.parse(event.data));
      });
    }
    source.addEventListener('error', () => {
      handlers.state('lost');
      // The browser connects again by itself, except after an answer that is no event stream.
      if (source.readyState === EventSource.CLOSED) reopen();
    });
  };
  const reopen = () => {
    source.close();
    setTimeout(open, RETRY_MS);
  };

  setInterval(() => {
    if (Date.now() - lastHeard < SILENCE_MS) return;
    lastHeard = Date.now();
    handlers.state('lost');
    reopen();
  }, 5000);
  handlers.state('connecting');
  open();
}
