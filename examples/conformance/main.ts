// What the conformance kit says of the handler of most tutorials. With your own app in its place, this is how you try
// it: npx node --conditions=@paidonce/source examples/conformance/main.ts. Exits 1 where something broke.
import { formatReport, runConformance } from '@paidonce/sandbox/conformance';
import { bootTutorialShop } from './tutorial-shop.ts';

// This one is done when the webhook is answered. An app with queues of its own wants the default, five seconds.
const report = await runConformance(bootTutorialShop, { patienceMs: 500 });
console.log(formatReport(report));
process.exitCode = report.results.some(({ outcome }) => outcome === 'broke') ? 1 : 0;
