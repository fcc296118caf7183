// A process of a shop. The torture forks it, with the name of a shop and the URL of its database, and sends it tasks.
import { shops } from './shops/index.ts';
import { type Task, tell } from './telling.ts';

const [name = '', url = ''] = process.argv.slice(2);
const open = await shops[name]?.load();
if (open === undefined) throw new Error(`There is no shop ${name}`);
const shop = await open(url);
process.on('message', async (task: Task) => void process.send?.({ told: await tell(shop, task) }));
process.on('disconnect', async () => shop[Symbol.asyncDispose]());
process.send?.({ ready: true });
