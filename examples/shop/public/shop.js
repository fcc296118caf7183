// For pages that wait: asks the address in `data-ask` until its answer needs no further question. The page claims
// nothing and knows no secret: it only asks, and shows what the answer says, or that none came.
const waiting = document.querySelector('[data-ask]');
const unreachable = document.querySelector('[data-unreachable]');
const betweenMs = 2000;

async function ask() {
  let nextMs = betweenMs;
  let answered = false;
  try {
    const response = await fetch(waiting.dataset.ask, { cache: 'no-store' });
    if (response.ok) {
      const { state, nextPollAfterMs } = await response.json();
      show(String(state));
      nextMs = nextPollAfterMs;
    }
    answered = response.ok || response.status === 429; // Asked too often: it is there.
  } catch {
    // The shop or the network is away for a moment: ask again.
  }
  unreachable.hidden = answered;
  if (nextMs !== undefined) setTimeout(ask, nextMs);
}

function show(state) {
  if (waiting.dataset.state === state) return;
  const messages = [...waiting.querySelectorAll('[data-when]')];
  // Without a message of its own, a new state means a new page; what was asked before is old news there.
  if (!messages.some((message) => message.dataset.when === state)) return location.replace(location.pathname);
  for (const message of messages) message.hidden = message.dataset.when !== state;
  waiting.dataset.state = state;
}

if (waiting) void ask();
