// Runs the conformance kit on the webhook handler of most tutorials. To test your own app, put it in its place:
// npx node --conditions=@paidonce/source examples/conformance/main.ts. Exits with 1 if something broke.
import { formatReport, runConformance } from '@paidonce/sandbox/conformance';
import { bootTutorialShop } from './tutorial-shop.ts';

// This app has done all its work when it answers the webhook. An app with queues needs the default, five seconds.
const report = await runConformance(bootTutorialShop, { patienceMs: 500 });
console.log(formatReport(report));
process.exitCode = report.results.some(({ outcome }) => outcome === 'broke') ? 1 : 0;
