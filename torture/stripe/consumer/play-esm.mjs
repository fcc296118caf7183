// The purchases, with the SDK as an ES module.
import Stripe from 'stripe';
import { play } from './purchases.mts';

console.log(JSON.stringify(await play(Stripe)));
