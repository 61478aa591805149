// What happens, as the sidecar tells it, for all pages together: one stream, which rests while the tab is not seen.
import { clock } from './clock.js';
import { session, watch } from './session.js';

const most = 500;
const events = new EventTarget();
let filter = {};
let running = null;
let wanted = false;

export const activity = {
  /** The newest first: { id, time, decision | revocation | change }. */
  entries: [],

  /** How many were left out since the page was opened, as too much happened. */
  missed: 0,

  /** "off", "connecting", "live" or why it is not. */
  state: 'off',

  /** Begins to watch, if nobody does yet. */
  start() {
    wanted = true;
    if (!running && !document.hidden) run();
  },

  /** Watches for other things from now on. */
  refine(next) {
    if (JSON.stringify(next) === JSON.stringify(filter)) return;
    filter = next;
    restart();
  },

  clear() {
    this.entries = [];
    this.missed = 0;
    tell();
  },

  onChange(listener, signal) {
    events.addEventListener('change', e => listener(e.detail), { signal });
  },
};

session.onChange(() => {
  if (!session.user) {
    wanted = false;
    stop();
    filter = {};
    activity.clear();
  }
});

document.addEventListener('visibilitychange', () => {
  if (document.hidden) stop();
  else if (wanted && !running) run();
});

let next = 0;

async function run() {
  const mine = (running = new AbortController());
  let pause = 500;
  while (!mine.signal.aborted) {
    set('connecting');
    try {
      for await (const event of watch('WatchActivity', filter, mine.signal)) {
        if (activity.state !== 'live') {
          set('live');
          clock.set(event.time);
        }

        pause = 500;
        activity.missed += event.missed;
        if (event.heartbeat) {
          if (event.missed) tell();
          continue;
        }

        const entry = { id: ++next, ...event };
        activity.entries = [entry, ...activity.entries.slice(0, most - 1)];
        tell(entry);
      }
    } catch (e) {
      if (mine.signal.aborted || !session.user) break;
      set(e.message);
    }

    await new Promise(done => setTimeout(done, pause));
    pause = Math.min(pause * 2, 10_000);
  }

  if (running === mine) running = null;
}

function stop() {
  running?.abort();
  running = null;
  set('off');
}

function restart() {
  if (!wanted) return;
  stop();
  run();
}

function set(state) {
  activity.state = state;
  tell();
}

function tell(entry = null) {
  events.dispatchEvent(new CustomEvent('change', { detail: entry }));
}
