// The script of the success page: follows one payment until nothing more is to come. The page grants nothing and has no secret: it
// only asks, and shows the answer, or that there is none.
import { watchPayment } from './watch-payment.js';

const waiting = document.querySelector('[data-session]');
const unreachable = document.querySelector('[data-unreachable]');

watchPayment(waiting.dataset.session, {
  onChange: ({ state }) => {
    unreachable.hidden = true;
    show(state);
  },
  onTrouble: () => {
    unreachable.hidden = false;
  },
});

function show(state) {
  if (waiting.dataset.state === state) return;
  for (const message of waiting.querySelectorAll('[data-when]')) message.hidden = message.dataset.when !== state;
  waiting.dataset.state = state;
}
