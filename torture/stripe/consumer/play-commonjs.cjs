// The purchases, with the SDK as CommonJS: another copy of its classes, in one process with our ES modules.
const Stripe = require('stripe');

void import('./purchases.mts').then(async ({ play }) => console.log(JSON.stringify(await play(Stripe))));
