// Looks again and again while the page is seen.

/** Calls a function now and then at its interval, one call at a time, until the signal is given. Gives back how to call it at once. */
export function poll(every, look, signal) {
  let timer = 0;
  let under = null;
  const again = () => {
    under ??= run().finally(() => { under = null; });
    return under;
  };

  async function run() {
    clearTimeout(timer);
    if (signal.aborted) return;
    if (!document.hidden) await look();
    if (!signal.aborted) timer = setTimeout(again, every);
  }

  document.addEventListener('visibilitychange', () => { if (!document.hidden) again(); }, { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
  again();
  return again;
}
