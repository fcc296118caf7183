// The script of an order's page: asks the address in `data-ask` until the state is final. The page grants nothing and has no
// secret: it only asks, and shows the answer, or that there is none.
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
    answered = response.ok || response.status === 429; // 429: asked too often, so the shop is there.
  } catch {
    // The shop or the network does not answer now: ask again.
  }
  unreachable.hidden = answered;
  if (nextMs !== undefined) setTimeout(ask, nextMs);
}

function show(state) {
  if (waiting.dataset.state === state) return;
  const messages = [...waiting.querySelectorAll('[data-when]')];
  // If the page has no message for the new state, load it again, without the query in its address.
  if (!messages.some((message) => message.dataset.when === state)) return location.replace(location.pathname);
  for (const message of messages) message.hidden = message.dataset.when !== state;
  waiting.dataset.state = state;
}

if (waiting) void ask();
